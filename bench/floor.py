"""Django's own floor: CPU per call of the WSGI handler in a process on the server's core, no server."""

import json

from bench.places import HERE, PROJECT, PYTHON, server_environment
from bench.process import Child, Nursery
from bench.progress import BenchError
from bench.workloads import Workload

FLOOR = "floor"


class Floor:
    """The process that calls the handler; it waits, using nothing, between two measurements."""

    def __init__(self, nursery: Nursery) -> None:
        command = [str(PYTHON), str(HERE / "floor_loop.py")]
        self.child: Child = nursery.start(FLOOR, command, server_environment(), PROJECT, piped=True)

    def measure(self, workload: Workload, seconds: float) -> tuple[int, float]:
        """Calls made in so many seconds, and CPU microseconds per call."""
        stdin, stdout = self.child.popen.stdin, self.child.popen.stdout
        if stdin is None or stdout is None:
            raise BenchError("the floor has no pipes")
        order = {
            "path": workload.floor_path or workload.path,
            "method": workload.method,
            "size": len(workload.body),
            "seconds": seconds,
        }
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise BenchError(f"the floor ended: {self.child.last_line()}")
        result = json.loads(answer)
        return int(result["calls"]), float(result["cpu_us"])

"""A server that is only files and a control socket: ``python fake_server.py PIDFILE SOCKET PLAN``.

``PLAN`` is JSON: ``{"stop": [lines], ...}``, what it answers to each ask. A line is sent as it is where it is text, as
JSON where it is an object; ``"exit"`` ends the process, ``"close"`` the conversation, ``"hang"`` waits for ever. Asks
that are not in it are left without an answer.
"""

import json
import os
import signal
import socket
import sys

from hendrix.supervisor.pidfile import PidFile

_, pidfile, path, plan = sys.argv


def answer(client: socket.socket, lines: list[object]) -> None:
    for line in lines:
        if line == "exit":
            if pidfile:
                written.remove()
            os.unlink(path)
            os._exit(0)
        if line == "close":
            return
        if line == "hang":
            signal.pause()
        client.sendall(line.encode() if isinstance(line, str) else json.dumps(line).encode() + b"\n")


if pidfile:
    written = PidFile.write(pidfile, os.getpid())
listener = socket.socket(socket.AF_UNIX)
if path:
    listener.bind(path)
    listener.listen()
print("ready", flush=True)
while True:
    if not path:
        signal.pause()
    connection, _ = listener.accept()
    with connection:
        if said := connection.makefile().readline():  # and not somebody who only looked
            do = json.loads(said)["do"]
            print(said.strip(), flush=True)
            answer(connection, json.loads(plan).get(do, ["hang"]))

"""The health path of a real server, before and while it leaves."""

import signal

from tests.kit.live import until


def test_a_stop_is_announced_before_anybody_is_refused(project):
    with project.serve("-w", "2", "--drain-delay", "3") as server:
        idle = server.client()
        answer = idle.get("/up")
        assert (answer.status, answer.text) == (200, "up\n")
        assert "connection" not in answer
        server.signal(signal.SIGTERM)

        def leaving():
            with server.client() as client:
                answer = client.get("/up")
                return answer.status == 503 and answer["connection"] == "close"

        until(leaving, "the health path to say so")
        # Whoever has not heard of it is served, on a new connection as on an old one, for the last time.
        for client in (server.client(), idle):
            answer = client.get("/hello")
            assert answer.status == 200
            assert answer["connection"] == "close"
            assert client.closed()
        server.await_log("worker.draining")
        assert "server.leaving" in server.log()

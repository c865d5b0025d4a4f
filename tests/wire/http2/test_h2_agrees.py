"""The library `h2` as a client: what it sends we understand, what we send it accepts."""

from __future__ import annotations

import random

import h2.config
import h2.connection
import h2.events
import h2.settings

from hendrix.wire.http2.events import Event
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer


class Client(Peer):
    """Our machine with `h2` at the other end. `h2` raises where we break a rule."""

    def __init__(self, **setting: object) -> None:
        super().__init__(greet=False, answers=False, **setting)  # type: ignore[arg-type]
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.heads: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.complete: dict[int, bool] = {}
        self.resets_seen: dict[int, int] = {}
        self.trailers: dict[int, list[tuple[str, str]]] = {}
        self.interim: list[dict[str, str]] = []
        self.opens_windows = True
        self.exchange()

    def exchange(self) -> None:
        """Bytes go both ways until neither has more."""
        while data := self.h2.data_to_send():
            self.act(self.machine.receive(data, self.now))

    def flush(self) -> None:
        before = len(self.sent_bytes)
        super().flush()
        if hasattr(self, "h2"):
            for event in self.h2.receive_data(bytes(self.sent_bytes[before:])):
                self._heard(event)

    def act(self, events: list[Event]) -> None:
        super().act(events)

    def _heard(self, event: object) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.heads[event.stream_id] = dict(event.headers)
        elif isinstance(event, h2.events.InformationalResponseReceived):
            self.interim.append(dict(event.headers))
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            if self.opens_windows and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.trailers[event.stream_id] = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            self.complete[event.stream_id] = True
        elif isinstance(event, h2.events.StreamReset):
            self.resets_seen[event.stream_id] = event.error_code

    def ask(self, fields: list[tuple[str, str]], body: bytes | None = None) -> int:
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, fields, end_stream=body is None)
        self.exchange()
        while body is not None:
            count = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size, len(body))
            self.h2.send_data(number, body[:count], end_stream=count == len(body))
            body = body[count:] or None
            self.exchange()
        return number

    def reply(self, number: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.answer(number, body, *headers)
        self.flush()
        self.exchange()


def test_many_requests_of_all_kinds() -> None:
    chance = random.Random(9113)
    client = Client()
    for turn in range(100):
        body = chance.randbytes(chance.choice((0, 10, 1000, 200_000))) if chance.random() < 0.4 else None
        fields = [*(f.GET if body is None else f.POST), ("x-turn", str(turn % 9)), ("cookie", "a=b")]
        number = client.ask(fields, body)
        found = client.exchanges[number]
        assert found.request is not None
        assert found.request.fields[b"x-turn"] == str(turn % 9).encode()
        assert found.body == (body or b"")
        content = chance.randbytes(chance.choice((0, 5, 5000, 200_000)))
        client.reply(number, content, ("X-Turn", str(turn % 7)), ("Content-Type", "text/plain"))
        assert client.heads[number][":status"] == "200"
        assert client.heads[number]["x-turn"] == str(turn % 7)
        assert client.bodies.get(number, b"") == content
        assert client.complete[number]
    assert client.machine.idle
    assert client.machine.over is None


def test_changes_of_settings_in_between() -> None:
    chance = random.Random(7541)
    client = Client()
    names = h2.settings.SettingCodes
    for _turn in range(60):
        client.h2.update_settings(
            {
                names.HEADER_TABLE_SIZE: chance.choice((0, 100, 4096, 65536)),
                names.INITIAL_WINDOW_SIZE: chance.choice((10_000, 65535, 1_000_000)),
            }
        )
        client.exchange()
        number = client.ask(f.GET)
        content = b"z" * chance.randrange(50_000)
        client.reply(number, content, *[("X-Field", str(chance.randrange(5)) * 40)] * 2)
        assert client.bodies.get(number, b"") == content
        assert client.complete[number]


def test_interim_answers_and_trailers() -> None:
    client = Client()
    number = client.ask([*f.GET, ("te", "trailers")])
    stream = client.exchanges[number].stream
    answers = client.machine.answers
    answers.interim(stream, "103 Early Hints", [("Link", "</a>; rel=preload")])
    answers.head(stream, "200 OK", [("Content-Type", "text/plain")], b"")
    answers.piece(stream, b"x" * 300_000)
    answers.end(stream, [("X-Sum", "1")])
    client.machine.settle(stream, 0.0)
    client.flush()
    client.exchange()
    assert client.interim == [{":status": "103", "link": "</a>; rel=preload"}]
    assert len(client.bodies[number]) == 300_000
    assert client.trailers[number] == [("x-sum", "1")]
    assert client.complete[number]


def test_an_early_answer() -> None:
    client = Client()
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(number, f.POST)
    client.exchange()
    client.reply(number, b"no need")
    assert client.bodies[number] == b"no need"
    assert client.complete[number]
    assert client.resets_seen[number] == f.NO_ERROR

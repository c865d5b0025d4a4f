"""The suites of HTTP/1.1 once more, over HTTP/2 with prior knowledge.

Their clients speak HTTP/2 here; what has no meaning over it skips itself. The servers are those of the other suites.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.ends import ends_of_lists
from tests.kit.live import Server

#: Cases that ask for what only HTTP/1.1 has, with what that is.
NOT_HERE: dict[str, str] = {
    "test_413_by_the_stated_length_before_the_body_is_sent": "waits for the end of the connection",
    "test_past_the_queue_it_is_503_with_a_time_to_come_back": "watches sockets for bytes",
    "test_no_100_where_nothing_is_received": "waits for the end of the connection",
    "test_no_faster_than_it_is_read": "fills the socket",
    "test_a_push_producer_waits_for_its_peer": "fills the socket; the next case pauses one here, too",
    "test_large_files_do_not_wait_for_it": "a client in Python takes half a minute for such a file",
    "test_hx_check_says_where_files_are_from": "asks no server",
    "test_trailers": "asks for chunks",
    "test_other_options": "a peer that is not trusted, which is not spoken to without TLS",
}
#: The same for one of a case's parameters.
NOT_WITH = ("transfer-encoding",)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ends_of_lists(config, items, "/behaviour/http2/test_h2_")
    for item in items:
        reason = NOT_HERE.get(getattr(item, "originalname", ""))
        if any(word in item.name for word in NOT_WITH):
            reason = "asks for a field of HTTP/1.1's connections"
        if reason and "/behaviour/http2/" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(autouse=True)
def _over_http2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Server, "over_http2", True)
    yield

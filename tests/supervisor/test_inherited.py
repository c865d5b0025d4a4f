"""Sockets of a service manager, by the variables of sd_listen_fds(3)."""

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor.inherited import activated


def test_ours():
    assert activated({"LISTEN_PID": "12", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, 12) == ("fd://3", "fd://4")


def test_none_passed():
    assert activated({"LISTEN_PID": "12", "LISTEN_FDS": "0"}, 12) == ()


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "13", "LISTEN_FDS": "1"}])
def test_not_ours(environ):
    assert activated(environ, 12) == ()


@pytest.mark.parametrize("told", ["", "-1", "two", "1.5", "²", "999999999"])
def test_no_number_of_sockets(told):
    with pytest.raises(UsageError, match=r"LISTEN_FDS=.* in the environment") as caught:
        activated({"LISTEN_PID": "12", "LISTEN_FDS": told}, 12)
    assert "\n" not in str(caught.value)


def test_nonsense_for_another_process_is_not_ours_to_judge():
    assert activated({"LISTEN_PID": "13", "LISTEN_FDS": "two"}, 12) == ()

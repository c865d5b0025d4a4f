"""The page of ``hx status``: what is on it, and that it fits."""

from typing import Any

from hendrix.cli.report import report

NOW = 1_800_000_000.0


def worker(number: int, **facts: Any) -> dict[str, Any]:
    return {
        "worker": number,
        "place": 0,
        "pid": 100 + number,
        "generation": 3,
        "state": "ready",
        "age": 7980.0,
        "requests": 1000,
        "busy": 2,
        "threads": 12,
        "queue": 0,
        "connections": 20,
        "heard": 0.5,
        "rss": 50 << 20,
        "pss": 18 << 20,
        **facts,
    }


def facts(**more: Any) -> dict[str, Any]:
    return {
        "pid": 90,
        "version": "6.0.0",
        "name": "8000_shop_settings",
        "settings": "shop.settings",
        "urls": ["http://127.0.0.1:8000", "unix:/run/shop.sock"],
        "started": NOW - 7980,
        "phase": "running",
        "workers_wanted": 2,
        "generation": 3,
        "candidate": None,
        "loading_since": None,
        "templates": [{"generation": 3, "pid": 91, "state": "loaded", "rss": 51 << 20, "pss": 19 << 20}],
        "workers": [worker(1), worker(2)],
        "crashes": 0,
        "last_crash": None,
        "last_reload": None,
        **more,
    }


def page(**more: Any) -> str:
    text = report(facts(**more), NOW, coloured=False)
    assert max(map(len, text.splitlines())) <= 80, text
    return text


def row(text: str, name: str) -> list[str]:
    """The words of a row of the table."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def test_the_server() -> None:
    text = page()
    assert "Hendrix 6.0.0  8000_shop_settings\n  running, pid 90, up 2h 13m\n" in text
    assert "\n  http://127.0.0.1:8000\n  unix:/run/shop.sock\n" in text
    assert "shop.settings, generation 3, 2 workers wanted" in text
    assert "no crashes" in text and "reload" not in text


def test_its_processes() -> None:
    text = page()
    expected = ["1", "101", "ready", "2h", "13m", "1000", "2/12", "0", "20", "50.0M", "18.0M"]
    assert row(text, "1") == expected
    assert row(text, "template") == ["template", "91", "loaded", "51.0M", "19.0M"]
    assert row(text, "total") == ["total", "2000", "4/24", "0", "40", "36.0M"]


def test_one_worker_is_its_own_total() -> None:
    assert "total" not in page(workers=[worker(1)])


def test_the_widest_there_is() -> None:
    widest = worker(9999, generation=99, pid=4194304, age=86399, requests=999_999_999, busy=1024, threads=1024)
    page(workers=[{**widest, "queue": 99999, "connections": 99999, "state": "retiring", "pss": 999 << 20}, worker(2)])


def test_generations_are_told_apart_while_there_are_several() -> None:
    text = page(workers=[worker(1), worker(2, generation=4, state="starting")], candidate=4, loading_since=12.0)
    assert "loading generation 4 for 12s" in text
    assert row(text, "2")[:4] == ["2", "g4", "102", "starting"]


def test_what_is_not_known_yet() -> None:
    text = page(workers=[worker(1, pid=None, rss=None, pss=None), worker(2, rss=None, pss=None)])
    assert row(text, "1")[1] == "-" and row(text, "1")[-2:] == ["-", "-"]


def test_what_happened() -> None:
    crash = {"worker": 4, "pid": 33, "at": NOW - 300, "status": "killed by SIGKILL", "reason": "out of memory: " * 9}
    renewal = {"at": NOW - 60, "ok": False, "seconds": 1.25, "summary": "ModuleNotFoundError: no module\nnamed x"}
    text = page(crashes=2, last_crash=crash, last_reload=renewal)
    assert "2 crashes; the last 5m ago: worker 4 (pid 33) killed by SIGKILL, out of memory" in text
    assert "last reload 1m ago, in 1.2 s: failed: ModuleNotFoundError: no module\\nnamed x" in text


def test_the_start_is_no_reload() -> None:
    renewal = {"at": NOW - 60, "ok": True, "seconds": 1.25, "summary": ""}
    assert "last reload" not in page(generation=1, last_reload=renewal)
    assert "last reload 1m ago, in 1.2 s: done" in page(generation=2, last_reload=renewal)


def test_a_server_of_another_version() -> None:
    assert report({}, NOW, coloured=True)


def test_colours() -> None:
    text = report(facts(workers=[worker(1, state="frozen"), worker(2)]), NOW, coloured=True)
    assert "\x1b[31mfrozen\x1b[0m" in text and "\x1b[32mready\x1b[0m" in text
    assert "\x1b" not in page()


def test_nothing_in_it_steers_the_terminal() -> None:
    text = page(name="\x1b[2J", settings="a\nb", urls=["\x07"])
    assert text.isascii() and all(sign.isprintable() or sign == "\n" for sign in text)


def test_how_much_the_cache_had() -> None:
    both = [worker(1, asked=60, hits=50), worker(2, asked=40, hits=45 - 5)]
    assert "  cache: 90.0% of 100 from it" in report(facts(workers=both), NOW, coloured=False)
    assert "cache" not in report(facts(), NOW, coloured=False)


def test_the_relay() -> None:
    assert "hub" not in page(hub=None) and "hub" not in page(hub={"path": "/run/8000_site.hub", "pid": None})
    hub = {"path": "/run/8000_site.hub", "pid": 4_194_300, "restarts": 1}
    known = {"topics": 100_000, "subscriptions": 400_000, "peers": 4096, "rate": 12_345.67}
    known |= {"kept": 10_000, "bytes": 5 << 20}
    text = page(hub={**hub, **known})
    assert "\n  hub: relay pid 4194300, 1 restart, 4096 peers, 12345.7 messages/s\n" in text
    assert "\n       100000 topics, 400000 subscriptions\n       5.0M of history in 10000 messages\n" in text
    assert "relay pid 4194300, 1 restart, does not answer" in page(hub={**hub, "silent": "why"})

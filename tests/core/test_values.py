"""What the text of an option may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core import values


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 1048576),
        ("64KB", 65536),
        ("64k", 65536),
        ("64KiB", 65536),
        ("1.5MB", 1572864),
        (" 2 GB ", 2 * 1024**3),
        ("1t", 1024**4),
        ("10B", 10),
        ("999999999999999", 999999999999999),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert values.size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1,5MB", "1e6", "ten", "1 MBB", "1.MB", "9" * 400])
def test_bad_sizes(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size; give "):
        values.size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("1.5", 1.5), ("500ms", 0.5), ("30s", 30), ("2m", 120), ("6h", 21600), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1", "inf", "nan", "1 week", "1e9", "1:30"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; give "):
        values.duration(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (500, "500"), (1024, "1KB"), (1536, "1536"), (256 * 1024**2, "256MB"), (1024**4, "1TB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert values.size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0"), (0.5, "500ms"), (1.5, "1.5s"), (30.0, "30s"), (60, "60s"), (300, "5m"), (7200, "2h"), (172800, "2d")],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert values.duration_text(seconds) == text


@given(st.integers(0, 10**14))
def test_a_size_for_people_reads_back(size: int) -> None:
    assert values.size(values.size_text(size)) == size


@given(st.integers(0, 10**9))
def test_a_duration_for_people_reads_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert values.duration(values.duration_text(seconds)) == pytest.approx(seconds)


def test_numbers() -> None:
    parse = values.number(1, 512)
    assert [parse("1"), parse(" 8 "), parse("512")] == [1, 8, 512]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("many", "is not a whole number; give one from 1 to 512"),
        ("1.5", "is not a whole number; give one from 1 to 512"),
        ("", "is not a whole number; give one from 1 to 512"),
        ("0", "is out of range; give a number from 1 to 512"),
        ("-3", "is out of range; give a number from 1 to 512"),
        ("513", "is out of range; give a number from 1 to 512"),
    ],
)
def test_bad_numbers(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        values.number(1, 512)(text)


def test_choices() -> None:
    parse = values.choice("off", "on")
    assert parse("on") == "on"
    with pytest.raises(ValueError, match="is unknown; give one of off, on"):
        parse("maybe")


@pytest.mark.parametrize(("text", "on"), [("1", True), ("Yes", True), (" on ", True), ("false", False), ("", False)])
def test_switches(text: str, on: bool) -> None:
    assert values.switch(text) is on


def test_a_bad_switch() -> None:
    with pytest.raises(ValueError, match="is neither on nor off"):
        values.switch("perhaps")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("localhost:80", "localhost:80"),
        (":8000", "0.0.0.0:8000"),
        ("*:8000", "0.0.0.0:8000"),
        ("[::1]:8000", "[::1]:8000"),
        ("[0:0::0:1]:08000", "[::1]:8000"),
        ("host:0", "host:0"),
        ("unix:/run/hx.sock", "unix:/run/hx.sock"),
        ("unix:///run/hx.sock", "unix:/run/hx.sock"),
        ("unix:relative.sock", "unix:relative.sock"),
        ("fd://3", "fd://3"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert values.address(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no address"),
        ("8000", "is no address"),
        ("localhost", "is no address"),
        ("host:", "is no address"),
        ("host:http", "is no address"),
        ("host:65536", "is no address"),
        ("host:²", "is no address"),
        ("a b:80", "is no address"),
        ("http://host:80", "is no address"),
        ("a:80,b:80", "is no address"),
        ("::1:8000", "without brackets"),
        ("[nonsense]:80", "no IPv6 address between"),
        ("unix:", "names no path"),
        ("unix:/" + "x" * 107, "is too long"),
        ("fd://", "has no number after fd://"),
        ("fd://x", "has no number after fd://"),
        ("fd://²", "has no number after fd://"),
    ],
)
def test_bad_addresses(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"{reason}.*; (give|write) "):
        values.address(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("*", "*"),
        ("127.0.0.1, ::1,unix", "127.0.0.1,::1,unix"),
        ("10.0.0.0/8,,10.1.2.3/16", "10.0.0.0/8,10.1.2.3/16"),
    ],
)
def test_networks(text: str, normal: str) -> None:
    assert values.networks(text) == normal


def test_a_bad_network() -> None:
    with pytest.raises(ValueError, match=r"has 'proxy.local'; give addresses"):
        values.networks("::1,proxy.local")


@pytest.mark.parametrize(
    "text", ["", "settings", "project.settings", "p2._x.ünicode", "my-site.settings", "p.settings.py3"]
)
def test_modules(text: str) -> None:
    assert values.module(text) == text


@pytest.mark.parametrize("text", ["project/settings", "settings.py", "a..b", ".a", "a.", "a b", "a:b", "a\n"])
def test_bad_modules(text: str) -> None:
    with pytest.raises(ValueError, match=r"; give .* such as project.settings"):
        values.module(text)


@pytest.mark.parametrize("text", ["", "pkg.wsgi:application", "pkg.wsgi.application", "app:api.wsgi"])
def test_applications(text: str) -> None:
    assert values.application(text) == text


@pytest.mark.parametrize("text", ["wsgi", "wsgi:", ":app", "wsgi.py", "dir/wsgi.py:app", "a:b:c", "a b:c"])
def test_bad_applications(text: str) -> None:
    with pytest.raises(ValueError, match="; give "):
        values.application(text)


def test_header_parts() -> None:
    assert values.field_name("X-Request-ID") == "X-Request-ID"
    assert values.field_value(" hendrix/6 ") == "hendrix/6"
    for name in ("X Id", "X:Id", "X\n", "Ü"):
        with pytest.raises(ValueError, match="is no header's name"):
            values.field_name(name)
    for value in ("a\r\nSet-Cookie: b", "ü", "\0"):
        with pytest.raises(ValueError, match="does not fit into a header"):
            values.field_value(value)


@pytest.mark.parametrize(
    ("text", "codings"),
    [
        ("on", "zstd,br,gzip"),
        ("True", "zstd,br,gzip"),
        ("off", "off"),
        ("", "off"),
        ("0", "off"),
        ("gzip", "gzip"),
        (" BR , gzip,br ", "br,gzip"),
        ("gzip,zstd,br", "gzip,zstd,br"),
    ],
)
def test_codings(text: str, codings: str) -> None:
    assert values.codings(text) == codings


@pytest.mark.parametrize("text", ["deflate", "on,off", "gzip;q=1", "gzip br", "x-gzip", "off,gzip"])
def test_bad_codings(text: str) -> None:
    with pytest.raises(ValueError, match=r"give on, off or some of zstd, br, gzip"):
        values.codings(text)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("/srv/files", "/srv/files"),
        ("/srv/files/", "/srv/files"),
        ("/srv/a=b", "/srv/a=b"),
        ("/protected/=/srv/files/", "/protected/=/srv/files"),
        ("/protected=/srv/files", "/protected/=/srv/files"),
        ("/a/b/=/srv/c=d", "/a/b/=/srv/c=d"),
    ],
)
def test_roots(text: str, root: str) -> None:
    assert values.sendfile_root(text) == values.sendfile_root(root) == root


@pytest.mark.parametrize(
    "text",
    ["", "/", "files", "./files", "/protected/=files", "/=/srv", "p=/srv", "/a/../b", "/p/=/", "/../=/srv", "=/srv"],
)
def test_bad_roots(text: str) -> None:
    with pytest.raises(ValueError, match=r"; (give|name) "):
        values.sendfile_root(text)


@pytest.mark.parametrize("good", ["", "redis://cache:6379/0", "rediss://u:p@[::1]:1", "unix:///run/redis.sock?db=1"])
def test_a_redis_server(good) -> None:
    assert values.redis(good) == good


@pytest.mark.parametrize("bad", ["cache:6379", "http://cache", "redis://", "redis://cache:x", "unix://", "unix:run/x"])
def test_no_redis_server(bad) -> None:
    with pytest.raises(ValueError, match="is no Redis server; give redis://"):
        values.redis(bad)


def test_a_password_is_not_shown() -> None:
    assert values.redis_text("redis://user:secret@cache:6379/0?x=1") == "redis://user@cache:6379/0?x=1"
    assert values.redis_text("redis://:secret@cache/0") == "redis://@cache/0"
    assert values.redis_text("redis://cache/0?password=secret") == "redis://cache/0?password="
    assert values.redis_text("unix:///run/redis.sock?db=1") == "unix:///run/redis.sock?db=1"

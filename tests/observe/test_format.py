"""Formats of the access log: each atom by Apache's or gunicorn's documentation, hostile values, errors."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.observe.access import compile_format
from hendrix.observe.atoms import claimed_user
from tests.observe.entries import MakeEntry, make

QUOTED = r'"((?:[^"\\]|\\.)*)"'
COMBINED = re.compile(rf"(\S+) (\S+) (\S+) \[([^\]]+)\] {QUOTED} (\d{{3}}) (\d+|-) {QUOTED} {QUOTED}")
APACHE = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'
GUNICORN = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
BASIC = b"Basic " + base64.b64encode(b"frank:secret")
NAMED = {"n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v", "f": b"\f", "b": b"\b", '"': b'"', "\\": b"\\"}


def unescape(text: str) -> bytes:
    def one(match: re.Match[str]) -> bytes:
        return bytes.fromhex(match[1]) if match[1] else NAMED[match[2]]

    return re.sub(r"\\(?:x([0-9a-f]{2})|(.))", lambda match: one(match).decode("latin-1"), text).encode("latin-1")


# --- each atom ---------------------------------------------------------------------------------------------

# Apache 2.4, mod_log_config, "Custom Log Formats": what it says of each
APACHE_ATOMS = [
    ("%%", "%"),  # the percent sign
    ("%a", "127.0.0.1"),  # client IP address of the request
    ("%B", "2326"),  # size of response in bytes, excluding HTTP headers
    ("%b", "2326"),  # the same in CLF: a '-' rather than a 0 when no bytes are sent
    ("%D", "1234567"),  # the time taken to serve the request, in microseconds
    ("%h", "127.0.0.1"),  # remote hostname; will log the IP address where HostnameLookups is off
    ("%H", "HTTP/1.0"),  # the request protocol
    ("%{Referer}i", "http://r.example/"),  # contents of header lines in the request
    ("%{referer}i", "http://r.example/"),
    ("%{X-None}i", "-"),
    ("%l", "-"),  # remote logname; a dash unless mod_ident is there
    ("%m", "GET"),  # the request method
    ("%{Content-Type}o", "image/gif"),  # contents of header lines in the reply
    ("%{set-cookie}o", "***"),
    ("%p", "8000"),  # the port of the server serving the request
    ("%P", "4321"),  # the process ID of the child that serviced the request
    ("%{pid}P", "4321"),
    ("%q", "?size=2"),  # query string, prepended with a ? if there is one, otherwise an empty string
    ("%r", "GET /apache_pb.gif?size=2 HTTP/1.0"),  # first line of request
    ("%s", "200"),
    ("%>s", "200"),  # final status
    ("%t", "[10/Oct/2000:09:55:36 -0400]"),  # time the request was received
    ("%T", "1"),  # the time taken to serve the request, in seconds
    ("%{ms}T", "1234"),
    ("%{us}T", "1234567"),
    ("%{s}T", "1"),
    ("%u", "frank"),  # remote user if the request was authenticated
    ("%U", "/apache_pb.gif"),  # the URL path requested, not including any query string
    ("%v", "example.com:8000"),
    # ours and gunicorn's
    ("%i", "abc123"),
    ("%f", "http://r.example/"),
    ("%L", "1.234567"),
    ("%M", "1234"),
]
# gunicorn, settings, access_log_format
GUNICORN_ATOMS = [
    ("%(h)s", "127.0.0.1"),
    ("%(l)s", "-"),
    ("%(u)s", "frank"),
    ("%(t)s", "[10/Oct/2000:09:55:36 -0400]"),
    ("%(r)s", "GET /apache_pb.gif?size=2 HTTP/1.0"),
    ("%(m)s", "GET"),
    ("%(U)s", "/apache_pb.gif"),  # URL path without query string
    ("%(q)s", "size=2"),
    ("%(H)s", "HTTP/1.0"),
    ("%(s)s", "200"),
    ("%(B)s", "2326"),
    ("%(b)s", "2326"),  # response length or '-' (CLF format)
    ("%(f)s", "http://r.example/"),
    ("%(a)s", "Mozilla/4.08"),
    ("%(T)s", "1"),
    ("%(M)s", "1234"),
    ("%(D)s", "1234567"),
    ("%(D)d", "1234567"),
    ("%(L)s", "1.234567"),  # request time in decimal seconds
    ("%(p)s", "<4321>"),
    ("%({user-agent}i)s", "Mozilla/4.08"),
    ("%({content-type}o)s", "image/gif"),
    ("%({request_method}e)s", "GET"),
    ("%({PATH_INFO}e)s", "/apache_pb.gif"),
    ("%({QUERY_STRING}e)s", "size=2"),
    ("%({RAW_URI}e)s", "/apache_pb.gif?size=2"),
    ("%({REQUEST_URI}e)s", "/apache_pb.gif?size=2"),
    ("%({REMOTE_ADDR}e)s", "127.0.0.1"),
    ("%({REMOTE_PORT}e)s", "51234"),
    ("%({SERVER_NAME}e)s", "10.0.0.1"),
    ("%({SERVER_PORT}e)s", "8000"),
    ("%({SERVER_PROTOCOL}e)s", "HTTP/1.0"),
    ("%({wsgi.url_scheme}e)s", "http"),
    ("%({REQUEST_SCHEME}e)s", "http"),
    ("%({CONTENT_TYPE}e)s", "-"),
    ("%({CONTENT_LENGTH}e)s", "-"),
    ("%({HTTP_USER_AGENT}e)s", "Mozilla/4.08"),
    ("%(i)s", "abc123"),
]


@pytest.mark.parametrize(("atom", "text"), APACHE_ATOMS + GUNICORN_ATOMS)
def test_an_atom_means_what_its_source_documents(entry: MakeEntry, atom: str, text: str) -> None:
    fields = {b"referer": b"http://r.example/", b"user-agent": b"Mozilla/4.08", b"authorization": BASIC}
    headers = [("content-type", "image/gif"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")]
    line = compile_format(f"%m <{atom}>")(entry(fields=fields, headers=headers))
    assert line == f"GET <{text}>"


@pytest.mark.parametrize(
    ("atom", "text"),
    [("%b", "-"), ("%B", "0"), ("%(b)s", "-"), ("%(B)s", "0"), ("%q", ""), ("%(q)s", ""), ("%u", "-"), ("%h", "-"),
     ("%f", "-"), ("%(a)s", "-"), ("%i", "-"), ("%{x}o", "-"), ("%T", "0"), ("%D", "0"), ("%L", "0.000000")],
)  # fmt: skip
def test_what_is_not_there(entry: MakeEntry, atom: str, text: str) -> None:
    nothing = entry(target=b"/", fields={}, client=("", 0), sent=0, seconds=0.0, request_id="")
    assert compile_format("%m " + atom)(nothing) == f"GET {text}"


def test_combined_is_the_example_of_apaches_documentation(entry: MakeEntry) -> None:
    fields = {b"referer": b"http://www.example.com/start.html", b"authorization": BASIC,
              b"user-agent": b"Mozilla/4.08 [en] (Win98; I ;Nav)"}  # fmt: skip
    assert compile_format("combined")(entry(target=b"/apache_pb.gif", fields=fields)) == (
        '127.0.0.1 - frank [10/Oct/2000:09:55:36 -0400] "GET /apache_pb.gif HTTP/1.0" 200 2326 '
        '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
    )


def test_apaches_own_spelling_of_its_configuration_file_works(entry: MakeEntry) -> None:
    escaped = APACHE.replace('"', '\\"')
    assert compile_format(escaped)(entry()) == compile_format("combined")(entry())
    assert compile_format(r"%m\t%s")(entry()) == "GET\t200"


@pytest.mark.parametrize(
    ("authorization", "user"),
    [(b"Basic " + base64.b64encode(b"a b\n:x"), "a\\x20b\\n"), (b"basic " + base64.b64encode(b"joe"), "joe"),
     (b"Basic " + base64.b64encode(b":x"), "-"), (b"Bearer abc", "-"), (b"Basic !!", "-"), (b"Basic", "-"),
     (b"", "-"), (b"Basic \xff\xfe", "-"), (b"Basic abc", "-")],
)  # fmt: skip
def test_the_user_is_what_basic_authentication_claims(authorization: bytes, user: str) -> None:
    assert claimed_user(authorization) == user


# --- values of strangers -----------------------------------------------------------------------------------


@given(target=st.binary(), referer=st.binary(), agent=st.binary(), method=st.text(), host=st.text())
def test_a_combined_line_can_be_read_back(target: bytes, referer: bytes, agent: bytes, method: str, host: str) -> None:
    one = make(target=target, fields={b"referer": referer, b"user-agent": agent}, method=method, client=(host, 1))
    line = compile_format("combined")(one)
    match = COMBINED.fullmatch(line)
    assert match and line.isascii() and line.isprintable()
    assert unescape(match[5]).endswith(b" " + target + b" HTTP/1.0")
    assert (unescape(match[8]), unescape(match[9])) == (referer, agent)
    for spelt in (APACHE, GUNICORN):
        assert compile_format(spelt)(one) == line
        assert compile_format(spelt + " ")(one) == line + " "


@pytest.mark.parametrize("code", range(256))
def test_every_byte_is_shown_or_escaped(code: int) -> None:
    shown = compile_format("%{x}i")(make(fields={b"x": bytes([code])}))
    assert unescape(shown) == bytes([code])
    assert (shown == chr(code)) == (0x20 <= code < 0x7F and chr(code) not in '"\\')
    assert json.loads(compile_format("json")(make(target=bytes([code]))))["method"] == "GET"


@given(value=st.binary(), text=st.text())
def test_no_atom_lets_a_value_out_of_its_line(value: bytes, text: str) -> None:
    fields = {b"referer": value, b"user-agent": value, b"x": value, b"authorization": b"Basic " + value,
              b"content-type": value}  # fmt: skip
    one = make(method=text, target=value, version=text, fields=fields, client=(text, 1), request_id=text,
               headers=[("X", text)], authority=value, scheme=text)  # fmt: skip
    atoms = [atom for atom, _ in APACHE_ATOMS + GUNICORN_ATOMS if atom != "%%"]
    for atom in [*atoms, "%{x}i", "%{x}o"]:
        line = compile_format(atom)(one)
        assert line.isascii() and line.isprintable()
        assert not re.search(r'(?<!\\)(?:\\\\)*"', line)


KEYS = [
    "time", "remote", "method", "path", "query", "protocol", "status", "bytes", "seconds", "referer", "agent",
    "id", "pid", "host", "scheme",
]  # fmt: skip


def test_json_has_stable_keys(entry: MakeEntry) -> None:
    found = json.loads(compile_format("json")(entry()))
    assert list(found) == KEYS
    assert found == {
        "time": "2000-10-10T13:55:36.500Z", "remote": "127.0.0.1", "method": "GET", "path": "/apache_pb.gif",
        "query": "size=2", "protocol": "HTTP/1.0", "status": 200, "bytes": 2326, "seconds": 1.234567,
        "referer": "http://r.example/", "agent": "Mozilla/4.08", "id": "abc123", "pid": 4321,
        "host": "example.com:8000", "scheme": "http",
    }  # fmt: skip


def test_json_says_null_for_what_was_not_sent(entry: MakeEntry) -> None:
    found = json.loads(compile_format("json")(entry(fields={})))
    assert found["referer"] is None and found["agent"] is None


@given(value=st.binary(), text=st.text())
def test_a_json_line_is_one_line_and_parses(value: bytes, text: str) -> None:
    one = make(method=text, target=value, fields={b"user-agent": value}, client=(text, 1), request_id=text,
               authority=value, scheme=text)  # fmt: skip
    line = compile_format("json")(one)
    assert line.isascii() and line.isprintable()
    found = json.loads(line)
    assert found["agent"] == value.decode("utf-8", "backslashreplace")
    assert (found["method"], found["remote"], found["id"]) == (text, text, text)


def test_the_stamp_follows_the_clock_over_many_seconds(entry: MakeEntry) -> None:
    line = compile_format("%t %m")
    for second in range(600):
        one = entry(seconds=0.0)
        one.finished = 971186137.0 + second
        minute, rest = divmod(55 * 60 + 37 + second, 60)
        assert line(one) == f"[10/Oct/2000:{9 + minute // 60:02d}:{minute % 60:02d}:{rest:02d} -0400] GET"


# --- what is no format -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "named", "nearest"),
    [
        ("%S", "'%S'", "'%s'"),
        ("%(R)s", "'%(R)s'", "'%(r)s'"),
        ("%(status)s", "'%(status)s'", "'%(s)s'"),
        ("%(referer)s", "'%(referer)s'", "'%(f)s'"),
        ("%(h)", "'%(h)'", "'%(h)s'"),
        ("%(h)x", "'%(h)x'", "'%(h)s'"),
        ("%{Referer}I", "'%{Referer}I'", "'%{Referer}i'"),
        ("%{Referer}x", "'%{Referer}x'", "'%{Referer}i'"),
        ("%{Referer}", "'%{Referer}'", "'%{Referer}i'"),
        ("%({a b}i)s", "'%({a b}i)s'", "'%({User-Agent}i)s'"),
        ("%{REMOTE_ADR}e", "'%{REMOTE_ADR}e'", "'%{REMOTE_ADDR}e'"),
        ("%{PATH}e", "'%{PATH}e'", ""),
        ("%z", "'%z'", "there are"),
        ("100%", "'%'", "there are"),
        ("%(h", "'%'", "there are"),
        ("combine", "'combine'", "'combined'"),
        ("JSON", "'JSON'", "'json'"),
        ("", "''", "'combined'"),
        ("%h\n%m", "line break", ""),
        ("%h\x1b[31m", "control", ""),
    ],
)
def test_a_wrong_format_is_refused_with_the_nearest_right_one(format: str, named: str, nearest: str) -> None:
    with pytest.raises(ValueError) as caught:
        compile_format(format)
    assert named in str(caught.value)
    assert nearest in str(caught.value)

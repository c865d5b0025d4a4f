"""RFC 9112 section 3: the request line, the forms of its target, the Host field, and the URI that they make."""

from __future__ import annotations

import pytest

from tests.kit.wire import LIMITS, accepted, get, in_all_ways, refused


@in_all_ways
class Test_3_RequestLine:
    @pytest.mark.parametrize(
        "line",
        [
            b"GET  / HTTP/1.1",
            b"GET /  HTTP/1.1",
            b"GET\t/ HTTP/1.1",
            b"GET /\tHTTP/1.1",
            b"GET /\x0bHTTP/1.1",
            b"GET / HTTP/1.1 ",
            b"GET / HTTP/1.1\t",
            b" GET / HTTP/1.1",
            b"GET HTTP/1.1",
            b"GET  HTTP/1.1",
            b"GET/ HTTP/1.1",
            b"GET /HTTP/1.1",
            b"GET /a b HTTP/1.1",
            b"GET / HTTP/1.1 HTTP/1.1",
            b"GET",
            b"/ HTTP/1.1",
        ],
    )
    def test_single_spaces_and_no_other_white_space(self, way: str, line: bytes) -> None:
        refused(line + b"\r\nHost: a\r\n\r\n", 400, way)

    def test_longest_line(self, way: str) -> None:
        # 3: it is RECOMMENDED that 8000 octets be supported.
        target = b"/" + b"a" * (LIMITS.request_line - len("GET  HTTP/1.1") - 1)
        assert len(target) > 8000
        assert accepted(get(target=target), way).request.target == target
        refused(get(target=target + b"a"), 414, way)

    @pytest.mark.parametrize("length", [9_000, 70_000, 300_000])
    def test_overlong_target(self, way: str, length: int) -> None:
        refused(get(target=b"/" + b"a" * (length if way == "whole" else 9_000)), 414, way)

    def test_overlong_line_without_end(self, way: str) -> None:
        # What follows it makes the line malformed as well.
        refused(b"GET /" + b"a" * 9_000, (400, 414) if way == "followed" else 414, way)


@in_all_ways
class Test_3_1_Method:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
    def test_known_methods(self, way: str, method: str) -> None:
        assert accepted(get(method=method.encode()), way).request.method == method

    @pytest.mark.parametrize("method", [b"PROPFIND", b"REPORT", b"PURGE", b"M-SEARCH"])
    def test_registered_methods_of_other_documents(self, way: str, method: bytes) -> None:
        assert accepted(get(method=method), way).request.method == method.decode()

    @pytest.mark.parametrize("method", [b"FOO", b"GETT", b"GE", b"X", b"!#$%&'*+-.^_`|~", b"A" * 200])
    def test_unknown_methods_are_not_implemented(self, way: str, method: bytes) -> None:
        refused(get(method=method), 501, way)

    @pytest.mark.parametrize("method", [b"get", b"Get", b"pOST"])
    def test_methods_are_case_sensitive(self, way: str, method: bytes) -> None:
        refused(get(method=method), 501, way)

    @pytest.mark.parametrize("method", [b"G(T", b"GET:", b"G@T", b"G\xc3\x89T", b'"GET"', b"GET,", b"G=T", b"{}"])
    def test_a_method_is_a_token(self, way: str, method: bytes) -> None:
        refused(get(method=method), 400, way)


@in_all_ways
class Test_3_2_1_OriginForm:
    @pytest.mark.parametrize(
        ("target", "path", "query"),
        [
            (b"/", b"/", b""),
            (b"/a/b", b"/a/b", b""),
            (b"/a?b", b"/a", b"b"),
            (b"/a?", b"/a", b""),
            (b"/?a?b/c", b"/", b"a?b/c"),
            (b"//evil.example/a", b"//evil.example/a", b""),
            (b"/a%20b%2Fc%00", b"/a%20b%2Fc%00", b""),
            (b"/a/../b/./c", b"/a/../b/./c", b""),
            (b"/http://b/", b"/http://b/", b""),
            (b"/:@!$&'()*+,;=~-._", b"/:@!$&'()*+,;=~-._", b""),
        ],
    )
    def test_path_and_query_stay_as_sent(self, way: str, target: bytes, path: bytes, query: bytes) -> None:
        request = accepted(get(target=target), way).request
        assert (request.target, request.path, request.query) == (target, path, query)
        assert (request.authority, request.target_scheme) == (b"a", b"")

    @pytest.mark.parametrize("target", [b"/\xc3\xa9", b"/\x80", b"/a#b", b"/#", b"#", b"?a", b"a", b"a/b", b"."])
    def test_what_is_no_target(self, way: str, target: bytes) -> None:
        refused(get(target=target), 400, way)


@in_all_ways
class Test_3_2_2_AbsoluteForm:
    @pytest.mark.parametrize(
        ("target", "authority", "path", "query"),
        [
            (b"http://b.example/x?y", b"b.example", b"/x", b"y"),
            (b"http://b.example", b"b.example", b"/", b""),
            (b"http://b.example?y/z", b"b.example", b"/", b"y/z"),
            (b"http://b.example:8080/", b"b.example:8080", b"/", b""),
            (b"http://b.example:/", b"b.example:", b"/", b""),
            (b"HTTP://b.example/", b"b.example", b"/", b""),
            (b"http://[::1]:80/x", b"[::1]:80", b"/x", b""),
            (b"http://b.example//x", b"b.example", b"//x", b""),
            (b"http://b.example/http://c/", b"b.example", b"/http://c/", b""),
        ],
    )
    def test_its_authority_replaces_host(
        self, way: str, target: bytes, authority: bytes, path: bytes, query: bytes
    ) -> None:
        request = accepted(get(b"X: 1", b"Host: other.example", b"Y: 2", target=target), way).request
        assert (request.target, request.path, request.query) == (target, path, query)
        assert (request.authority, request.target_scheme) == (authority, b"http")
        assert request.fields[b"host"] == authority
        assert [value for name, value in request.headers if name == b"host"] == [authority]
        assert sorted(name for name, _ in request.headers) == [b"host", b"x", b"y"]

    def test_https(self, way: str) -> None:
        assert accepted(get(target=b"https://b/"), way).request.target_scheme == b"https"

    def test_in_http_1_0_without_a_host(self, way: str) -> None:
        request = accepted(b"GET http://b/ HTTP/1.0\r\n\r\n", way).request
        assert request.authority == request.fields[b"host"] == b"b"

    def test_a_host_field_is_still_needed(self, way: str) -> None:
        # 3.2: a client MUST send one in all HTTP/1.1 requests.
        refused(b"GET http://b/ HTTP/1.1\r\n\r\n", 400, way)
        refused(get(b"Host: a b", target=b"http://b/"), 400, way)

    @pytest.mark.parametrize(
        "target",
        [
            b"http://",
            b"http:///x",
            b"http://?x",
            b"http://:80/",
            b"http://user@b/",
            b"http://user:secret@b/",
            b"http://b:99999/",
            b"http://b:8o/",
            b"http://b:-1/",
            b"http://[::1/",
            b"http://[zz]/",
            b"http://[]/",
            b"http://b\\c/",
            b'http://b"/',
            b"http://b/#c",
            b"http:/b/",
            b"http:b",
            b"ftp://b/",
            b"ws://b/",
            b"file:///etc/passwd",
            b"javascript://b/%0aalert(1)",
            b"mailto:a@b",
            b"urn:a:b",
        ],
    )
    def test_targets_that_name_no_origin_of_http(self, way: str, target: bytes) -> None:
        # RFC 9110 sections 4.2.1 and 4.2.4: an empty host and user information are errors.
        refused(get(target=target), 400, way)


@in_all_ways
class Test_3_2_3_AuthorityForm:
    def test_only_for_connect(self, way: str) -> None:
        refused(get(target=b"a.example:80"), 400, way)
        refused(get(target=b"a.example"), 400, way)
        refused(get(target=b"a.example:80", method=b"OPTIONS"), 400, way)

    def test_connect_is_not_served(self, way: str) -> None:
        refused(get(target=b"a.example:443", method=b"CONNECT"), 501, way)

    @pytest.mark.parametrize("target", [b"/", b"*", b"http://a/"])
    def test_nor_in_another_form(self, way: str, target: bytes) -> None:
        refused(get(target=target, method=b"CONNECT"), (400, 501), way)


@in_all_ways
class Test_3_2_4_AsteriskForm:
    def test_for_options(self, way: str) -> None:
        request = accepted(get(target=b"*", method=b"OPTIONS"), way).request
        assert (request.path, request.query) == (b"*", b"")

    @pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"PUT"])
    def test_for_no_other_method(self, way: str, method: bytes) -> None:
        refused(get(target=b"*", method=method), 400, way)

    @pytest.mark.parametrize("target", [b"**", b"*/", b"*?a", b"*#"])
    def test_alone(self, way: str, target: bytes) -> None:
        refused(get(target=target, method=b"OPTIONS"), 400, way)


@in_all_ways
class Test_3_2_Host:
    @pytest.mark.parametrize(
        "host",
        [
            b"a",
            b"a.example",
            b"A.Example",
            b"a.example.",
            b"a-b_c~d.example",
            b"a.example:80",
            b"a.example:",
            b"a.example:65535",
            b"127.0.0.1:8000",
            b"[::1]",
            b"[::1]:8000",
            b"[2001:DB8::1]",
            b"[::ffff:192.0.2.1]:1",
            b"[v1.fe:x]",
            b"xn--bcher-kva.example",
            b"a%20b",
            b"a!$&'()*+,;=",
        ],
    )
    def test_valid_values(self, way: str, host: bytes) -> None:
        request = accepted(get(b"Host: " + host), way).request
        assert request.authority == request.fields[b"host"] == host

    @pytest.mark.parametrize("line", [b"Host:", b"Host: ", b"host: \t "])
    def test_an_empty_one_is_valid(self, way: str, line: bytes) -> None:
        assert accepted(get(line), way).request.authority == b""

    def test_missing(self, way: str) -> None:
        refused(b"GET / HTTP/1.1\r\n\r\n", 400, way)
        refused(get(b"X-Host: a"), 400, way)

    def test_missing_in_http_1_0(self, way: str) -> None:
        assert accepted(b"GET / HTTP/1.0\r\nX: 1\r\n\r\n", way).request.authority == b""

    @pytest.mark.parametrize("second", [b"Host: a", b"Host: b", b"HOST: a", b"Host:"])
    def test_twice(self, way: str, second: bytes) -> None:
        for version in (b"HTTP/1.0", b"HTTP/1.1"):
            refused(get(b"Host: a", second, version=version), 400, way)
            refused(get(b"Host: a", b"X: 1", second, version=version), 400, way)

    @pytest.mark.parametrize(
        "host",
        [
            b"user@a",
            b"user:secret@a",
            b"@a",
            b"a?b",
            b"a#b",
            b"a/b",
            b"a/",
            b"/a",
            b"http://a",
            b"http://a/",
            b"a\\b",
            b"a b",
            b"a\tb",
            b"a, b",
            b"a:b",
            b"a:80b",
            b"a:-1",
            b"a:+1",
            b"a: 80",
            b"a :80",
            b"a:80:80",
            b"a::",
            b"a:65536",
            b"a:99999",
            b"a:100000",
            b"a:0x50",
            b"a:8\xb2",
            b":80",
            b":",
            b"[::1",
            b"::1",
            b"::1]",
            b"[]",
            b"[:]",
            b"[1]",
            b"[.]",
            b"[::::]",
            b"[1:2:3:4:5:6:7:8:9]",
            b"[::1]a",
            b"[::1]:a",
            b"[::g]",
            b"[::1%25eth0]",
            b"[[::1]]",
            b"[a.example]",
            b"[127.0.0.1]",
            b"[::127.0.0.256]",
            b"a[::1]",
            b"[v.x]",
            b"[v1.]",
            b"[v1x]",
            b"a\xc3\xa9",
            b"\xff",
            b"a\x7f",
            b"a\x01b",
            b"a\0b",
            b"<a>",
            b'"a"',
            b"a|b",
            b"a^b",
            b"a`b",
            b"{a}",
            b"a%",
            b"a%2",
            b"a%zz",
        ],
    )
    def test_invalid_values(self, way: str, host: bytes) -> None:
        for version in (b"HTTP/1.0", b"HTTP/1.1"):
            refused(get(b"Host: " + host, version=version), 400, way)


@in_all_ways
class Test_3_3_Reconstruct:
    """What the target URI is made of: scheme and authority of the target, else of the connection and Host."""

    def test_from_the_host_field(self, way: str) -> None:
        request = accepted(get(b"Host: www.example.org:8080", target=b"/pub/WWW/TheProject.html"), way).request
        assert (request.target_scheme, request.authority) == (b"", b"www.example.org:8080")

    def test_from_the_target(self, way: str) -> None:
        request = accepted(get(target=b"https://www.example.org/x"), way).request
        assert (request.target_scheme, request.authority, request.path) == (b"https", b"www.example.org", b"/x")

    def test_asterisk_has_an_authority_and_no_path(self, way: str) -> None:
        request = accepted(get(b"Host: www.example.org:8001", target=b"*", method=b"OPTIONS"), way).request
        assert (request.authority, request.path) == (b"www.example.org:8001", b"*")

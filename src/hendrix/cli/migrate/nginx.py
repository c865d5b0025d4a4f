"""The part of nginx's configuration that stands before a Django project: what Hendrix does by itself or by options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.nginx_syntax import Directive, parse
from hendrix.cli.migrate.words import address, seconds, size
from hendrix.core.errors import UsageError

_SERVED = "not needed: static files and uploads are served by themselves, at STATIC_URL and MEDIA_URL"
_NOT_NEEDED = {
    "upstream": "Hendrix is both ends; for several machines see the page on balancing",
    "worker_processes": "workers = N is about processes of the project; there are no others",
    "worker_connections": "as many as descriptors allow; limit_connections = N bounds them",
    "worker_rlimit_nofile": "the limit of the service (systemd: LimitNOFILE)",
    "use": "the best one there is is taken",
    "multi_accept": "connections are balanced over workers",
    "sendfile": "always on",
    "tcp_nopush": "heads and files leave together",
    "tcp_nodelay": "always on",
    "include": "types of files are known; other included files are to be given to hx migrate-from too",
    "default_type": "Django says the type",
    "types_hash_max_size": "types of files are known",
    "etag": "always on",
    "autoindex": "directories are never listed",
    "open_file_cache": "always on",
    "gzip_static": "always on",
    "gzip_vary": "always on",
    "gzip_proxied": "compress decides by what is private and what is not",
    "gzip_types": "types that shrink are known",
    "gzip_comp_level": "levels are chosen",
    "gzip_min_length": "small answers are left as they are",
    "gzip_http_version": "of no meaning here",
    "gzip_disable": "of no meaning here",
    "gzip_buffers": "of no meaning here",
    "proxy_set_header": "there is no proxy any more: the project sees the client itself",
    "proxy_redirect": "there is no proxy any more",
    "proxy_http_version": "there is no proxy any more",
    "proxy_buffering": "answers are sent as the client takes them, and no thread waits for that",
    "proxy_request_buffering": "bodies are received before a thread is taken",
    "proxy_buffers": "of no meaning here",
    "proxy_buffer_size": "of no meaning here",
    "client_body_buffer_size": "of no meaning here",
    "proxy_connect_timeout": "there is no proxy any more",
    "proxy_send_timeout": "there is no proxy any more",
    "uwsgi_param": "there is no proxy any more",
    "keepalive_requests": "max_requests replaces workers, not connections",
    "ssl_session_cache": "sessions resume over all workers",
    "ssl_session_timeout": "sessions resume over all workers",
    "ssl_session_tickets": "always on, with keys that change",
    "ssl_prefer_server_ciphers": "of no meaning with modern suites",
    "ssl_dhparam": "of no meaning with modern suites",
    "ssl_stapling": "authorities give it up (Let's Encrypt did in 2025)",
    "ssl_stapling_verify": "authorities give it up (Let's Encrypt did in 2025)",
    "server_tokens": 'server_header = "" hides the name',
    "resolver": "of no meaning here",
    "pid": "hx writes one of its own",
    "events": "of no meaning here",
    "log_format": "access_log = combined, json or a format of %-atoms",
    "error_page": "templates 404.html and 500.html of the project",
    "location": "paths are the project's own",
    "try_files": _SERVED.removeprefix("not needed: "),
    "proxy_cache_path": "cache = true keeps answers in memory",
    "proxy_cache_valid": "the project says how long by Cache-Control, or a rule of the cache does",
    "proxy_cache_key": "the URL, and what Vary says",
    "root": _SERVED.removeprefix("not needed: "),
    "alias": _SERVED.removeprefix("not needed: "),
    "expires": "names with a hash are immutable; static_max_age says it for the others",
    "internal": "see sendfile_root",
}
_INSTEAD = {
    "limit_req": "no limit of requests by address yet",
    "limit_conn": "limit_connections bounds the connections of a worker, not those of an address",
    "auth_basic": "Django's own login, or a middleware",
    "auth_basic_user_file": "Django's own login, or a middleware",
    "allow": "a middleware, or the firewall",
    "deny": "a middleware, or the firewall",
    "rewrite": "Django's URLs and redirects",
    "if": "Django's URLs and middleware",
    "return": "Django's redirects",
    "add_header": "SecurityMiddleware sets most of them; a middleware sets any",
    "sub_filter": "a middleware",
    "fastcgi_pass": "another application; it needs a server of its own",
    "auth_request": "a middleware",
    "map": "Django's settings and middleware",
    "geo": "a middleware",
}

Say = Callable[[Migration, Directive, str], None]


def is_nginx(text: str) -> bool:
    """Does it look like nginx's?"""
    return re.search(r"^\s*(http|server|upstream|location\s+\S+)\s*\{", text, re.MULTILINE) is not None


def read_nginx(name: str, text: str) -> Migration:
    """All servers of the file. Raises ``UsageError`` where it is malformed or has none."""
    migration = Migration(name)
    tree = parse(name, text)
    servers = 0
    for directive in tree:
        servers += _outside(migration, directive)
    if not servers:
        raise UsageError(f"{name}: there is no server block in it")
    return migration


def _outside(migration: Migration, directive: Directive) -> int:
    """What is not within a server. Returns the number of servers."""
    if directive.name == "http":
        return sum(_outside(migration, each) for each in directive.within)
    if directive.name == "server" and directive.within:
        _server(migration, directive)
        return 1
    if directive.name != "events":
        _one(migration, directive)
    return 0


def _server(migration: Migration, server: Directive) -> None:
    if _only_redirects(server):
        for listen in server.all("listen"):
            _one(migration, listen)
        migration.say("https_redirect", "on", _source(server, "a server that sends everybody to HTTPS"))
        return
    for directive in server.within:
        if directive.name == "location":
            _location(migration, directive)
        else:
            _one(migration, directive)


def _only_redirects(server: Directive) -> bool:
    # certbot writes: if ($host = NAME) { return 301 https://$host$request_uri; }
    blocks = [server, *server.all("location"), *server.all("if")]
    said = [each for block in blocks for name in ("return", "rewrite") for each in block.all(name)]
    secure = any("https://" in word for each in said for word in each.words)
    passes = any(each.name in ("proxy_pass", "uwsgi_pass") for block in blocks for each in block.within)
    return secure and not passes and not any("ssl" in listen.words for listen in server.all("listen"))


def _location(migration: Migration, location: Directive) -> None:
    path = location.words[-1] if location.words else ""
    names = {each.name for each in location.within}
    folder = next((each.words[0] for each in location.within if each.name in ("alias", "root") and each.words), "")
    if "internal" in names and folder:
        alias = "alias" in names
        target = folder if alias else folder.rstrip("/") + path
        migration.say("sendfile_root", [f"{path}={target.rstrip('/') or '/'}"], _source(location, str(location)))
        return
    if folder:
        migration.leave(
            f"line {location.line}: {location}",
            f"line {location.line}",
            f"{_SERVED} (STATIC_ROOT or MEDIA_ROOT = {folder})",
        )
        return
    for directive in location.within:
        if directive.name in ("proxy_pass", "uwsgi_pass", "include"):
            continue
        _one(migration, directive)
    if names & {"proxy_pass", "uwsgi_pass"} and path not in ("/", "@django", "@app", "@proxy"):
        migration.leave(
            f"line {location.line}: {location}", f"line {location.line}",
            "passed on to another server perhaps: twisted.web.proxy.ReverseProxyResource in HENDRIX_CHILD_RESOURCES",
        )  # fmt: skip


def _one(migration: Migration, directive: Directive) -> None:
    source = _source(directive, str(directive))
    if directive.name in _SAID:
        _SAID[directive.name](migration, directive, source)
    elif directive.name in _NOT_NEEDED:
        advice = _NOT_NEEDED[directive.name]
        migration.leave(source, source, advice if "=" in advice else f"not needed: {advice}")
    else:
        migration.leave(source, source, _INSTEAD.get(directive.name, "nothing of ours stands for it"))


def _source(directive: Directive, words: str) -> str:
    return f"line {directive.line}: {words}"


# --- directives that are options ---------------------------------------------------------------------------------


def _listen(migration: Migration, directive: Directive, source: str) -> None:
    if not directive.words:
        return
    where = directive.words[0]
    if where.startswith("unix:"):
        migration.say("bind", [where], source)
        return
    host, _, port = where.rpartition(":")
    if "]" in port or not port.isdigit():
        host, port = where, "443" if "ssl" in directive.words else "80"
    option = "https_port" if "ssl" in directive.words else "http_port"
    if host in ("", "*", "0.0.0.0", "[::]"):
        if host != "[::]" or option not in migration.found:
            migration.say(option, int(port), source)
    elif option == "http_port":
        migration.say("bind", [address(host, port)], source)
    else:
        migration.say(option, int(port), source)
    if "proxy_protocol" in directive.words:
        migration.say("proxy_protocol", "on", source)


def _server_name(migration: Migration, directive: Directive, source: str) -> None:
    names = [word for word in directive.words if word not in ("_", "localhost", "")]
    if names:
        migration.leave(source, source, f"ALLOWED_HOSTS = {names!r} in the settings")


def _access_log(migration: Migration, directive: Directive, source: str) -> None:
    if directive.words and directive.words[0] != "off":
        migration.say("access_log", "combined", source)
        migration.say("access_logfile", directive.words[0], source)


def _plain(option: str, convert: Callable[[str], Any] = str) -> Say:
    def say(migration: Migration, directive: Directive, source: str) -> None:
        if directive.words:
            migration.say(option, convert(directive.words[0]), source)

    return say


def _on(option: str, value: Any = True) -> Say:
    def say(migration: Migration, directive: Directive, source: str) -> None:
        if directive.words[:1] not in ([], ["off"]):
            migration.say(option, value, source)

    return say


def _trusted(migration: Migration, directive: Directive, source: str) -> None:
    """Each line names one more."""
    before = migration.found.pop("forwarded_allow_ips", None)
    words = [str(before.value)] if before else []
    words += [word.removesuffix(":") for word in directive.words[:1]]
    migration.say("forwarded_allow_ips", ",".join(words), f"{before.source}; {source}" if before else source)


def _protocols(migration: Migration, directive: Directive, source: str) -> None:
    old = [word for word in directive.words if word in ("TLSv1", "TLSv1.1", "SSLv3")]
    if old:
        migration.leave(source, source, f"{', '.join(old)} is spoken no more")
    elif directive.words == ["TLSv1.3"]:
        migration.say("tls_profile", "modern", source)


def _security(migration: Migration, directive: Directive, source: str) -> None:
    if directive.words[:1] and directive.words[0].lower() == "strict-transport-security":
        migration.leave(source, source, "SECURE_HSTS_SECONDS in the settings, or --hsts")
    else:
        migration.leave(source, source, _INSTEAD["add_header"])


_SAID: Mapping[str, Say] = {
    "listen": _listen,
    "server_name": _server_name,
    "client_max_body_size": _plain("client_max_body_size", lambda text: "0" if text == "0" else size(text)),
    "keepalive_timeout": _plain("keep_alive", seconds),
    "client_header_timeout": _plain("head_timeout", seconds),
    "client_body_timeout": _plain("body_timeout", seconds),
    "send_timeout": _plain("write_timeout", seconds),
    "proxy_read_timeout": _plain("timeout", seconds),
    "uwsgi_read_timeout": _plain("timeout", seconds),
    "gzip": _on("compress", "on"),
    "brotli": _on("compress", "on"),
    "proxy_cache": _on("cache"),
    "user": _plain("user"),
    "set_real_ip_from": _trusted,
    "ssl_certificate": _plain("cert"),
    "ssl_certificate_key": _plain("key"),
    "ssl_client_certificate": _plain("client_ca"),
    "ssl_verify_client": _plain("client_cert", lambda text: "required" if text == "on" else "optional"),
    "ssl_protocols": _protocols,
    "ssl_ciphers": lambda migration, _directive, source: migration.leave(
        source, source, 'tls_profile = "modern" or "intermediate"'
    ),
    "http2": lambda _migration, _directive, _source: None,
    "access_log": _access_log,
    "error_log": _plain("log"),
    "add_header": _security,
}

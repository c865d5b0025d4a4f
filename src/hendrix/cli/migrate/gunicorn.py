"""gunicorn's settings: those of ``gunicorn.conf.py``, which is read and not executed, and its command line."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from hendrix.cli.migrate.application import serve
from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.words import named, octal, seconds
from hendrix.core.errors import UsageError

#: gunicorn's name -> ours, where the value is written alike.
_SAME = {
    "workers": "workers",
    "threads": "threads",
    "backlog": "backlog",
    "max_requests": "max_requests",
    "max_requests_jitter": "max_requests_jitter",
    "limit_request_line": "limit_request_line",
    "limit_request_fields": "limit_request_fields",
    "limit_request_field_size": "limit_request_field_size",
    "worker_connections": "limit_connections",
    "preload_app": "preload",
    "reload": "reload",
    "daemon": "daemonize",
    "chdir": "chdir",
    "pidfile": "pid",
    "user": "user",
    "group": "group",
    "certfile": "cert",
    "keyfile": "key",
    "ca_certs": "client_ca",
    "forwarded_allow_ips": "forwarded_allow_ips",
    "access_log_format": "access_log",
}
_TIMES = {"timeout": "timeout", "graceful_timeout": "graceful_timeout", "keepalive": "keep_alive"}

_HOOKS = "a function at this moment is a Twisted service in HENDRIX_SERVICES (startService, stopService)"
_SIGNALS = "Django's signals request_started and request_finished, or a middleware, are called then"
_NOT_NEEDED = "not needed"
_ADVICE = {
    "worker_class": "not needed: threads come when work waits, and async views run on the loop",
    "worker_tmp_dir": f"{_NOT_NEEDED}: a worker's life does not hang on a file",
    "tmp_upload_dir": "TMPDIR in the environment says where large bodies are kept",
    "proc_name": f"{_NOT_NEEDED}: processes are named by their settings",
    "default_proc_name": f"{_NOT_NEEDED}: processes are named by their settings",
    "loglevel": "quiet = true, or verbosity = 2 for more",
    "logger_class": "Django's LOGGING setting says what becomes of log lines",
    "logconfig": "Django's LOGGING setting says what becomes of log lines",
    "logconfig_dict": "Django's LOGGING setting says what becomes of log lines",
    "capture_output": f"{_NOT_NEEDED}: standard output is left as it is",
    "secure_scheme_headers": f"{_NOT_NEEDED}: X-Forwarded-Proto and Forwarded of trusted peers are believed",
    "forwarder_headers": f"{_NOT_NEEDED}: X-Forwarded-* and Forwarded of trusted peers are believed",
    "reload_extra_files": f"{_NOT_NEEDED}: templates and .env are watched",
    "reload_engine": f"{_NOT_NEEDED}: the best one there is is taken",
    "sendfile": f"{_NOT_NEEDED}: files are always sent by it",
    "reuse_port": f"{_NOT_NEEDED}: connections are balanced over workers",
    "ciphers": 'tls_profile = "modern" or "intermediate"',
    "ssl_version": "TLS 1.2 and 1.3 are spoken",
    "statsd_host": "metrics are for Prometheus to fetch",
    "config": f"{_NOT_NEEDED}: give that file to hx migrate-from",
    "on_starting": _HOOKS,
    "on_exit": _HOOKS,
    "on_reload": _HOOKS,
    "when_ready": _HOOKS,
    "pre_fork": _HOOKS,
    "post_fork": _HOOKS,
    "post_worker_init": _HOOKS,
    "worker_int": _HOOKS,
    "worker_abort": "the stacks of a worker that hangs are logged",
    "worker_exit": _HOOKS,
    "child_exit": _HOOKS,
    "nworkers_changed": _HOOKS,
    "pre_request": _SIGNALS,
    "post_request": _SIGNALS,
    "ssl_context": 'tls_profile = "modern" or "intermediate"',
    "pre_exec": _HOOKS,
}


def _bind(migration: Migration, value: Any, source: str) -> None:
    addresses = value if isinstance(value, list | tuple) else str(value).split(",")
    for address in (str(each).strip() for each in addresses):
        if address.endswith(("$PORT", "${PORT}")):
            migration.leave(source, source, "not needed: PORT in the environment is where it listens")
            continue
        if address.startswith("unix:"):
            bound = "unix:" + address.removeprefix("unix:").removeprefix("//")
        elif address.rpartition(":")[2].isdigit() and ":" in address:
            bound = address if not address.startswith(":") else "0.0.0.0" + address
        else:
            bound = f"{address}:8000"
        migration.say("bind", bound, source)


def _log(migration: Migration, value: Any, source: str) -> None:
    if str(value) not in ("-", "None"):
        migration.say("log", value, source)


def _access_log(migration: Migration, value: Any, source: str) -> None:
    if value is None:
        return
    migration.say("access_logfile", value, source)
    if "access_log" not in migration.found:
        migration.say("access_log", "combined", source)


def _access_format(migration: Migration, value: Any, source: str) -> None:
    migration.found.pop("access_log", None)
    migration.say("access_log", value, source)


def _umask(migration: Migration, value: Any, source: str) -> None:
    migration.say("umask", octal(value) if isinstance(value, int) else str(value), source)


def _pythonpath(migration: Migration, value: Any, source: str) -> None:
    first, *others = str(value).split(",")
    migration.say("pythonpath", first, source)
    if others:
        migration.leave(source, source, f"one directory is taken; PYTHONPATH={':'.join(others)} adds the others")


def _proxy_protocol(migration: Migration, value: Any, source: str) -> None:
    words = {True: "on", False: "off", "auto": "on"}
    migration.say("proxy_protocol", words.get(value, value), source)


def _client_certificates(migration: Migration, value: Any, source: str) -> None:
    if value in (1, 2, "1", "2"):
        migration.say("client_cert", "optional" if int(value) == 1 else "required", source)


def _variables(migration: Migration, value: Any, source: str) -> None:
    assigned = [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
    place = source.partition("=")[0].removesuffix(assigned[0].partition("=")[0] if assigned else "").strip()
    said = named(place, assigned)
    migration.leave(said, said, "set it in the environment of the service (or in a compose file)")


def _times(option: str) -> Callable[[Migration, Any, str], None]:
    return lambda migration, value, source: migration.say(option, seconds(str(value)), source)


_SPECIAL: Mapping[str, Callable[[Migration, Any, str], None]] = {
    "bind": _bind,
    "errorlog": _log,
    "accesslog": _access_log,
    "access_log_format": _access_format,
    "umask": _umask,
    "raw_env": _variables,
    "pythonpath": _pythonpath,
    "proxy_protocol": _proxy_protocol,
    "cert_reqs": _client_certificates,
    "wsgi_app": lambda migration, value, source: serve(migration, str(value), source, "wsgi"),
    **{name: _times(option) for name, option in _TIMES.items()},
}


def setting(migration: Migration, name: str, value: Any, source: str) -> None:
    """One setting, by gunicorn's name."""
    if name in _SPECIAL:
        _SPECIAL[name](migration, value, source)
    elif name in _SAME:
        migration.say(_SAME[name], value, source)
    else:
        migration.leave(source, source, _ADVICE.get(name, "nothing of ours stands for it"))


# --- gunicorn.conf.py ------------------------------------------------------------------------------------------


def read_file(name: str, text: str) -> Migration:
    """``gunicorn.conf.py``. Raises ``UsageError`` where it is not Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UsageError(f"{name} line {error.lineno} is not Python: {error.msg}") from None
    migration = Migration(name)
    for statement in tree.body:
        _statement(migration, statement, text)
    return migration


def _statement(migration: Migration, statement: ast.stmt, text: str) -> None:
    place = f"line {statement.lineno}"
    if isinstance(statement, ast.FunctionDef):
        advice = _ADVICE.get(statement.name)
        if advice:
            migration.leave(f"{place}: def {statement.name}(...)", place, advice)
        return
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, ast.Name) and _is_known(target.id):
            source = f"{place}: {ast.get_source_segment(text, statement) or target.id}"
            _assigned(migration, target.id, statement.value, source)


def _is_known(name: str) -> bool:
    return name in _SPECIAL or name in _SAME or name in _ADVICE


def _assigned(migration: Migration, name: str, value: ast.expr, source: str) -> None:
    try:
        setting(migration, name, ast.literal_eval(value), source)
    except ValueError:
        if name == "workers" and "cpu_count" in ast.dump(value):
            migration.say("workers", "auto", f"{source} (auto: as many as there are usable processors)")
        else:
            migration.leave(source, source, "is computed; write what it comes to, or set the HX_ variable")

"""For HAProxy, before several machines: it asks each for its health, and leaves one that is about to end in time."""

from __future__ import annotations

import shlex
from typing import Any

from hendrix.cli.deployment.machine import Machine
from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered, template
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

#: Seconds in which a check every second has noticed that a machine is about to leave.
_NOTICED = 2
_ACME = ("domain", "auto_https")
_HTTPS = ("key", "cert", "domain", "auto_https")


def render(plan: Plan) -> list[Rendered]:
    """One file."""
    said = _words(plan)
    parts = [
        "defaults",
        *(["plain"] if not _value(plan, "https_only") else []),
        *(["secure"] if _is_secure(plan) or _value(plan, "https_only") else []),
    ]
    text = "\n".join(template(f"haproxy/{part}.cfg", **said).rstrip("\n") + "\n" for part in parts)
    return [Rendered("haproxy.cfg", text)]


def _words(plan: Plan) -> dict[str, str]:
    if any(plan.options.get(name) for name in _ACME) and not _value(plan, "dns_hook"):
        raise UsageError(
            "behind HAProxy one machine is asked for another's proof of a domain; give dns_hook, or key and cert"
        )
    said = _value(plan, "health_path")
    if said in ("", "off"):
        raise UsageError("health_path is off, and HAProxy asks it whom to leave alone; give it a path")
    proxied = _value(plan, "proxy_protocol") != "off"
    options = f" {'send-proxy' if _value(plan, 'proxy_protocol') == 'v1' else 'send-proxy-v2'}" if proxied else ""
    options += " check-send-proxy" if proxied else ""
    service = plan.service
    return {
        "mark": f"Rendered by hx deploy haproxy {plan.mark}.",
        "needs": _needs(plan),
        "health": shlex.quote(said),
        # The server answers 504 first.
        "timeout": f"{int(_value(plan, 'timeout')) + 5 if _value(plan, 'timeout') else 3600}s",
        "servers": "".join(
            f"    server {each.name} {each.host}:{each.port or service.http_port} cookie {each.name}{options}\n"
            for each in plan.servers
        ),
        "secure_servers": "".join(
            f"    server {each.name} {_secure_place(plan, each)}{options}\n" for each in plan.servers
        ),
    }


def _secure_place(plan: Plan, each: Machine) -> str:
    """Its health is asked for without TLS where that is spoken."""
    plain = each.port or plan.service.http_port
    if _value(plan, "https_only"):
        return f"{each.host}:{plain} check-ssl verify none"
    return f"{each.host}:{plan.service.https_port or _value(plan, 'https_port')} port {plain}"


def _needs(plan: Plan) -> str:
    """What the machines have to say, where they do not."""
    lines = []
    if _value(plan, "drain_delay") < _NOTICED:
        lines.append(f'drain_delay = "4s": a machine that stops has to say so {_NOTICED} seconds before.')
    if "forwarded_allow_ips" not in plan.options:
        lines.append('forwarded_allow_ips = "ADDRESS": this one\'s, whom they believe about visitors.')
    if _is_secure(plan) and _value(plan, "proxy_protocol") == "off":
        lines.append('proxy_protocol = "v2": HTTPS ends there, and this is how they learn the visitor\'s address.')
    head = f"# {plan.service.name} needs, on each machine:\n"
    return head + "".join(f"#   {line}\n" for line in lines) if lines else ""


def _is_secure(plan: Plan) -> bool:
    """Do the machines have certificates?"""
    return any(plan.options.get(name) for name in _HTTPS)


def _value(plan: Plan, name: str) -> Any:
    return plan.options.get(name, OPTIONS[name].default)

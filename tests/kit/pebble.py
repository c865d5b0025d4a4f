"""Pebble, Let's Encrypt's own test authority, for tests: an ACME server that nobody here has written.

    with pebble(http_port=8080) as authority:
        authority.server, authority.ca_file

It looks for proofs of every name at 127.0.0.1: over HTTP at ``http_port``, and in a DNS that is a second program of
Pebble's. It sleeps nowhere, and refuses one nonce in twenty, as it does by default.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kit.live import until

_FIND = Path(__file__).parents[2] / "scripts" / "find-pebble"


@dataclass
class Pebble:
    """A running one."""

    home: Path
    port: int
    management: int
    dns_management: int
    process: subprocess.Popen[bytes] | None = None
    command: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The URL of its directory."""
        return f"https://127.0.0.1:{self.port}/dir"

    @property
    def ca_file(self) -> str:
        """The root of its own HTTPS."""
        return str(self.home / "tls.pem")

    def root(self) -> str:
        """The root of the certificates that it signs, in PEM; another one after each start."""
        return self._get(f"https://127.0.0.1:{self.management}/roots/0").decode()

    def trust(self) -> ssl.SSLContext:
        """What visitors need to trust its certificates."""
        return ssl.create_default_context(cadata=self.root())

    def revoked(self, serial: int) -> bool:
        """Whether it knows the certificate, and what of it."""
        told = self._get(f"https://127.0.0.1:{self.management}/cert-status-by-serial/{serial:x}")
        return json.loads(told)["Status"] == "Revoked"

    def resolve(self, name: str, address: str) -> None:
        """Have it look for ``name`` at another address."""
        self._tell_dns("add-a", {"host": name, "addresses": [address]})

    def records(self, command: str = "set-txt") -> str:
        """Where its DNS takes TXT records, for a hook."""
        return f"http://127.0.0.1:{self.dns_management}/{command}"

    def log(self) -> str:
        """What it has said."""
        return (self.home / "log").read_text(errors="replace")

    def start(self) -> None:
        """Again, with nothing of what it knew."""
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.home, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: _answers(self.port) and _answers(self.management), "Pebble to listen")

    def stop(self) -> None:
        """It is down from now on."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _get(self, url: str) -> bytes:
        context = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(url, context=context, timeout=10) as response:
            return response.read()

    def _tell_dns(self, what: str, wish: dict[str, object]) -> None:
        url = f"http://127.0.0.1:{self.dns_management}/{what}"
        with urllib.request.urlopen(url, json.dumps(wish).encode(), timeout=10):
            pass


@contextlib.contextmanager
def pebble(http_port: int, *, bindings: dict[str, str] | None = None, **environ: str) -> Iterator[Pebble]:
    """Start it. With ``bindings`` (id -> key) accounts must be bound to one of them. Skips the test without Pebble."""
    found = subprocess.run([_FIND], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    binaries = Path(found.stdout.strip())
    with tempfile.TemporaryDirectory(prefix="pebble-") as home:
        port, management, dns, dns_management = free_ports(4)
        authority = Pebble(Path(home), port, management, dns_management)
        _prepare(authority, binaries, http_port, dns, bindings or {}, environ)
        with _dns(authority, binaries, dns):
            authority.start()
            try:
                yield authority
            finally:
                authority.stop()


def _prepare(
    authority: Pebble, binaries: Path, http_port: int, dns: int, bindings: dict[str, str], environ: dict[str, str]
) -> None:
    home = authority.home
    _certify(home)
    config = {
        "listenAddress": f"127.0.0.1:{authority.port}",
        "managementListenAddress": f"127.0.0.1:{authority.management}",
        "certificate": str(home / "tls.pem"),
        "privateKey": str(home / "tls.key"),
        "httpPort": http_port,
        "tlsPort": 1,
        "externalAccountBindingRequired": bool(bindings),
        "externalAccountMACKeys": bindings,
    }
    (home / "config.json").write_text(json.dumps({"pebble": config}))
    authority.command = [
        str(binaries / "pebble"),
        "-strict",
        "-config",
        str(home / "config.json"),
        "-dnsserver",
        f"127.0.0.1:{dns}",
    ]
    authority.environ = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", **environ}


@contextlib.contextmanager
def _dns(authority: Pebble, binaries: Path, port: int) -> Iterator[None]:
    """Every name is at 127.0.0.1 until somebody says otherwise."""
    places = ["-dns01", f"127.0.0.1:{port}", "-management", f"127.0.0.1:{authority.dns_management}"]
    none = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]
    with (authority.home / "dns.log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "pebble-challtestsrv", *places, *none], stdout=log, stderr=log, start_new_session=True
        )
    try:
        until(lambda: _answers(authority.dns_management), "Pebble's DNS to listen")
        yield
    finally:
        server.kill()
        server.wait()


def _certify(home: Path) -> None:
    """A certificate of its own for HTTPS, which is its own root."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pebble's door")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address, x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (home / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (home / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def free_ports(count: int) -> list[int]:
    """Free a moment ago."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0

"""The five commands of ``docs/how-to/fresh-machine.md``, on a machine that is thrown away afterwards."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.kit.client import Answer, Client
from tests.kit.fresh_machine import Machine, machine
from tests.kit.live import PATIENCE, until
from tests.kit.pebble import free_ports, pebble

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/fresh-machine.md").read_text()
CONF = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
COMMANDS = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
NAME = "shop.example"
URLS = """
import os
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("pid", lambda request: HttpResponse(f"{os.getpid()} {os.getuid()}"))]
"""


def repository(folder: Path, files: dict[str, str]) -> None:
    """A project of one's own, as it is kept."""
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "django", "startproject", "shop", str(folder)], check=True)
    (folder / "shop" / "urls.py").write_text(URLS)
    settings = folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + f"\nDEBUG = False\nALLOWED_HOSTS = [{NAME!r}]\n")
    for name, text in {"requirements.txt": "Django>=5.2\n", **files}.items():
        (folder / name).write_text(text)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(folder)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)


def prepared(command: str, source: Path) -> str:
    """What cannot be as on the page: where the project is kept, and Hendrix before its first release."""
    command = command.replace("https://git.example/shop.git", str(source))
    return command.replace("'hendrix[acme]'", f"'{ROOT}[acme]'")


def spare_the_network(fresh: Machine) -> None:
    """On a copy of this machine: packages that these tests have are found and not downloaded once more."""
    if fresh.is_this_one:
        (packages,) = fresh.does("ls -d /srv/shop/venv/lib/python*/site-packages").split()
        ours = sysconfig.get_path("purelib")
        fresh.does(f"echo {ours} > {packages}/ours.pth")
        # The service's user may look into our directories here, and nowhere else.
        for folder in (*reversed(Path(ours).parents), *reversed(Path(sys.base_prefix).parents)):
            fresh.does(f"chmod a+rx {folder}")


def visit(port: int, context: ssl.SSLContext | None = None) -> Client:
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    return Client(context.wrap_socket(sock, server_hostname=NAME) if context else sock)


def get(client: Client) -> Answer:
    client.send(f"GET /pid HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    return client.answer()


def asked(secure: int, context: ssl.SSLContext) -> list[int]:
    """The worker's pid as it sees itself, and its user."""
    with visit(secure, context) as client:
        answer = get(client)
        assert answer.status == 200, answer
        return [int(word) for word in answer.text.split()]


@pytest.mark.long
def test_five_commands(tmp_path: Path) -> None:
    assert len(COMMANDS) <= 5
    port, secure = free_ports(2)
    python = f"{sys.base_prefix}/bin"
    path = f"{python}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    own = {"PATH": path, "PIP_NO_INDEX": "1", "PIP_NO_COMPILE": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    source = tmp_path / "shop.git"
    with pebble(port) as authority, machine([ROOT, tmp_path]) as fresh:
        if fresh.is_this_one:
            fresh.environ.update(own)
        more = {"http_port": port, "https_port": secure, "acme_server": authority.server}
        more |= {"acme_ca": "/srv/shop/authority.pem"}  # where the service's user can read it
        conf = CONF + "".join(f"{name}: {value}\n" for name, value in more.items())
        repository(source, {"shop.conf": conf, "authority.pem": Path(authority.ca_file).read_text()})
        packages, *others = COMMANDS
        if (done := fresh.run(packages, 300)).returncode:
            pytest.skip(f"Debian's packages are not to be had here: {done.stderr.strip()[-300:]}")
        for command in others:
            fresh.does(prepared(command, source), 300)
            if " venv " in command:
                spare_the_network(fresh)
        try:
            supervised(fresh, authority.trust, port, secure)
        finally:
            print(fresh.run("cat /var/log/shop/*").stdout)
        fresh.does("/etc/init.d/shop stop")
        with pytest.raises(ConnectionRefusedError):
            visit(port)
        assert fresh.run("/etc/init.d/shop status").returncode == 3


def supervised(fresh: Machine, trust, port: int, secure: int) -> None:
    """It answers, with a certificate that is trusted, as a user without rights; workers that are killed are back."""
    with visit(port) as client:
        answer = get(client)
        assert (answer.status, answer["location"]) == (308, f"https://{NAME}:{secure}/pid")

    def trusted() -> list[int]:
        try:
            return asked(secure, trust())
        except ssl.SSLCertVerificationError:
            return []

    worker, user = until(trusted, "a certificate of the authority", 2 * PATIENCE)  # type: ignore[misc]
    assert fresh.does(f"id -un {user}").strip() == "www-data"
    fresh.does("/etc/init.d/shop status")
    killed = {worker, *(asked(secure, trust())[0] for _ in range(5))}
    for pid in killed:
        fresh.does(f"kill -9 {pid}")
    until(lambda: works(secure, trust()) not in {0, *killed}, "another worker")


def works(secure: int, context: ssl.SSLContext) -> int:
    try:
        return asked(secure, context)[0]
    except OSError:
        return 0

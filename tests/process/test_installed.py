"""A project as a service: what is written is really executed, reloaded and stopped."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

from hendrix.cli.units import manager
from hendrix.cli.units.placing import MARK
from tests.kit.live import Server, until
from tests.process.test_service import ACTIVATE

HX = [sys.executable, "-m", "hendrix"]
as_root = pytest.mark.skipif(os.geteuid() != 0 or manager.is_systemd(), reason="needs root and no systemd that runs")


def _conf(project, name, *lines):
    conf = project.folder / f"{name}.conf"
    top = [f"virtualenv: {sys.prefix}", f"project_path: {project.folder}", "settings: site1.settings"]
    conf.write_text("\n".join([*top, *lines]) + "\n")
    return conf


def _hx(*words, **extra):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("HX_")}
    return subprocess.run(
        [*HX, *words], capture_output=True, text=True, env={**environ, **extra}, check=False, timeout=60
    )


def _exec_start(unit):
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$"))


def test_the_unit_as_systemd_executes_it(project, tmp_path):
    """By its ExecStart, with its socket open already, in its directory and with its variables."""
    conf = _conf(project, "shop", "user: root", "http_port: 80", "processes: 2")
    done = _hx("service", "render", str(conf))
    assert done.returncode == 0, done.stderr
    words = _exec_start(done.stdout)
    runtime = Path(tempfile.mkdtemp(prefix="hx-"))
    environ = project.environ(XDG_RUNTIME_DIR=str(runtime))
    command = [sys.executable, "-c", ACTIVATE, *words]
    server = Server(command, project.folder, environ)
    try:
        until(lambda: "listens at" in server.log() + server.output(), "the server")
        server.port = int(server.output().splitlines()[0])
        server.host = "127.0.0.1"
        with server.client() as client:
            assert client.get("/hello").text == "hello"
        server.signal(signal.SIGHUP)
        server.await_log("reload.done")
        with server.client() as client:
            assert client.get("/hello").text == "hello"
        server.signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    finally:
        server.kill()
        shutil.rmtree(runtime)


@as_root
def test_a_script_of_init_d(project):
    """Installed, restarted, reloaded, stopped and removed, by a name that nobody else has."""
    name = f"hxtest-{uuid.uuid4().hex[:8]}"
    variables = 'environment: {HENDRIX_TEST: "a b$c", LOG: debug, RUN: fast, HX: "no"}'
    conf = _conf(project, name, "user: root", "bind: 127.0.0.1:0", variables)
    project.add(
        "settings.py", f"import os; open({str(project.folder / 'told')!r}, 'w').write(os.environ['HENDRIX_TEST'])"
    )
    script = Path("/etc/init.d", name)
    try:
        dry = _hx("service", "install", "--dry-run", str(conf))
        assert f"would write {script}" in dry.stdout and not script.exists()
        done = _hx("service", "install", str(conf))
        assert done.returncode == 0, done.stderr
        assert f"wrote {script}" in done.stdout and f"wrote /etc/hendrix/{name}.env" in done.stdout
        assert (project.folder / "told").read_text() == "a b$c"
        first = Path(f"/run/{name}/hendrix.pid").read_text()
        for verb in ("status", "reload", "restart"):
            said = subprocess.run([script, verb], capture_output=True, text=True, check=False, timeout=60)
            assert said.returncode == 0, f"{verb}: {said.stderr}"
        shown = _hx("service", "status", name)
        assert shown.returncode == 0 and "site1.settings" in shown.stdout, shown.stderr
        again = _hx("service", "install", str(conf))
        assert again.returncode == 0 and "is installed as it should be" in again.stdout, again.stderr
        assert Path(f"/run/{name}/hendrix.pid").read_text() == first, "nothing changed, so it goes on"
        # Left by a configuration with a port below 1024.
        stale = Path(f"/etc/systemd/system/{name}.socket")
        stale.write_text(f"# {MARK}\n[Socket]\nListenStream=80\n")
        again = _hx("service", "install", str(conf))
        assert again.returncode == 0 and f"removed {stale}\n" in again.stdout and not stale.exists(), again.stderr
        first = Path(f"/run/{name}/hendrix.pid").read_text()
        # Killed, it leaves a pid file, which is to be in the way of nothing (LSB: to stop what does not run is fine).
        os.kill(int(first.split()[0]), signal.SIGKILL)
        assert subprocess.run([script, "stop"], check=False, timeout=60).returncode == 0
        assert subprocess.run([script, "restart"], check=False, timeout=60).returncode == 0
        assert subprocess.run([script, "status"], capture_output=True, check=False, timeout=60).returncode == 0
        (project.folder / "hendrix.toml").write_text("no_such_option = 1\n")  # of no matter to a stop
        assert subprocess.run([script, "stop"], check=False, timeout=60).returncode == 0
        assert subprocess.run([script, "status"], capture_output=True, check=False, timeout=60).returncode == 3
        assert subprocess.run([script], capture_output=True, check=False, timeout=60).returncode == 2
        assert _hx("service", "status", name).stderr == f"hx: {name} is not running; {script} start starts it\n"
        gone = _hx("service", "uninstall", name)
        assert gone.returncode == 0 and f"removed {script}" in gone.stdout, gone.stderr
        assert not script.exists() and not Path(f"/etc/hendrix/{name}.env").exists()
        assert not Path(f"/run/{name}").exists()
        assert _hx("service", "uninstall", name).returncode == 1
    finally:
        if script.exists():
            subprocess.run([script, "stop"], check=False, timeout=60)
            script.unlink()
        if shutil.which("update-rc.d"):
            subprocess.run(["update-rc.d", "-f", name, "remove"], capture_output=True, check=False)
        for path in (f"/etc/hendrix/{name}.env", f"/etc/systemd/system/{name}.socket"):
            Path(path).unlink(missing_ok=True)
        for folder in (f"/run/{name}", f"/var/log/{name}"):
            shutil.rmtree(folder, ignore_errors=True)


@as_root
def test_the_status_of_a_unit(project):
    """As systemd has it run: with a directory of its own below /run, and no pid file that was named."""
    name = f"hxtest-{uuid.uuid4().hex[:8]}"
    unit, runtime = Path("/etc/systemd/system", f"{name}.service"), Path("/run", name)
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(f"# {MARK}\n")
    runtime.mkdir(0o750)
    try:
        assert "is not running" in _hx("service", "status", name).stderr
        with project.serve(XDG_RUNTIME_DIR=str(runtime)) as server:
            shown = _hx("service", "status", name)
            assert shown.returncode == 0 and f"pid {server.pid}" in shown.stdout, shown.stderr
    finally:
        unit.unlink()
        shutil.rmtree(runtime)


def test_what_is_wrong_touches_nothing(project):
    conf = _conf(project, "shop", "user: root", "proceses: 2")
    done = _hx("service", "install", str(conf))
    assert done.returncode == 1
    assert done.stderr == "hx: shop.conf line 5: proceses is no key; did you mean processes?\n"
    assert not any(map(os.path.exists, manager.paths("shop")))


@as_root
@pytest.mark.parametrize(
    ("lines", "sign"),
    [
        (["admin: 127.0.0.1:9090"], "--admin: whoever reaches 127.0.0.1:9090 must tell a secret"),
        (["settings: site1.absent"], "the settings site1.absent do not import"),
        (["key: /nowhere.pem", "cert: /nowhere.pem"], "/nowhere.pem cannot be read: no such file or directory"),
    ],
)
def test_what_would_not_start_touches_nothing(project, lines, sign):
    """Each line is right by itself; together, or here, they are not."""
    name = f"hxtest-{uuid.uuid4().hex[:8]}"
    conf = _conf(project, name, "user: root", *lines)
    if any(line.startswith("settings:") for line in lines):
        conf.write_text(conf.read_text().replace("settings: site1.settings\n", ""))
    done = _hx("service", "install", str(conf))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"hx: {name} would not start, and nothing was touched: ") and sign in done.stderr
    assert not any(map(os.path.exists, (*manager.paths(name), f"/run/{name}", f"/var/log/{name}")))


def test_the_old_programs_name(project):
    conf = _conf(project, "shop", "user: root", "proceses: 2")
    program = Path(sys.executable).parent / "install-hendrix-service"
    done = subprocess.run([program, conf], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "did you mean processes?" in done.stderr

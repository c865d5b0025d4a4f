"""What a script may give to ``HendrixDeploy``, and what becomes of it."""

import pytest

from hendrix.core.errors import UsageError
from hendrix.deploy import HendrixDeploy, launch
from hendrix.deploy.given import split
from hendrix.options import options
from hendrix.ux import findSettingsModule


def app(_environ, _start_response):
    return []


def test_names_of_today_and_of_old() -> None:
    said = dict(split({"http-port": "9000", "max_upload_bytes": "1KB", "cert": None, "wsgi": app}, "start"))
    assert said == {"http_port": 9000, "client_max_body_size": 1024, "wsgi": app}


@pytest.mark.parametrize(
    ("given", "action", "sign"),
    [
        ({"http_prot": 1}, "start", "http_port"),
        ({"threads": "many"}, "start", "options['threads']: 'many'"),
        ({"fd": 3}, "start", "no option"),
        ({}, "strat", "start"),
    ],
)
def test_what_is_refused(given, action, sign) -> None:
    with pytest.raises(UsageError, match=r".") as refused:
        HendrixDeploy(action, given)
    assert sign in str(refused.value)


def test_defaults_say_nothing_until_they_are_changed() -> None:
    given = options(["--threads", "64"])
    assert given["http_port"] == 8000
    assert dict(split(given, "start")) == {"threads": 64}
    given["http_port"] = 9000
    assert dict(split(given, "start")) == {"threads": 64, "http_port": 9000}


def test_what_has_a_text_becomes_flags() -> None:
    thing = object()
    deployer = HendrixDeploy(
        options={
            "wsgi": app,
            "reload": True,
            "loud": False,
            "timeout": 90,
            "bind": ["127.0.0.1:1", "unix:/x"],
            "client_max_body_size": 1024**2,
            "services": [("a", "b.C"), "d.E", ("f", thing)],
            "threads": 64,
        }
    )
    assert set(launch.flags(deployer._plain())) == {
        *("--reload", "--no-loud", "--timeout=90s", "--bind=127.0.0.1:1", "--bind=unix:/x"),
        *("--client-max-body-size=1MB", "--services=a=b.C", "--services=d.E", "--threads=64"),
    }
    assert launch.things(deployer.services) == [("f", thing)]
    assert deployer.application is app


def test_secrets_are_on_no_command_line() -> None:
    given = {"cache_token": "of-the-cache-0123", "cache_store": "redis://:word@there/0", "hub": "redis://there/0"}
    options = HendrixDeploy(options=given)._plain()
    assert list(launch.flags(options)) == ["--hub=redis://there/0"]
    assert launch.variables(options) == {
        "HX_CACHE_TOKEN": "of-the-cache-0123",
        "HX_CACHE_STORE": "redis://:word@there/0",
    }


def test_before_the_server_is_there_no_port_is_opened() -> None:
    reactor = HendrixDeploy().reactor
    port = reactor.listenTCP(80, None, interface="127.0.0.1")
    assert (port.getHost().host, port.getHost().port) == ("127.0.0.1", 80)
    assert reactor.listenUDP(53, None).getHost().type == "UDP"
    assert reactor.connectTCP("203.0.113.1", 80, None) is None


def test_settings_can_be_imported_from_then_on(monkeypatch) -> None:
    import os

    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "before")
    HendrixDeploy(options={"settings": "shop.settings"})
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "shop.settings"


def test_a_websocket_factory_has_its_own_port() -> None:
    class Factory:
        port = 9000

    deployer = HendrixDeploy()
    deployer.add_non_tls_websocket_service(Factory())
    assert deployer.services[0].args[0] == 9000
    with pytest.raises(UsageError, match="names no port"):
        deployer.add_non_tls_websocket_service(object())


def test_what_cannot_be_given_any_more() -> None:
    with pytest.raises(UsageError, match="threads"):
        HendrixDeploy(threadpool=object())


def test_the_settings_of_manage_py(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    (tmp_path / "manage.py").write_text(
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    )
    assert findSettingsModule() == "shop.settings"

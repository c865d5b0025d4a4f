"""Classes of old: options of today, and an error that says so where the option is not there."""

import pytest

from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError
from hendrix.deploy.cache import HendrixDeployCache
from hendrix.deploy.hybrid import HendrixDeployHybrid
from hendrix.deploy.ssl import HendrixDeploySSL
from hendrix.deploy.tls import HendrixDeployTLS

FILES = {"key": "key.pem", "cert": "cert.pem"}
KINDS = {
    HendrixDeployTLS: {"key", "cert"},
    HendrixDeploySSL: {"key", "cert"},
    HendrixDeployCache: {"cache"},
    HendrixDeployHybrid: {"key", "cert", "cache"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_they_set_options_or_say_that_there_are_none(kind) -> None:
    needed = KINDS[kind]
    files = FILES if "key" in needed else {}
    if needed <= OPTIONS.keys():
        deployer = kind("start", files)
        assert needed <= deployer._plain().keys()
    else:
        with pytest.raises(UsageError, match="use HendrixDeploy meanwhile"):
            kind("start", files)


def test_half_of_tls() -> None:
    expected = ValueError if "key" in OPTIONS else UsageError
    with pytest.raises(expected):
        HendrixDeployTLS("start", key="key.pem")
    with pytest.raises(UsageError, match="context_factory"):
        HendrixDeployTLS("start", context_factory=object())

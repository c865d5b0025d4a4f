"""Keys and certificates that belong together, and those that cannot be served."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from hendrix.core.credentials import Credentials, Pem, decode, encode
from hendrix.tls.pairs import CertificateError, pairs, warnings
from tests.kit.certificates import DAY, NOW, Made, authority

HOUR = timedelta(hours=1)
TIME = NOW.timestamp()


def of(*made: Made, named: bool = True, **more: object) -> Credentials:
    """Each in files ``0.crt`` and ``0.key``, ``1.crt`` ..."""
    certificates = [Pem(f"{number}.crt", one.chain_pem, named) for number, one in enumerate(made)]
    keys = [Pem(f"{number}.key", one.key_pem(), named) for number, one in enumerate(made)]
    return Credentials(certificates, keys, **more)  # type: ignore[arg-type]


def refusal(credentials: Credentials, now: float = TIME) -> str:
    with pytest.raises(CertificateError) as caught:
        pairs(credentials, now)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_chain_is_kept() -> None:
    (found,) = pairs(of(authority().issue("example.org", "www.example.org")), TIME)
    assert found.chain.count(b"BEGIN CERTIFICATE") == 2
    assert found.certificate.names == ("example.org", "www.example.org")
    assert found.certificate.issuer == "Test Authority 1"
    assert not found.certificate.self_signed


def test_what_belongs_together_is_told_by_the_key() -> None:
    one, two = authority().issue("one.example"), authority().issue("two.example")
    crossed = Credentials(of(one, two).certificates, of(two, one).keys)
    assert [pair.certificate.names[0] for pair in pairs(crossed, TIME)] == ["one.example", "two.example"]


def test_one_file_may_hold_both() -> None:
    made = authority().issue("example.org")
    both = Pem("both.pem", made.key_pem() + made.chain_pem)
    assert len(pairs(Credentials([both], [both]), TIME)) == 1


def test_the_certificate_is_put_before_its_issuers() -> None:
    made = authority().issue("example.org")
    blocks = made.chain_pem.split("-----BEGIN")
    upside_down = "-----BEGIN" + "-----BEGIN".join(reversed(blocks[1:]))
    (found,) = pairs(Credentials([Pem("a", upside_down)], of(made).keys), TIME)
    assert found.chain == made.chain_pem.encode()


def test_ip_addresses() -> None:
    (found,) = pairs(of(authority().issue("127.0.0.1", "::1")), TIME)
    assert found.certificate.names == ("127.0.0.1", "::1")


def test_an_old_one_is_known_by_its_common_name() -> None:
    (found,) = pairs(of(authority().issue(common_name="Old.Example")), TIME)
    assert found.certificate.names == ("old.example",)


def test_the_wrong_key() -> None:
    one, two = authority().issue("one.example"), authority().issue("two.example")
    mixed = Credentials(of(one).certificates, of(two).keys)
    assert refusal(mixed) == "0.crt: it was made with another key than 0.key; give the key that fits"


def test_a_key_without_a_certificate() -> None:
    one, two = authority().issue("one.example"), authority().issue("two.example")
    wanted = "1.key: no certificate was made with this key; give the one that was, by --cert"
    assert refusal(Credentials(of(one).certificates, of(one, two).keys)) == wanted


def test_no_key() -> None:
    assert (
        refusal(Credentials(of(authority().issue("x")).certificates)) == "0.crt: the key is missing; give it by --key"
    )


def test_expired() -> None:
    made = authority().issue("x", begin=NOW - 30 * DAY, end=NOW - DAY)
    assert refusal(of(made)) == f"0.crt expired on {NOW - DAY:%Y-%m-%d}; renew it"


def test_not_yet_valid() -> None:
    made = authority().issue("x", begin=NOW + DAY)
    wanted = f"0.crt is not valid before {NOW + DAY:%Y-%m-%d %H:%M} UTC; wait, or look at this machine's clock"
    assert refusal(of(made)) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"), [("certificates", "holds no certificate"), ("keys", "holds no private key")]
)
def test_rubbish(name: str, wanted: str) -> None:
    good = of(authority().issue("x"))
    kind = "CERTIFICATE" if name == "certificates" else "PRIVATE KEY"
    rubbish = [Pem("rubbish.pem", f"-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n")]
    given = {"certificates": good.certificates, "keys": good.keys, name: rubbish}
    assert refusal(Credentials(**given)).startswith(f"rubbish.pem {wanted}")  # type: ignore[arg-type]


class TestEncryptedKeys:
    made = authority().issue("example.org")
    keys = (Pem("0.key", made.key_pem("open sesame")),)

    def credentials(self, *passwords: str) -> Credentials:
        return Credentials(of(self.made).certificates, list(self.keys), list(passwords))

    def test_any_of_the_passwords_may_open_it(self) -> None:
        (found,) = pairs(self.credentials("wrong", "open sesame"), TIME)
        assert b"ENCRYPTED" not in found.key

    def test_wrong(self) -> None:
        said = refusal(self.credentials("wrong"))
        assert said == "0.key: the password is wrong; give the one that it was encrypted with"

    def test_missing(self) -> None:
        assert refusal(self.credentials()).startswith("0.key is encrypted; give --key-password-file")

    def test_as_openssl_wrote_them_for_decades(self, tmp_path: Path) -> None:
        key = tmp_path / "key"
        command = ["openssl", "genrsa", "-aes128", "-traditional", "-passout", "pass:x y", "-out", str(key), "2048"]
        subprocess.run(command, check=True, capture_output=True)
        cert = tmp_path / "cert"
        command = ["openssl", "req", "-new", "-x509", "-key", str(key), "-passin", "pass:x y", "-subj", "/CN=x"]
        subprocess.run([*command, "-out", str(cert)], check=True, capture_output=True)
        given = Credentials([Pem("c", cert.read_text())], [Pem("k", key.read_text())], ["x y"])
        assert pairs(given, time.time() + 5)[0].certificate.self_signed


def test_a_key_behind_the_parameters_of_its_curve(tmp_path: Path) -> None:
    key, cert = tmp_path / "key", tmp_path / "cert"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-out", key], check=True)
    assert key.read_text().startswith("-----BEGIN EC PARAMETERS")
    command = ["openssl", "req", "-new", "-x509", "-key", key, "-subj", "/CN=x", "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    assert pairs(Credentials([Pem("c", cert.read_text())], [Pem("k", key.read_text())]), time.time() + 5)


class TestDirectories:
    """What was not given by name may be anything: it is taken where it fits."""

    def test_certificates_without_a_key_are_left_out(self) -> None:
        one, two = authority().issue("one.example"), authority().issue("two.example")
        given = Credentials(of(one, two, named=False).certificates, of(one, named=False).keys)
        assert [pair.certificate.names for pair in pairs(given, TIME)] == [("one.example",)]

    def test_the_longest_chain_of_certbots_four_files(self) -> None:
        made = authority().issue("example.org")
        alone, full = Pem("cert.pem", made.cert_pem, False), Pem("fullchain.pem", made.chain_pem, False)
        given = Credentials([alone, Pem("chain.pem", authority().pem, False), full], of(made, named=False).keys)
        assert [pair.certificate.path for pair in pairs(given, TIME)] == ["fullchain.pem"]

    def test_the_one_that_is_valid_longest(self) -> None:
        old, new = authority().issue("example.org", end=NOW + 5 * DAY), authority().issue("example.org")
        assert [pair.certificate.path for pair in pairs(of(old, new, named=False), TIME)] == ["1.crt"]

    def test_nothing_that_fits(self) -> None:
        one, two = authority().issue("one.example"), authority().issue("two.example")
        given = Credentials(of(one, named=False).certificates, of(two, named=False).keys)
        assert refusal(given) == "no certificate fits a key; give both, by --cert and --key"


def test_two_kinds_of_keys_for_one_name() -> None:
    made = authority().issue("example.org"), authority().issue("example.org", kind="rsa")
    assert len(pairs(of(*made), TIME)) == 2


def test_warned_of_14_days_before_its_end() -> None:
    made = authority().issue("x", begin=NOW - 80 * DAY, end=NOW + 13 * DAY + HOUR)
    (found,) = pairs(of(made), TIME)
    wanted = f"0.crt expires on {NOW + 13 * DAY + HOUR:%Y-%m-%d}, in 13 days; renew it"
    assert warnings([found.certificate], TIME) == [wanted]
    assert warnings([found.certificate], TIME - 2 * 86400) == []


def test_short_lived_ones_are_warned_of_in_their_last_third() -> None:
    made = authority().issue("x", begin=NOW - 3 * DAY, end=NOW + 3 * DAY)
    (found,) = pairs(of(made), TIME)
    assert warnings([found.certificate], TIME) == []
    assert len(warnings([found.certificate], TIME + 86400 + 10)) == 1


def test_they_travel_as_json() -> None:
    credentials = of(authority().issue("x"), passwords=["p"], tickets=["ab"])
    assert decode(encode(credentials)) == credentials
    assert "PRIVATE" not in repr(credentials)

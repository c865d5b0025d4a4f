"""Which certificate is shown to whom, and tickets that are good for every worker."""

from __future__ import annotations

import secrets
import ssl
from dataclasses import replace

import pytest

from hendrix.core.credentials import Credentials
from hendrix.tls import hello, openssl, tickets
from hendrix.tls.context import Manner
from hendrix.tls.keyring import Keyring
from hendrix.tls.pairs import CertificateError
from tests.kit.certificates import DAY, NOW, Authority, Made, authority
from tests.tls.test_pairs import of

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
both_versions = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])


def secret() -> str:
    return secrets.token_hex(tickets.SIZE)


def ring(*made: Made, manner: Manner | None = None, **more: object) -> Keyring:
    keyring = Keyring(manner or Manner())
    keyring.take(of(*made, **{"tickets": [secret()], **more}))  # type: ignore[arg-type]
    return keyring


def client(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority().pem)
    context.check_hostname = False
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class Meeting:
    """A whole handshake in memory."""

    def __init__(
        self, keyring: Keyring, name: str | None, context: ssl.SSLContext, session: ssl.SSLSession | None = None
    ) -> None:
        at_server, from_server, at_client, from_client = (ssl.MemoryBIO() for _ in range(4))
        self.client = context.wrap_bio(at_client, from_client, server_hostname=name, session=session)
        with pytest.raises(ssl.SSLWantReadError):
            self.client.do_handshake()
        self.said = from_client.read()
        chosen = keyring.choose(hello.whole(self.said) or b"")
        self.server = chosen.wrap_bio(at_server, from_server, server_side=True)
        at_server.write(self.said)
        for _ in range(3):
            for side, theirs, ours in ((self.server, from_server, at_client), (self.client, from_client, at_server)):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                ours.write(theirs.read())
        self.server.write(b"x")
        at_client.write(from_server.read())
        assert self.client.read(1) == b"x"

    @property
    def serial(self) -> int:
        """Of the certificate that was shown."""
        return int(self.client.getpeercert()["serialNumber"], 16)  # type: ignore[index, arg-type]

    @property
    def session(self) -> ssl.SSLSession:
        assert self.client.session is not None
        return self.client.session


def test_by_name() -> None:
    made = [
        authority().issue(*names)
        for names in (("first.example",), ("example.org", "www.example.org"), ("*.example.org",), ("*.example.com",))
    ]
    keyring = ring(*made)
    wanted = {
        "example.org": 1,
        "www.example.org": 1,
        "WWW.Example.ORG": 1,
        "shop.example.org": 2,
        "a.example.com": 3,
        "a.b.example.com": 0,
        "example.com": 0,
        "elsewhere.example": 0,
        None: 0,
    }
    found = {name: Meeting(keyring, name, client()).serial for name in wanted}
    assert found == {name: made[number].certificate.serial_number for name, number in wanted.items()}


def test_the_kind_of_the_key_is_agreed_upon() -> None:
    made = authority().issue("example.org", kind="rsa"), authority().issue("example.org", kind="ec")
    keyring = ring(*made)
    only_rsa = client(TLS12)
    only_rsa.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    assert Meeting(keyring, "example.org", only_rsa).serial == made[0].certificate.serial_number
    only_ec = client(TLS12)
    only_ec.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert Meeting(keyring, "example.org", only_ec).serial == made[1].certificate.serial_number


def test_the_chain_is_shown() -> None:
    """A client that knows only the root must be shown what is between."""
    assert Meeting(ring(authority().issue("example.org")), "example.org", client()).client.version() == "TLSv1.3"


def test_modern_is_1_3_only() -> None:
    keyring = ring(authority().issue("x.example"), manner=Manner("modern"))
    with pytest.raises(ssl.SSLError):
        Meeting(keyring, "x.example", client(TLS12))


def test_no_groups_that_cost_more_than_they_give() -> None:
    """By 8192 bits of a finite field one handshake would cost a server as much as a hundred (CVE-2002-20001)."""
    assert openssl.control() is not None
    keyring = ring(authority().issue("x.example"))
    for group, known in (("prime256v1", True), ("secp384r1", True), ("secp521r1", False)):
        context = client()
        context.set_ecdh_curve(group)
        if known:
            assert Meeting(keyring, "x.example", context).client.version() == "TLSv1.3"
        else:
            with pytest.raises(ssl.SSLError):
                Meeting(keyring, "x.example", context)


def test_alpn() -> None:
    keyring = ring(authority().issue("x.example"), manner=Manner(alpn=("two", "one")))
    context = client()
    context.set_alpn_protocols(["one", "two"])
    assert Meeting(keyring, "x.example", context).server.selected_alpn_protocol() == "two"


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [([], True), (["h2"], True), (["x", "http/1.1"], True), (["http/1.0"], True), (["ftp"], False), (["h"], False)],
)
def test_alpn_without_anything_in_common(offered: list[str], spoken: bool) -> None:
    context, outgoing = client(), ssl.MemoryBIO()
    if offered:
        context.set_alpn_protocols(offered)
    channel = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="x.example")
    with pytest.raises(ssl.SSLWantReadError):
        channel.do_handshake()
    keyring = ring(authority().issue("x.example"), manner=Manner(alpn=("h2", "http/1.1")))
    assert keyring.speaks(hello.whole(outgoing.read()) or b"") == spoken


def test_new_certificates() -> None:
    old, new = authority().issue("x.example"), authority().issue("x.example")
    keyring = ring(old)
    before = Meeting(keyring, "x.example", client())
    keyring.take(of(new))
    assert Meeting(keyring, "x.example", client()).serial == new.certificate.serial_number
    before.server.write(b"still there")


def test_what_is_refused_changes_nothing() -> None:
    good, bad = authority().issue("x.example"), authority().issue("y.example", begin=NOW - 9 * DAY, end=NOW - DAY)
    keyring = ring(good)
    with pytest.raises(CertificateError):
        keyring.take(of(bad))
    assert Meeting(keyring, "y.example", client()).serial == good.certificate.serial_number
    assert [one.names for one in keyring.certificates] == [("x.example",)]


def test_a_short_key_is_told(tmp_path: object) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = authority().issue("x.example", kind="rsa")
    short = rsa.generate_private_key(65537, 1024)
    weak = Made(_signed_for(short), short)
    assert made
    with pytest.raises(CertificateError, match="its key is too short; make one of at least 2048 bits"):
        ring(weak)


def _signed_for(key: object) -> object:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())  # type: ignore[attr-defined]
    builder = builder.serial_number(1).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    return builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]


class TestTickets:
    """RFC 8446 section 2.2, RFC 5077."""

    made = authority().issue("x.example")

    def worker(self, *secrets_: str, made: Made | None = None) -> Keyring:
        return ring(made or self.made, tickets=list(secrets_))

    @both_versions
    def test_another_worker_takes_them(self, version: ssl.TLSVersion) -> None:
        assert tickets.possible()
        shared, context = secret(), client(version)
        first = Meeting(self.worker(shared), "x.example", context)
        again = Meeting(self.worker(shared), "x.example", context, first.session)
        assert (first.client.session_reused, again.client.session_reused) == (False, True)

    @both_versions
    def test_one_with_another_secret_does_not(self, version: ssl.TLSVersion) -> None:
        context = client(version)
        first = Meeting(self.worker(secret()), "x.example", context)
        assert not Meeting(self.worker(secret()), "x.example", context, first.session).client.session_reused

    @both_versions
    def test_the_secret_before_is_still_accepted(self, version: ssl.TLSVersion) -> None:
        old, new, newer = secret(), secret(), secret()
        context = client(version)
        first = Meeting(self.worker(old), "x.example", context)
        assert Meeting(self.worker(new, old), "x.example", context, first.session).client.session_reused
        assert not Meeting(self.worker(newer, new), "x.example", context, first.session).client.session_reused

    @both_versions
    def test_it_outlives_new_certificates(self, version: ssl.TLSVersion) -> None:
        shared, context = secret(), client(version)
        keyring = self.worker(shared)
        first = Meeting(keyring, "x.example", context)
        keyring.take(replace(of(authority().issue("x.example")), tickets=[shared]))
        assert Meeting(keyring, "x.example", context, first.session).client.session_reused

    def test_new_ones_are_made_with_the_new_secret(self) -> None:
        old, new = secret(), secret()
        context = client(TLS12)
        first = Meeting(self.worker(new, old), "x.example", context)
        again = Meeting(self.worker(new), "x.example", context, first.session)
        assert again.client.session_reused
        assert bytes.fromhex(new)[: tickets.NAME] in again.said

    def test_secrets_of_another_size_are_not_used(self) -> None:
        assert not tickets.share(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), b"x" * 48)


class TestClients:
    """Who must show a certificate."""

    made = authority().issue("x.example")

    def ring(self, how: str) -> Keyring:
        return ring(self.made, manner=Manner(client_cert=how), client_ca=authority().pem)

    def with_certificate(self, tmp_path: object, version: ssl.TLSVersion = TLS12) -> ssl.SSLContext:
        context = client(version)
        context.load_cert_chain(*authority().issue(common_name="Jane").write(tmp_path, "jane"))  # type: ignore[arg-type]
        return context

    @both_versions
    def test_a_ticket_counts_as_long_as_the_same_is_asked_for(self, tmp_path: object, version: ssl.TLSVersion) -> None:
        """Whoever comes again by it is not asked for a certificate."""
        shared, ours, other = secret(), authority().pem, Authority("Other").pem
        context = self.with_certificate(tmp_path, version)
        keyring = ring(self.made, manner=Manner(client_cert="required"), client_ca=ours, tickets=[shared])
        session = Meeting(keyring, "x.example", context).session
        keyring.take(replace(of(self.made), tickets=[secret(), shared], client_ca=ours))
        again = Meeting(keyring, "x.example", context, session)
        assert again.client.session_reused
        assert again.server.getpeercert()["subject"] == ((("commonName", "Jane"),),)  # type: ignore[index]
        keyring.take(replace(of(self.made), tickets=[shared], client_ca=other))
        with pytest.raises(ssl.SSLError):
            Meeting(keyring, "x.example", context, session)

    @pytest.mark.parametrize("before", ["", "optional"])
    @both_versions
    def test_a_ticket_of_one_that_need_not_is_none_where_it_must(self, version: ssl.TLSVersion, before: str) -> None:
        shared, context = secret(), client(version)
        loose = ring(self.made, manner=Manner(client_cert=before), client_ca=authority().pem, tickets=[shared])
        strict = ring(self.made, manner=Manner(client_cert="required"), client_ca=authority().pem, tickets=[shared])
        session = Meeting(loose, "x.example", context).session
        with pytest.raises(ssl.SSLError):
            Meeting(strict, "x.example", context, session)

    @pytest.mark.parametrize("how", ["optional", "required"])
    def test_one_that_does(self, tmp_path: object, how: str) -> None:
        shown = Meeting(self.ring(how), "x.example", self.with_certificate(tmp_path)).server.getpeercert()
        assert shown["subject"] == ((("commonName", "Jane"),),)  # type: ignore[index]

    def test_one_that_does_not(self) -> None:
        assert Meeting(self.ring("optional"), "x.example", client(TLS12)).server.getpeercert() is None
        with pytest.raises(ssl.SSLError):
            Meeting(self.ring("required"), "x.example", client(TLS12))

    def test_rubbish_of_authorities(self) -> None:
        keyring = Keyring(Manner(client_cert="required"))
        with pytest.raises(CertificateError, match="--client-ca holds no certificate"):
            keyring.take(replace(of(self.made), client_ca="rubbish"))


def test_nothing_to_serve() -> None:
    with pytest.raises(CertificateError, match="there is no certificate"):
        Keyring(Manner()).take(Credentials())

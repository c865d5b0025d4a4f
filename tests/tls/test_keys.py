"""Keys and certificates: what openssl says of ours, and which of a stranger's are refused."""

import ipaddress
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hendrix.tls import keys

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


def openssl(*words, data):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def signed(name, key, signer, issuer="CA", days=90, serial=None, identifier=True):
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=100))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    if identifier:
        found = x509.AuthorityKeyIdentifier(bytes.fromhex("69885b6b87464041e1b3"), None, None)
        builder = builder.add_extension(found, critical=False)
    return builder.sign(signer, hashes.SHA256())


@pytest.mark.parametrize(("kind", "said"), [("ecdsa", "prime256v1"), ("rsa", "2048 bit")])
def test_keys(kind, said):
    key = keys.new_key(kind)
    assert said in openssl("pkey", "-noout", "-text", data=keys.key_pem(key)) + " "
    request = openssl("req", "-inform", "DER", "-noout", "-text", "-verify", data=keys.request_for("*.a.example", key))
    assert "DNS:*.a.example" in request


def test_a_long_name_is_no_common_name():
    """RFC 5280: at most 64 characters; the alternative name counts."""
    name = "a" * 60 + ".example"
    request = x509.load_der_x509_csr(keys.request_for(name, keys.new_key("ecdsa")))
    assert list(request.subject) == []
    keys.placeholder(name)


def test_the_placeholder_serves(tmp_path):
    (tmp_path / "pem").write_bytes(keys.placeholder("*.a.example"))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "pem")
    said = openssl("x509", "-noout", "-text", data=(tmp_path / "pem").read_bytes())
    assert "DNS:*.a.example" in said and "TLS Web Server Authentication" in said and "CA:FALSE" in said


KEY, ROOT = keys.new_key("ecdsa"), ec.generate_private_key(ec.SECP256R1())
CHAIN = signed("a.example", KEY, ROOT).public_bytes(PEM) + signed("CA", ROOT, ROOT).public_bytes(PEM)


def test_key_and_chain_are_one_file(tmp_path):
    (tmp_path / "pem").write_bytes(keys.together("a.example", KEY, CHAIN, NOW.timestamp()))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "pem")
    assert (tmp_path / "pem").read_bytes().count(b"BEGIN CERTIFICATE") == 2


OTHER = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        (b"", "no certificate"),
        (b"<html>", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
        (signed("a.example", OTHER, ROOT).public_bytes(PEM), "for another key"),
        (signed("b.example", KEY, ROOT).public_bytes(PEM), "for b.example"),
        (signed("a.example", KEY, ROOT, days=-1).public_bytes(PEM), "has expired"),
        (
            signed("a.example", KEY, OTHER).public_bytes(PEM) + signed("CA", ROOT, ROOT).public_bytes(PEM),
            "do not belong together",
        ),
        (
            signed("a.example", KEY, ROOT, issuer="X").public_bytes(PEM) + signed("CA", ROOT, ROOT).public_bytes(PEM),
            "do not belong together",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_an_authority_may_not_send(chain, said):
    with pytest.raises(ValueError, match=said):
        keys.together("a.example", KEY, chain, NOW.timestamp())


def test_facts():
    found = keys.facts(CHAIN)
    assert found.issuer == "CA"
    assert found.expires == int((NOW + timedelta(days=90)).timestamp())
    assert found.issued == int((NOW - timedelta(days=100)).timestamp())


def test_the_identity_of_rfc_9773():
    """Section 4.1: the serial number 87:65:43:21 is 00:87:65:43:21 in DER, and its base64url is AIdlQyE."""
    known = signed("a.example", KEY, ROOT, serial=0x87654321)
    known = keys.facts(known.public_bytes(PEM)).identity
    assert known == "aYhba4dGQEHhsw.AIdlQyE"
    assert keys.facts(signed("a.example", KEY, ROOT, serial=0x7F).public_bytes(PEM)).identity.endswith(".fw")
    assert keys.facts(signed("a.example", KEY, ROOT, identifier=False).public_bytes(PEM)).identity == ""


def test_addresses_are_no_names():
    """What is in a certificate besides names does not count."""
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named("a.example"))
        .issuer_name(named("CA"))
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(ROOT, hashes.SHA256())
    )
    with pytest.raises(ValueError, match="for no name"):
        keys.together("a.example", KEY, certificate.public_bytes(PEM), NOW.timestamp())

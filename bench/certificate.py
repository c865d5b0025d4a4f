"""The certificate of all servers that are measured over TLS: ECDSA on P-256, as authorities issue them today."""

import subprocess

from bench.places import STATE

CERT, KEY = STATE / "tls.crt", STATE / "tls.key"


def ensure() -> None:
    """Make it, if it is not there."""
    if CERT.exists():
        return
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    about = ["-days", "3650", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *about, "-keyout", str(KEY), "-out", str(CERT)], check=True, capture_output=True)

"""A token in SoftHSM with a key and its certificate, for programs that run in processes of their own.

A module reads its configuration once a process: the token is filled by a process of its own too (this file, run).
"""

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEY_ID = "0a"
OWNER = "Anna Karta"


@dataclass(frozen=True)
class SoftToken:
    """A token."""

    module: str
    label: str
    pin: str
    configuration: Path
    certificate_pem: str

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that shall see the token."""
        return {**os.environ, "SOFTHSM2_CONF": str(self.configuration)}


def soft_token(folder: Path, label: str, pin: str) -> SoftToken:
    """A token of its own with an RSA key of Anna Karta, whose certificate holds for some days."""
    folder.mkdir()
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    environment = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    init = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "12345678"]
    subprocess.run(init, check=True, capture_output=True, env=environment)
    fill = [sys.executable, "-m", "tests.softhsm", _library(), label, pin]
    done = subprocess.run(fill, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return SoftToken(_library(), label, pin, configuration, done.stdout)


def _library() -> str:
    for folder in ("/usr/lib/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/pkcs11", "/opt/homebrew/lib/softhsm"):
        library = Path(folder) / "libsofthsm2.so"
        if library.exists():
            return str(library)
    pytest.fail("SoftHSM is missing: this test needs Debian's softhsm2, which `make test` installs", pytrace=False)


def _fill(library: str, label: str, pin: str) -> str:
    """Put a key and its certificate on the token of this process's configuration; the certificate, PEM."""
    import pkcs11
    from asn1crypto import pem
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
    from pkcs11 import Attribute, CertificateType, ObjectClass
    from pkcs11.util.rsa import decode_rsa_private_key

    from companynet_sandbox.testing import make_identity

    now = dt.datetime.now(dt.UTC)
    identity = make_identity(OWNER, now - dt.timedelta(days=9), now + dt.timedelta(days=90), pin)
    key = pkcs12.load_key_and_certificates(identity.p12, pin.encode())[0]
    assert key is not None
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    common = {Attribute.TOKEN: True, Attribute.ID: bytes.fromhex(KEY_ID), Attribute.LABEL: label}
    with pkcs11.lib(library).get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        secret = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.SIGN: True}
        session.create_object({**decode_rsa_private_key(der), **secret, **common})
        certificate = {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.PRIVATE: False,
            Attribute.SUBJECT: b"",
            Attribute.VALUE: pem.unarmor(identity.certificate_pem.encode())[2],
        }
        session.create_object({**certificate, **common})
    return identity.certificate_pem


if __name__ == "__main__":
    sys.stdout.write(_fill(*sys.argv[1:]))

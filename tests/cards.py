"""Cards of the tests: a SoftHSM of their own, a token for each, with a key and its certificate as vendors put them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pkcs11.util.x509 import decode_x509_certificate

from companynet_sandbox.testing import Identity

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
#: The key and its certificate have the same.
_ID = b"\x0a"


def make_cards(folder: Path, identities: Mapping[str, Identity], pin: str) -> Path:
    """Make cards; once in a process, which reads SoftHSM's configuration once.

    Args:
        folder: for the configuration and the cards.
        identities: what is on each, by its label.
        pin: of all of them, and of the identities' PKCS#12.

    Returns:
        SoftHSM's configuration, for SOFTHSM2_CONF of what uses the cards.
    """
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    certificates = {}
    for label, identity in identities.items():
        key, certificate, _chain = pkcs12.load_key_and_certificates(identity.p12, pin.encode())
        assert key is not None
        assert certificate is not None
        certificates[label] = certificate.public_bytes(Encoding.DER)
        pem = folder / "key.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        for words in (
            ["--init-token", "--free", "--label", label, "--so-pin", "12345678"],
            ["--import", str(pem), "--token", label, "--label", label, "--id", _ID.hex()],
        ):
            subprocess.run(["softhsm2-util", *words, "--pin", pin], check=True, capture_output=True)
        pem.unlink()
    library = pkcs11.lib(str(Path(LIBRARY).resolve()))
    for label, certificate in certificates.items():
        own = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.PRIVATE: False, pkcs11.Attribute.ID: _ID}
        with library.get_token(token_label=label).open(rw=True, user_pin=pin) as session:
            session.create_object({**decode_x509_certificate(certificate), **own})
    return configuration

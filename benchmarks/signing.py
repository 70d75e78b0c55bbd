"""Signatures a second: our path beside pyHanko alone and the key's own raw rate, on SoftHSM's tokens and on files.

Ours is timed twice: making the CMS, and all that is done for the bank (certificate checked, CMS made, verified over
the exact text, put in the bank's form). Raw is the key alone, over as many bytes as CMS signs. The best of some
rounds counts, the ways in turn in each round. Time is the processor's, so that others on the machine do not count.
SoftHSM is software in this process: a card or a cloud is far slower, and what we add to it is the last column.
pyHanko's signer for files loads its key anew for each signature, which is slow for RSA; ours loads it once.

Run: `python benchmarks/signing.py [--signatures N]`. Needs SoftHSM (Debian's softhsm2).
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pkcs11.util.x509 import decode_x509_certificate
from pyhanko.sign.pkcs11 import PKCS11Signer as PyHankoTokenSigner
from pyhanko.sign.signers import SimpleSigner

from companynet.clock import SYSTEM_CLOCK
from companynet.domain.session import Secret
from companynet.profile import BankProfile
from companynet.signing import Pkcs11Signer, Pkcs12Signer, Signer, list_identities, signature_for_bank

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "314159"
TEXT = "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz. " * 4
CONTENT = TEXT.encode("utf-16-le")
#: The signed attributes of one of our signatures have about this many bytes.
ATTRIBUTES = bytes(200)
PROFILE = BankProfile(endpoint="")
ROUNDS = 3
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=60, help="of each kind in a round")
    count = parser.parse_args().signatures
    keys: dict[str, Key] = {
        "RSA-2048": rsa.generate_private_key(65537, 2048),
        "RSA-3072": rsa.generate_private_key(65537, 3072),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
    }
    heads = ("raw/s", "pyHanko/s", "ours/s", "for bank/s", "ours:raw", "ours:pyHanko", "overhead ms")
    print(f"{'':18}" + "".join(f"{head:>13}" for head in heads))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOFTHSM2_CONF"] = str(Path(folder) / "softhsm2.conf")
        certificates = {name: certified(key) for name, key in keys.items()}
        make_tokens(Path(folder), keys, certificates)
        for name in keys:
            with token_ways(name, count) as ways:
                report(f"token {name}", ways, count)
        for name, key in keys.items():
            report(f"file {name}", file_ways(key, certificates[name]), count)


def report(name: str, ways: dict[str, Callable[[], object]], count: int) -> None:
    """Measure the ways in turn and print a line."""
    best = dict.fromkeys(ways, 0.0)
    for _round in range(ROUNDS):
        for way, sign in ways.items():
            sign()
            start = time.process_time()
            for _signature in range(count):
                sign()
            best[way] = max(best[way], count / (time.process_time() - start))
    raw, pyhanko, ours, bank = (best[way] for way in ("raw", "pyhanko", "ours", "bank"))
    more = 1000 / ours - 1000 / raw
    print(
        f"{name:18}"
        + "".join(f"{rate:13.0f}" for rate in (raw, pyhanko, ours, bank))
        + f"{ours / raw:12.2f}x{ours / pyhanko:12.2f}x{more:13.2f}"
    )


def our_ways(signer: Signer) -> dict[str, Callable[[], object]]:
    return {
        "ours": lambda: signer.sign_detached(CONTENT),
        "bank": lambda: signature_for_bank(signer, TEXT, PROFILE, clock=SYSTEM_CLOCK),
    }


def file_ways(key: Key, certificate: x509.Certificate) -> dict[str, Callable[[], object]]:
    """The same key in memory."""
    p12 = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(PIN.encode()))
    pyhanko = SimpleSigner.load_pkcs12_data(p12, other_certs=[], passphrase=PIN.encode())

    def raw() -> bytes:
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(ATTRIBUTES, padding.PKCS1v15(), hashes.SHA256())
        return key.sign(ATTRIBUTES, ec.ECDSA(hashes.SHA256()))

    return {
        "raw": raw,
        "pyhanko": lambda: asyncio.run(pyhanko.async_sign_general_data(CONTENT, "sha256", detached=True)),
        **our_ways(Pkcs12Signer.load(p12, Secret(PIN))),
    }


@contextmanager
def token_ways(label: str, count: int) -> Iterator[dict[str, Callable[[], object]]]:
    """A key on a token. Our login serves all: a login belongs to the process."""
    listing = list_identities([LIBRARY], datetime.now(UTC))
    identity = next(item for item in listing.identities if item.certificate.common_name == label)
    elliptic = label.startswith("P-")
    mechanism = pkcs11.Mechanism.ECDSA if elliptic else pkcs11.Mechanism.SHA256_RSA_PKCS
    data = ATTRIBUTES[:32] if elliptic else ATTRIBUTES
    library = pkcs11.lib(str(Path(LIBRARY).resolve()))
    with (
        Pkcs11Signer(identity).unlocked(Secret(PIN), signatures=3 * ROUNDS * (count + 1)) as signer,
        library.get_token(token_label=label).open() as session,
    ):
        key: Any = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY)
        pyhanko = PyHankoTokenSigner(session, cert_label=label, key_label=label, use_raw_mechanism=elliptic)
        yield {
            "raw": lambda: key.sign(data, mechanism=mechanism),
            "pyhanko": lambda: asyncio.run(pyhanko.async_sign_general_data(CONTENT, "sha256", detached=True)),
            **our_ways(signer),
        }


def certified(key: Key) -> x509.Certificate:
    """A certificate by itself, with nonRepudiation alone."""
    size = key.key_size
    label = f"P-{size}" if isinstance(key, ec.EllipticCurvePrivateKey) else f"RSA-{size}"
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, label)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def make_tokens(folder: Path, keys: dict[str, Key], certificates: dict[str, x509.Certificate]) -> None:
    """A token for each key."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    for label, key in keys.items():
        (folder / "key.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        for command in (
            f"--init-token --free --label {label} --pin {PIN} --so-pin 12345678",
            f"--import {folder}/key.pem --token {label} --label {label} --id 0a --pin {PIN}",
        ):
            subprocess.run(["softhsm2-util", *command.split()], check=True, capture_output=True)  # noqa: S607
    library = pkcs11.lib(str(Path(LIBRARY).resolve()))
    for label, certificate in certificates.items():
        attributes = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
        more = {
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.PRIVATE: False,
            pkcs11.Attribute.ID: b"\x0a",
            pkcs11.Attribute.LABEL: label,
        }
        with library.get_token(token_label=label).open(rw=True, user_pin=PIN) as session:
            session.create_object({**attributes, **more})


if __name__ == "__main__":
    main()

"""The command ``companynet-signer``.

``companynet-signer list --pkcs12 FILE``
    shows the certificate of the file and whether it can sign for the bank.
``companynet-signer sign --pkcs12 FILE (--text FILE | --bytes FILE) [--output FILE] [--form der|line]``
    makes a detached CMS of a text of the bank (UTF-8 in the file, UTF-16LE in the signature) or of bytes as they are.

The PIN is asked for at the terminal, or read from an owner-only file with ``--pin-file``. Exit status 0; 1 if the
certificate cannot be used or no signature was made, with one sentence on standard error; 2 for a wrong command line.
"""

import argparse
import getpass
import os
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from companynet.clock import SYSTEM_CLOCK, Clock
from companynet.domain.session import Secret
from companynet.errors import CompanyNetError, DriverError, SigningDeclined, TokenAbsent
from companynet.profile import BankProfile
from companynet.signing import CertificateInfo, Pkcs12Signer, check_signature, check_usable, signature_text
from companynet.signing.signer import bytes_to_sign


def main(argv: Sequence[str] | None = None, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Run the command; returns its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        signer = _open(arguments.pkcs12, arguments.pin_file)
        if arguments.command == "list":
            return _list(signer.certificate, clock.now())
        return _sign(signer, arguments, clock)
    except CompanyNetError as error:
        sys.stderr.write(f"companynet-signer: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="companynet-signer", description="Signs mBank CompanyNet's texts with a key of your own."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="show the certificate and whether it can sign")
    signing = commands.add_parser("sign", help="make a detached CMS signature")
    for command in (listing, signing):
        command.add_argument("--pkcs12", type=Path, required=True, metavar="FILE", help="the file with the key")
        command.add_argument("--pin-file", type=Path, metavar="FILE", help="owner-only file that holds the PIN")
    what = signing.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", type=Path, metavar="FILE", help="a text of the bank, UTF-8; signed as UTF-16LE")
    what.add_argument("--bytes", type=Path, metavar="FILE", help="bytes, signed as they are")
    signing.add_argument(
        "--output", type=Path, metavar="FILE", help="where the signature goes; by default beside the input, as .p7s"
    )
    signing.add_argument(
        "--form", choices=("der", "line"), default="der", help="DER, or the base64 on one line that the bank takes"
    )
    return parser


def _open(store: Path, pin_file: Path | None) -> Pkcs12Signer:
    try:
        data = store.read_bytes()
    except FileNotFoundError:
        raise TokenAbsent(f"{store}: there is no such file") from None
    except OSError as error:
        raise DriverError(f"{store}: {error.strerror}") from None
    return Pkcs12Signer.load(data, _pin(store, pin_file))


def _pin(store: Path, pin_file: Path | None) -> Secret:
    if pin_file is None:
        try:
            return Secret(getpass.getpass(f"PIN of {store.name}: "))
        except (EOFError, KeyboardInterrupt):
            raise SigningDeclined("no PIN was given") from None
    try:
        mode = pin_file.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DriverError(f"{pin_file}: others may read the PIN; make the file owner-only (chmod 600)")
        text = pin_file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise DriverError(f"{pin_file}: the PIN cannot be read ({type(error).__name__})") from None
    return Secret(text.removesuffix("\n").removesuffix("\r"))


def _list(certificate: CertificateInfo, now: datetime) -> int:
    reason = certificate.why_unusable(now)
    qualified = {True: "yes, by its own word", False: "no", None: "cannot be told"}[certificate.qualified]
    sys.stdout.write(
        f"subject:    {certificate.subject}\n"
        f"issuer:     {certificate.issuer}\n"
        f"serial:     {certificate.serial_hex}\n"
        f"valid:      {certificate.valid_from:%Y-%m-%d %H:%M} to {certificate.valid_to:%Y-%m-%d %H:%M} UTC\n"
        f"qualified:  {qualified}\n"
        f"sha256:     {certificate.sha256}\n"
        f"usable:     {'yes' if reason is None else f'no: {reason}'}\n"
    )
    return 0 if reason is None else 1


def _sign(signer: Pkcs12Signer, arguments: argparse.Namespace, clock: Clock) -> int:
    # The form of the signature needs no endpoint.
    profile = BankProfile(endpoint="")
    source: Path = arguments.text or arguments.bytes
    try:
        content = source.read_bytes()
        if arguments.text:
            content = bytes_to_sign(content.decode("utf-8-sig"), profile)
    except UnicodeDecodeError:
        raise CompanyNetError(f"{source}: this is no UTF-8 text; sign a file of another kind with --bytes") from None
    except OSError as error:
        raise CompanyNetError(f"{source}: {error.strerror}") from None
    check_usable(signer.certificate, clock.now())
    signature = signer.sign_detached(content)
    check_signature(signature, content, signer.certificate)
    output: Path = arguments.output or source.with_name(f"{source.name}.p7s")
    made = signature_text(signature, profile).encode("ascii") if arguments.form == "line" else signature
    try:
        output.write_bytes(made)
    except OSError as error:
        raise CompanyNetError(f"{output}: {error.strerror}") from None
    sys.stdout.write(f"{output}: signed by {signer.certificate.common_name}\n")
    return 0

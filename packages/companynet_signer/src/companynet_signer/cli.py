"""The command ``companynet-signer``.

``companynet-signer list [--pkcs11 MODULE … | --pkcs12 FILE]``
    shows the certificates and whether they can sign for the bank; without options those of the modules and files of
    the settings and of the known modules that are found.
``companynet-signer sign (--pkcs11 MODULE [--identity SHA256] | --pkcs12 FILE) (--text FILE | --bytes FILE)``
    makes a detached CMS of a text of the bank (UTF-8 in the file, UTF-16LE in the signature) or of bytes as they are.
``companynet-signer open [--terminal] LINK``
    signs what a server of the ERP asks for; links of the scheme ``mbanksign`` start this.
``companynet-signer register``, ``unregister``
    have such links open this program, or no longer.
``companynet-signer settings``
    shows and changes the settings.

PINs are asked for at the terminal, or read from an owner-only file with ``--pin-file``. Exit status 0; 1 if nothing
was signed, nothing can sign, or something failed, with a sentence on standard error; 2 for a wrong command line.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from companynet.clock import SYSTEM_CLOCK, Clock
from companynet.errors import CompanyNetError
from companynet_signer import commands
from companynet_signer.desk import Desk
from companynet_signer.errors import SettingsError, SignerError
from companynet_signer.failure import failure_of
from companynet_signer.language import LANGUAGES, say, system_language
from companynet_signer.settings import Settings, SettingsStore
from companynet_signer.settings_command import change_settings

#: A link holds a code, and what argparse complains about it repeats.
_LINK = re.compile(r"mbanksign:\S*")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(_LINK.sub("mbanksign:…", message))


def main(argv: Sequence[str] | None = None, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Run the command; returns its exit status."""
    arguments = _parser().parse_args(argv)
    store = SettingsStore()
    settings, problem = Settings(), None
    try:
        settings = store.load()
    except SettingsError as error:
        problem = error
    language = settings.language or system_language()
    desk = Desk(store, settings, language, clock)
    try:
        # The window shows damaged settings by itself.
        if problem is not None and arguments.run is not commands.open_link:
            raise problem
        status: int = arguments.run(desk, arguments)
        return status
    except (SignerError, CompanyNetError) as error:
        failure = failure_of(error)
        detail = f" ({failure.detail})" if failure.detail else ""
        sys.stderr.write(f"companynet-signer: {say(failure.sentence, language)}{detail}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="companynet-signer", description="Signs mBank CompanyNet's texts with a key of your own.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    listing = subparsers.add_parser("list", help="show certificates and whether they can sign")
    listing.set_defaults(run=commands.list_keys)
    _add_keys(listing, required=False)
    signing = subparsers.add_parser("sign", help="make a detached CMS signature")
    signing.set_defaults(run=commands.sign)
    _add_keys(signing, required=True)
    signing.add_argument("--identity", metavar="SHA256", help="the certificate, by the beginning of its SHA-256")
    what = signing.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", type=Path, metavar="FILE", help="a text of the bank, UTF-8; signed as UTF-16LE")
    what.add_argument("--bytes", type=Path, metavar="FILE", help="bytes, signed as they are")
    signing.add_argument(
        "--output", type=Path, metavar="FILE", help="where the signature goes; by default beside the input, as .p7s"
    )
    signing.add_argument(
        "--form", choices=("der", "line"), default="der", help="DER, or the base64 on one line that the bank takes"
    )
    opening = subparsers.add_parser("open", help="sign what a server of the ERP asks for")
    opening.set_defaults(run=commands.open_link)
    opening.add_argument("--terminal", action="store_true", help="in this terminal, without a window")
    opening.add_argument("link", metavar="LINK", help="mbanksign://…")
    registering = subparsers.add_parser("register", help="have mbanksign links open this program")
    registering.set_defaults(run=commands.register)
    unregistering = subparsers.add_parser("unregister", help="have mbanksign links no longer open this program")
    unregistering.set_defaults(run=commands.unregister)
    _add_settings(subparsers.add_parser("settings", help="show and change the settings"))
    return parser


def _add_keys(parser: argparse.ArgumentParser, *, required: bool) -> None:
    where = parser.add_mutually_exclusive_group(required=required)
    where.add_argument("--pkcs11", action="append", metavar="MODULE", help="a PKCS#11 module; may be repeated")
    where.add_argument("--pkcs12", type=Path, metavar="FILE", help="a file with the key")
    parser.add_argument("--token", metavar="LABEL", help="this card alone; its certificates are shown after its PIN")
    parser.add_argument("--pin-file", type=Path, metavar="FILE", help="owner-only file that holds the PIN")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=change_settings)
    parser.add_argument("--language", choices=(*LANGUAGES, "system"), help="of all that is said")
    parser.add_argument("--add-module", metavar="MODULE", help="look for keys in this PKCS#11 module too")
    parser.add_argument(
        "--pin", choices=("ask", "none", "token"), default="token", help="of the module added: ask, or as it tells"
    )
    parser.add_argument("--remove-module", metavar="MODULE")
    parser.add_argument("--add-file", metavar="FILE", help="offer this PKCS#12 file")
    parser.add_argument("--remove-file", metavar="FILE")
    parser.add_argument("--allow", metavar="ORIGIN", help="a server that may ask for signatures")
    parser.add_argument("--forbid", metavar="ORIGIN", help="take a server off the list")
    parser.add_argument("--tls-roots", metavar="FILE", help="trust these TLS roots; 'usual' for the usual ones")


if __name__ == "__main__":
    sys.exit(main())

"""The options that name the signature of a person; :mod:`companynet.cli.signature` is what comes of them."""

import argparse
from pathlib import Path

from companynet.cli.passwords import add_secret


def add_signature(parser: argparse.ArgumentParser) -> None:
    """Add ``--p12``, or ``--pkcs11`` with what names a key there, and the ways to give the PIN."""
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--p12", type=Path, metavar="FILE", help="PKCS#12 file with the signature registered there")
    kind.add_argument(
        "--pkcs11", metavar="MODULE", help="PKCS#11 module of the card or cloud signature registered there"
    )
    parser.add_argument("--card", metavar="LABEL", help="label of the card or token, where the module shows several")
    parser.add_argument("--slot", type=int, metavar="N", help="number of its slot")
    parser.add_argument("--key-id", metavar="HEX", help="id of the key, where the token has several certificates")
    add_secret(parser, "pin", "the PIN of the signature")

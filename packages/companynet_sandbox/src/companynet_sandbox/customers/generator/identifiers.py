"""Numbers with right check digits: NIP, KSeF, accounts of tax offices and of ZUS."""

from datetime import date
from random import Random
from typing import Final

from companynet_sandbox.books.numbers import make_nrb

_NIP_WEIGHTS: Final = (6, 5, 7, 2, 3, 4, 5, 6, 7)  # S-251
#: Sort codes of Polish banks; what follows them is chance.
_SORT_CODES: Final = ("10201026", "10501025", "10901014", "11602202", "12401037", "15001012", "16001127", "24901044")


def _crc_of_byte(byte: int) -> int:
    for _bit in range(8):
        byte = (byte << 1) ^ 0x07 if byte & 0x80 else byte << 1
    return byte & 0xFF


_CRC: Final = tuple(_crc_of_byte(byte) for byte in range(256))


def make_nip(digits: str) -> str | None:
    """Nine digits with the check digit of a NIP; None where there is none for them.  # S-251"""
    check = sum(int(digit) * weight for digit, weight in zip(digits, _NIP_WEIGHTS, strict=True)) % 11
    return None if check == 10 else f"{digits}{check}"


def random_nip(chance: Random) -> str:
    """A NIP by chance."""
    while True:
        nip = make_nip(str(chance.randrange(10**8, 10**9)))
        if nip:
            return nip


def ksef_number(nip: str, day: date, serial: int) -> str:
    """A KSeF number: seller, day, 12 hexadecimal digits, CRC-8 (polynomial 0x07, from 0) of the rest.  # S-250"""
    body = f"{nip}-{day:%Y%m%d}-{serial % 16**12:012X}"
    crc = 0
    for byte in body.encode():
        crc = _CRC[crc ^ byte]
    return f"{body}-{crc:02X}"


def random_account(chance: Random) -> str:
    """An account at some Polish bank."""
    return make_nrb(chance.choice(_SORT_CODES), f"{chance.randrange(10**16):016d}")


def tax_account(nip: str) -> str:
    """The taxpayer's micro-account, made from the NIP.  # S-240"""
    return make_nrb("10100071", f"2222{nip}00")


def zus_account(nip: str) -> str:
    """The payer's account at ZUS, made from the NIP.  # S-241"""
    return make_nrb("60000002", f"026001{nip}")

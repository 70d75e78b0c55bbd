"""Account numbers and amounts as the bank keeps them."""

import re
from decimal import Decimal, InvalidOperation

_AMOUNT = re.compile(r"[+-]?\d{1,13}(\.\d{1,2})?", re.ASCII)


def make_nrb(sort_code: str, client: str) -> str:
    """A Polish account number: two check digits, 8 digits of the sort code, 16 of the client.  # S-202

    Raises:
        ValueError: the parts do not have their lengths.
    """
    body = sort_code + client
    if not re.fullmatch(r"\d{24}", body, re.ASCII):
        raise ValueError(f"{sort_code!r} and {client!r} are not 8 and 16 digits")
    return f"{98 - int(body + '252100') % 97:02d}{body}"


def is_nrb(number: str) -> bool:
    """Whether it is 26 digits with right check digits.  # S-202"""
    return bool(re.fullmatch(r"\d{26}", number, re.ASCII)) and int(number[2:] + "2521" + number[:2]) % 97 == 1


def is_iban(number: str) -> bool:
    """Whether it is an IBAN with right check digits; a Polish one has 26 digits.  # S-202"""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", number, re.ASCII):
        return False
    if number.startswith("PL"):
        return is_nrb(number[2:])
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def bare_account(number: str) -> str:
    """An account number without blanks, and a Polish one without its country."""
    plain = "".join(number.split()).upper()
    return plain[2:] if plain.startswith("PL") else plain


def to_minor(amount: object) -> int:
    """An amount in hundredths of the currency, from a decimal number or its text.

    Raises:
        ValueError: it is no amount, or has more than two decimals.
    """
    text = str(amount)
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount with at most two decimals")
    try:
        return int(Decimal(text) * 100)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None


def from_minor(minor: int) -> str:
    """Hundredths as text with a point: ``-1234.05``."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"

"""Account numbers: NRB (26 digits), IBAN, sort code."""

from dataclasses import dataclass

from stdnum import iban as _iban
from stdnum.exceptions import ValidationError

_SEPARATORS = str.maketrans("", "", " -\u00a0")
#: What people and other programs part the groups of a number with, beside those: blanks of every width, dashes, dots.
_PARTINGS = _SEPARATORS | str.maketrans("", "", "\t\n\r\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212.")
_NRB_LENGTH = 26  # S-100
_MBANK_CODE = "114"  # S-100, L-451


def normalise(account: str) -> str:
    """The account as it was written, without blanks and dashes, in upper case."""
    return account.translate(_SEPARATORS).upper()


def normal_form(account: str) -> str:
    """The one form in which accounts are compared: without what parts its groups, an NRB with its country before it.

    Two writings are of one account if their forms are equal: ``23 1140 …``, ``23-1140-…`` and ``pl23 1140…``. The
    check digits are not looked at, and what is no NRB (an IBAN of another country, a bank's own number) has nothing
    put before it. Empty for an empty text.
    """
    number = account.translate(_PARTINGS).upper()
    if number.isascii() and number.isdigit() and len(number) == _NRB_LENGTH:
        return "PL" + number
    return number


def to_iban(account: str) -> str:
    """The IBAN of an NRB or IBAN, its check digits verified.

    Raises:
        ValueError: the number has a wrong form or wrong check digits; the text names the number.
    """
    try:
        return str(_iban.validate(normal_form(account)))
    except ValidationError as error:
        raise ValueError(f"{account!r} is not an account number (NRB or IBAN): {error}") from None


def to_nrb(account: str) -> str:
    """The 26 digits of a Polish account given as NRB or IBAN, its check digits verified.

    Raises:
        ValueError: as :func:`to_iban`, and for an account of another country.
    """
    number = to_iban(account)
    if not number.startswith("PL"):
        raise ValueError(f"{account!r} is not a Polish account (26 digits)")
    return number[2:]


def is_account(account: str) -> bool:
    """Whether this is an NRB or IBAN with right check digits."""
    try:
        to_iban(account)
    except ValueError:
        return False
    return True


def sort_code(nrb: str) -> str:
    """The eight digits that name the bank's unit: digits 3 to 10 of an NRB.  # S-100"""
    return to_nrb(nrb)[2:10]


def is_mbank(account: str) -> bool:
    """Whether the account has the form of an mBank account; its check digits are not looked at."""
    number = normal_form(account)
    digits = number.removeprefix("PL")
    return number != digits and len(digits) == _NRB_LENGTH and digits.isdigit() and digits[2:5] == _MBANK_CODE


@dataclass(frozen=True, slots=True, order=True)
class Nrb:
    """A Polish account number.

    Args:
        digits: 26 digits, or the number as people write it: with blanks, dashes or ``PL`` before it.

    Raises:
        ValueError: when made: it is not a Polish account number, or its check digits are wrong; names the number.
    """

    digits: str
    """The 26 digits alone."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digits", to_nrb(self.digits))

    def __str__(self) -> str:
        return self.digits

    @property
    def iban(self) -> str:
        """With its country: ``PL`` and the digits."""
        return "PL" + self.digits

    @property
    def sort_code(self) -> str:
        """The eight digits that name the bank's unit.  # S-100"""
        return self.digits[2:10]

    def names(self, account: str) -> bool:
        """Whether an account, as a bank writes it, is this one."""
        return normal_form(account) == self.iban

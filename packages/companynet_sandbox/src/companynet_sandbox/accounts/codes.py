"""The bank's transaction codes: number, name in :61:, first words in :86:, type, and the form of its reference.

The bank's list is open; these are the ones that are publicly known. Names not seen in real files are made
up.  # L-209
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Code:
    """A transaction code."""

    name: str
    heading: str
    type: str
    reference: str
    """The letters a bank reference begins with.  # L-203"""


CODES: Final = {
    "30": Code("PROWIZJA", "PROWIZJA", "NCOM", "GR"),
    "65": Code("WPLATA GOTOWKI WALUTOWEJ", "WPLATA GOTOWKI W WALUCIE", "NMSC", "TT"),
    "306": Code("TRANSAKCJA WYMIANY WALUT", "TR. WYM. WALUT", "NFEX", "FX"),
    "697": Code("OPLATY ZA PROWADZENIE KARTY", "MIESIECZNE UZYTKOWANIE KARTY", "NTRF", "CC"),
    "770": Code("PRZELEW PRZYCHODZACY - ELIXIR", "PRZELEW ELIXIR", "NTRF", "EL"),
    "771": Code("PRZELEW PRZYCHODZACY - SORBNET", "PRZELEW SORBNET", "NTRF", "SO"),
    "794": Code("OPLATA ZA PAKIET", "OPLATA ZA PAKIET TRANSAKCYJNY", "NCHG", "GR"),
    "824": Code("OP ZA PRZEL. ELIXIR MT", "OP ZA PRZELEW ELIXIR", "NCHG", "BR"),
    "839": Code("OPLATA ZA WYCIAG", "OPLATA ZA WYCIAG ELEKTRONICZNY", "NCHG", "GR"),
    "843": Code("OPLATA ZA PROWADZENIE RACHUNKU", "OPLATA ZA PROWADZENIE RACHUNKU", "NCHG", "GR"),
    "902": Code("PRZEKAZ POCZTOWY", "PRZEKAZ POCZTOWY", "NTRF", "BR"),
    "911": Code("TRANSAKCJA IPH", "TRANSAKCJA COLLECT", "NTRF", "MB"),
    "928": Code("PRZEL.KRAJ.WYCH.ELX", "PRZELEW KRAJOWY", "NTRF", "BR"),
    "929": Code("PRZEL.KRAJ.WYCH.ELX.ZUS", "PRZELEW ZUS", "NTRF", "BR"),
    "930": Code("PRZEL.KRAJ.WYCH.ELX.US", "PRZELEW ORGAN PODATKOWY", "NTRF", "BR"),
    "931": Code("PRZEL.KRAJ.WYCH.SORBNET", "PRZELEW SORBNET", "NTRF", "BR"),
    "944": Code("PRZEL.KRAJ.WYCH.MT.ELX", "COMPANYNET PRZELEW KRAJOWY", "NTRF", "BR"),
    "945": Code("PRZEL.KRAJ.WYCH.MT.ELX.ZUS", "COMPANYNET PRZELEW ZUS", "NTRF", "BR"),
    "946": Code("PRZEL.KRAJ.WYCH.MT.ELX.US", "COMPANYNET PRZELEW ORGAN PODATKOWY", "NTRF", "BR"),
    "947": Code("PRZEL.KRAJ.WYCH.MT.SORBNET", "COMPANYNET PRZELEW SORBNET", "NTRF", "BR"),
    "963": Code("PRZELEW WEWNETRZNY", "PRZELEW WEWNETRZNY", "NTRF", "BR"),
    "970": Code("PRZELEW WEWNETRZNY WYCH.", "COMPANYNET PRZELEW WEWNETRZNY", "NTRF", "BR"),
    "971": Code("PRZELEW WEWNETRZNY PRZYCH.", "PRZELEW WEWNETRZNY", "NTRF", "BR"),
    "973": Code("PRZELEW WLASNY", "PRZELEW MIEDZY WLASNYMI RACHUNKAMI", "NTRF", "BR"),
    "981": Code("PRZELEW ZAGRANICZNY WYCH.", "PRZELEW ZAGRANICZNY", "NTRF", "FT"),
    "983": Code("PRZELEW SEPA WYCH.", "COMPANYNET PRZELEW SEPA", "NTRF", "FT"),
    "990": Code("PRZELEW EUROEKSPRES", "PRZELEW EUROEKSPRES", "NTRF", "FT"),
}
UNKNOWN: Final = Code("OPERACJA BANKOWA", "OPERACJA BANKOWA", "NMSC", "BR")


def code_of(number: str) -> Code:
    """The code; one that is not listed is data, with a general name."""
    return CODES.get(number, UNKNOWN)

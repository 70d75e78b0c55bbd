"""The words of titles and names that settlement knows, folded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


GENERIC: Final = _words(
    "F FV FA FS FVS FAV FVAT FAKT FAKTURA FAKTURY FAKTURE FAKTUR FAKTURZE FAKTUROM FAKTURAVAT FAKVAT FRA FRY FKT",
    "FVT FT RA RY RACHUNEK RACHUNKI RACHUNKU RACHUNKOW RACH RK INVOICE INVOICES INV DOK DOKUMENT",
    "FR FRE FAKTURAMI FAKTURACH",
)
"""Words that say only "invoice": written or left out at will."""

UNSAID: Final = _words("DOK DOKUMENT")
"""Of these the ones that may begin an invoice's number and say nothing of it: any document is one."""

BILLS: Final = _words("R RA RY RK RACH RACHUNEK RACHUNKI RACHUNKU RACHUNKOW")
"""Of these the ones that people follow with the day as readily as with a number ("rachunek 15/01/2026")."""


def _slips(word: str) -> set[str]:
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}


def _misspelt(*words: str) -> str:
    return "|".join(sorted(slip for word in words for slip in _slips(word) - {word}))


_MISSPELT: Final = frozenset().union(
    *(_slips(word) for word in _words("FAKT FAKTURA FAKTURY FAKTURE FAKTUR RACHUNEK RACHUNKU INVOICE"))
)


@lru_cache(maxsize=4096)
def says_invoice(word: str) -> bool:
    """Whether a word says "invoice": one of a closed list, with two letters swapped, or run together with others.

    A word that is not known says nothing: there are more sorts of documents than anybody can list.
    """
    if word in GENERIC:
        return word not in UNSAID
    return word in _MISSPELT or (len(word) > 2 and _GLUED.fullmatch(word) is not None)


NOISE: Final = _words("NR NRY NUMER NUMERY NUMERU NO VAT SPRZEDAZY")
"""Words between "invoice" and its number that mean nothing."""

JOINING: Final = _words("ZA Z ZE DO NA W WE O OD DLA I ORAZ A PO PRZEZ")
"""Words that join a number to the noun before them: after "invoice" they mean its day or what it is for."""

PAYING: Final = _words(
    "ZAPLATA ZAPLATY ZAPLATE ZAPLACONO ZAPL ZAP PLATNOSC PLATNOSCI PLATN PLACE PLACIMY WPLATA WPLATY WPLATE WPL",
    "OPLATA OPLATY OPLATE OPL PRZELEW PRZELEWU PRZELEWEM PRZEL TYTULEM TYTUL TYT DOT DOTYCZY WG WEDLUG NALEZNOSC",
    "NALEZNOSCI UREGULOWANIE REGULACJA ROZLICZENIE ROZLICZENIA SPLATA SPLATY POCZET PAYMENT PAYMENTS PAY PAID FOR",
    "OF TRANSFER CZESC CZESCI CZESCIOWA POZOSTALA POZOSTALE RESZTA RESZTE DOPLATA DOPLATY",
)
"""Words that say "money is paid" and nothing of the document."""

_LEADS: Final = "|".join(sorted(word for word in NOISE | JOINING | PAYING if len(word) > 1))
# Other letters before it make another document of it: PROFAKTURA, KFV.
_GLUED: Final = re.compile(
    rf"(?:{_LEADS}|E){{0,2}}(?:FAKTUR[AYE]?|FAKT|INVOICE|FR[AEY]|FV)(?:VAT)?(?:NR|NUMER)?(?:FV|F)?"
)

OTHER: Final = _words(
    # other documents
    "ZAMOWIENIE ZAMOWIENIA ZAM UMOWA UMOWY UM PROFORMA PROF PRO FORMA WZ OFERTA OFERTY ZLECENIE ZLECENIA ZLEC",
    "POLISA POLISY KOREKTA KOREKTY KOR DECYZJA DECYZJI NOTA NOTY PARAGON REJESTR AKT SYGN SYGNATURA PROJEKT ETAP",
    # times
    "OKRES OKRESU OKRESIE MIESIAC MIESIACA MIES MSC MC M DNIA DN DNIU DATA DATY ROK ROKU KWARTAL KW",
    # what is paid by the month, and other numbers
    "CZYNSZ CZYNSZU SKLADKA SKLADKI RATA RATY LOKAL LOK DOSTAWA PODATEK PODATKU WYNAGRODZENIE KWOTA KWOTY KWOCIE",
    "PLN ZL UL ULICA NIP REGON KRS TEL PESEL",
)
"""Words after which a number is surely not an invoice's."""

OTHER_DEBT: Final = re.compile(
    r"KOREKT\w*|KOREKC\w*|KORYG\w*|\bKOR\b|PRO ?FORM\w*|PRO[ -]?FAKT\w*|ZALICZK\w*|\bZALIC\w*|\bZAL\b|PRZEDPLAT\w*|"
    r"ZADAT(?:EK|K)\w*|KAUCJ\w*|DEPOZYT\w*|ODSET(?:EK|K)\w*|\bODS\b|DUPLIKAT\w*|MANDAT\w*|GRZYWN\w*|WEZWAN\w*|"
    r"UPOMNIEN\w*|DAROWIZN\w*|STORN\w*|ANULOW\w*|ANULAC\w*|KOMPENSAT\w*|NADPLA[TC]\w*|WADIUM|\bKAR(?:A|Y|E)\b|"
    r"ODSZKODOWAN\w*|POZYCZ(?:EK|K)\w*|\bNOT(?:A|Y|E)\b|\bNOCIE\b|\bRABAT\w*|\bBONUS\w*|\bBONIFIK\w*|\bUPUST\w*|"
    r"\bSKONT\w*|\bPREPAYMENTS?\b|\bDEPOSITS?\b|\bADVANCE\b|\bCORRECTIONS?\b|\bCREDIT\b|\bREBATES?\b|GUTSCHRIFT\w*|"
    r"\bDUPLICAT\w*|\bOVERPA\w*|\bLATE FEES?\b|\bINTEREST\b|\bPENALT\w*|\bPOTRAC\w*|\bSADOW\w*|"
    r"\bEGZEKUC\w*|\bWINDYKAC\w*|"
    rf"\b(?:{_misspelt('KOREKTA', 'KOREKTY', 'ZALICZKA', 'ZALICZKI', 'PROFORMA', 'KAUCJA', 'ODSETKI', 'NOTA')})\b"
)
"""Words by which money pays another debt than an invoice, wherever in the title they stand."""

BROKEN_DEBT: Final = re.compile(
    r"KOREKT\w*|KORYGUJ\w*|PROFORM\w*|ZALICZK\w*|PRZEDPLAT\w*|ODSETK\w*|DUPLIKAT\w*|WEZWANI\w*|UPOMNIEN\w*"
)
"""Those of them that are known in a text without blanks too."""

RETURNS: Final = re.compile(
    r"ZWROT\w*|ZWROC\w*|ZWRAC\w*|\bZWR\b|REFUND\w*|REKLAMAC\w*|RETURN\w*|RETOUR\w*|ODRZU[CT]\w*|REJECT\w*|"
    r"CHARGEBACK\w*|\bODDAJ\w*|\bODDANI\w*|\bWYCOF\w*|\bCOFN\w*|\bCOFAM\w*|\bBLEDN\w*|\bOMYL\w*|\bPOMYL\w*|\bMYLN\w*|"
    r"\bNIEZREALIZ\w*|\bNIEPRZYJ\w*|\bNIEUDAN\w*|\bNIESLUSZN\w*|\bNIENALEZN\w*|\bPODWOJN\w*|\bREVERS\w*|\bCANCEL\w*|\bREPAY\w*|REIMBURS\w*|"
    rf"RUCKZAHL\w*|RUECKZAHL\w*|\b(?:{_misspelt('ZWROT', 'ZWROTU')}|ZWRT)\b"
)
"""Words by which a title says that money comes back, or should never have come."""


def _stems(*patterns: str) -> list[str]:
    """The letters with which the alternatives of patterns begin."""
    found = set()
    for pattern in patterns:
        for alternative in re.sub(r"(?<=[A-Z])\(\?:[^()]*\)", "", pattern).split("|"):
            match = re.match(r"(?:\\b)?(?:\(\?:)?([A-Z]+)(\??)", alternative)
            if match is None:
                raise ValueError(f"{alternative} does not begin with letters")
            found.add(match[1][:-1] if match[2] else match[1])
    return sorted(stem for stem in found if not any(stem[:end] in found for end in range(1, len(stem))))


OTHER_STEMS: Final = re.compile("|".join(_stems(OTHER_DEBT.pattern, BROKEN_DEBT.pattern, RETURNS.pattern)))
"""What all of them begin with: most titles have none."""

SAYS_DAY: Final = _words(
    "R ROK ROKU RB GODZ DATA DATY DATE DNIA DN DZIEN WYSTAWIONA WYSTAWIONEJ WYSTAWIENIA WYST TERMIN TERMINIE"
)
"""Words after digits, or before the word for "invoice", by which they are a day."""

MONTHS: Final = {
    name: month
    for month, names in enumerate(
        (
            "I STYCZEN STYCZNIA", "II LUTY LUTEGO", "III MARZEC MARCA", "IV KWIECIEN KWIETNIA", "V MAJ MAJA",
            "VI CZERWIEC CZERWCA", "VII LIPIEC LIPCA", "VIII SIERPIEN SIERPNIA", "IX WRZESIEN WRZESNIA",
            "X PAZDZIERNIK PAZDZIERNIKA", "XI LISTOPAD LISTOPADA", "XII GRUDZIEN GRUDNIA",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
"""Months in Roman figures and in words."""

COMMON_IN_NAMES: Final = _words(
    "GMBH LTD LLC INC AG SRO SPZOO ZOO FIRMA PHU PPHU PUH FHU PW PPU FH PH UL AL PL W Z I O THE AND PAN PANI",
    "SPOLKA PRZEDSIEBIORSTWO HANDLOWO USLUGOWE HANDLOWE PRODUKCYJNO PRODUKCYJNE USLUGI",
)
"""Words that every second firm bears in its name."""

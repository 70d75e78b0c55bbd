"""The words of titles and names that settlement knows, folded."""

from __future__ import annotations

from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


GENERIC: Final = _words(
    "F FV FA FS FVS FAV FVAT FAKT FAKTURA FAKTURY FAKTURE FAKTUR FAKTURZE FAKTUROM FAKTURAVAT FAKVAT FRA FRY FKT",
    "FVT FT RA RY RACHUNEK RACHUNKI RACHUNKU RACHUNKOW RACH RK INVOICE INVOICES INV DOK DOKUMENT",
)
"""Words that say only "invoice": written or left out at will."""

NOISE: Final = _words("NR NRY NUMER NUMERY NUMERU NO VAT SPRZEDAZY")
"""Words between "invoice" and its number that mean nothing."""

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
"""Words after which a number is not an invoice's."""

CORRECTIONS: Final = _words("KOR KOREKTA KOREKTY FORMA PROFORMA")
"""Words that make "invoice" after them another document."""

RETURNS: Final = _words("ZWROT RETURN ODRZUC REJECT ZWROC")
"""Beginnings of words by which a bank says that money comes back."""

COMMON_IN_NAMES: Final = _words(
    "GMBH LTD LLC INC AG SRO SPZOO ZOO FIRMA PHU PPHU PUH FHU PW PPU FH PH UL AL PL W Z I O THE AND PAN PANI",
    "SPOLKA PRZEDSIEBIORSTWO HANDLOWO USLUGOWE HANDLOWE PRODUKCYJNO PRODUKCYJNE USLUGI",
)
"""Words that every second firm bears in its name."""

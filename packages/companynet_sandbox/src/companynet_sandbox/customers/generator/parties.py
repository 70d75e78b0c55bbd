"""Made-up firms and persons. The words mean nothing in Polish, so that nobody is meant."""

from dataclasses import dataclass
from random import Random
from typing import Final

from companynet_sandbox.customers.generator.identifiers import random_account, random_nip

_BEGIN: Final = (
    "Bra",
    "Cze",
    "Dro",
    "Fli",
    "Gwa",
    "Hru",
    "Kle",
    "Łom",
    "Mżu",
    "Ńor",
    "Pio",
    "Rzu",
    "Sko",
    "Szty",
    "Wru",
    "Żmi",
)
_MIDDLE: Final = ("bę", "cio", "dzi", "fle", "gru", "ką", "lmo", "mru", "pta", "rwi", "sze", "tło", "wźi", "zgo")
_END: Final = ("dex", "fan", "kor", "lin", "mar", "nex", "plast", "rol", "stal", "tex", "wit", "zet")
_TRADES: Final = ("Handel", "Usługi", "Budownictwo", "Transport", "Hurtownia", "Serwis", "Produkcja", "Instalacje")
_FORMS: Final = ("sp. z o.o.", "Spółka z ograniczoną odpowiedzialnością", "S.A.", "sp. j.", "sp. z o.o. sp. k.")
_GIVEN: Final = ("Anna", "Jan", "Zofia", "Piotr", "Łucja", "Paweł", "Józef", "Małgorzata", "Stanisław", "Elżbieta")
_SURNAMES: Final = ("niak", "szczak", "czuk", "rek", "lak", "miga")
_STREETS: Final = ("Zmyślona", "Niebywała", "Przykładowa", "Wzorcowa", "Testowa", "Próżna", "Księżycowa")
_TOWNS: Final = ("Nibylas", "Zmyślin", "Próbkowo", "Wzorcowice", "Żadnów", "Łącznik Górny", "Ćwiczebna Wola")


@dataclass(frozen=True)
class Party:
    """A customer or supplier of the account's owner."""

    id: str
    name: str
    address: str
    nip: str
    """Empty for a person."""

    accounts: tuple[str, ...]
    """NRB, 26 digits: the first is the one used most."""

    virtual_account: str
    """Of mass payments, ``XX`` and 12 digits."""


def make_parties(chance: Random, count: int) -> list[Party]:
    """Parties, the same for the same chance: firms mostly, one in eight a person."""
    return [_party(chance, number) for number in range(1, count + 1)]


def _party(chance: Random, number: int) -> Party:
    address = (
        f"ul. {chance.choice(_STREETS)} {chance.randrange(1, 120)} "
        f"{chance.randrange(100):02d}-{chance.randrange(1000):03d} {chance.choice(_TOWNS)}"
    )
    person = chance.random() < 0.125
    return Party(
        id=f"K{number:06d}",
        name=person_name(chance) if person else _firm_name(chance),
        address=address,
        nip="" if person else random_nip(chance),
        accounts=tuple(random_account(chance) for _account in range(chance.choice((1, 1, 1, 2, 3)))),
        virtual_account=f"XX{number:012d}",
    )


def person_name(chance: Random) -> str:
    """Given name and a surname that nobody bears."""
    return f"{chance.choice(_GIVEN)} {chance.choice(_BEGIN)}{chance.choice(_MIDDLE)}{chance.choice(_SURNAMES)}"


def _firm_name(chance: Random) -> str:
    word = chance.choice(_BEGIN) + chance.choice(_MIDDLE) + chance.choice(_END)
    if chance.random() < 0.2:
        return f"{chance.choice(('F.H.U.', 'P.P.H.', 'P.H.U.', 'Firma'))} {word} {person_name(chance)}"
    if chance.random() < 0.4:
        return f"{word} {chance.choice(_FORMS)}"
    return f"{word} {chance.choice(_TRADES)} {chance.choice(_FORMS)}"

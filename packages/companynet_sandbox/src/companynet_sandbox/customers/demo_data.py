"""The customers of the demonstration and of tests. All of it is made up; the check digits are right."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from companynet_sandbox.books.numbers import make_nrb, to_minor

DIK_ALFA: Final = "10000001"
DIK_ALFA_SERVICE: Final = "10000002"
DIK_BETA: Final = "20000001"

USER_ALFA: Final = "ALFA01"
USER_BETA: Final = "BETA01"

ALFA_PLN: Final = make_nrb("11401010", "0000525244001001")
ALFA_EUR: Final = make_nrb("11401010", "0000525244001002")
ALFA_SERVICE_PLN: Final = make_nrb("11401010", "0000525245001001")
BETA_PLN: Final = make_nrb("11401081", "0000676246001001")


@dataclass(frozen=True)
class Customer:
    """A customer of the bank."""

    dik: str
    name: str
    address: str
    accounts: dict[str, tuple[str, str]]
    """Currency to account number and opening balance."""


CUSTOMERS: Final = (
    Customer(
        DIK_ALFA,
        "Zakłady Przykładowe Alfa sp. z o.o.",
        "ul. Przykładowa 1 00-950 Warszawa",
        {"PLN": (ALFA_PLN, "250000.00"), "EUR": (ALFA_EUR, "40000.00")},
    ),
    Customer(
        DIK_ALFA_SERVICE,
        "Alfa Serwis sp. z o.o.",
        "ul. Przykładowa 1a 00-950 Warszawa",
        {"PLN": (ALFA_SERVICE_PLN, "80000.00")},
    ),
    Customer(
        DIK_BETA,
        "Beta Handel S.A.",
        "ul. Wzorcowa 22 30-001 Kraków",
        {"PLN": (BETA_PLN, "150000.00")},
    ),
)

#: DIK to currency to account number (NRB, 26 digits).
ACCOUNTS_BY_DIK: Final = {
    customer.dik: {currency: number for currency, (number, _balance) in customer.accounts.items()}
    for customer in CUSTOMERS
}

#: Account number to its balance before the first entry.
OPENING_BALANCES: Final = {
    number: balance for customer in CUSTOMERS for number, balance in customer.accounts.values()
}

#: Bank user to name and DIKs.
USERS: Final = {
    USER_ALFA: ("Jan Kowalski", (DIK_ALFA, DIK_ALFA_SERVICE, DIK_BETA)),
    USER_BETA: ("Ewa Wiśniewska", (DIK_BETA,)),
}


def fill(db: Connection) -> None:
    """Write the customers, accounts and users into empty books."""
    for customer in CUSTOMERS:
        db.execute("INSERT INTO customers VALUES (?, ?, ?)", (customer.dik, customer.name, customer.address))
        for currency, (number, balance) in customer.accounts.items():
            db.execute(
                "INSERT INTO accounts (nrb, dik, currency, opening) VALUES (?, ?, ?, ?)",
                (number, customer.dik, currency, to_minor(balance)),
            )
    for login, (name, diks) in USERS.items():
        db.execute("INSERT INTO users (login, name) VALUES (?, ?)", (login, name))
        db.executemany("INSERT INTO user_diks VALUES (?, ?)", [(login, dik) for dik in diks])

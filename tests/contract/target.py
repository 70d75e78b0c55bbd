"""What the contract suite runs against: one bank with one user of it, and what may be done there."""

import datetime as dt
import enum
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import TypeVar

from companynet.client import CompanyNet, OrderFile
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.formats import pain001
from companynet.profile import BankProfile
from companynet.signing import Signer

Test = TypeVar("Test", bound=Callable[..., None])

#: A payment of an account: NRB, signed amount, title.
Booking = tuple[str, Decimal, str]


class Ability(enum.Enum):
    """What not every target lets a test do."""

    PASSWORD = "one-time passwords are at hand"
    SEVERAL_DIKS = "the user acts for two customers or more"
    CONFIRM = "the bank may be told that statements are stored"
    ORDERS = "orders may be handed in"
    STAFF = "what people and the bank's staff do can be arranged"


def needs(*abilities: Ability) -> Callable[[Test], Test]:
    """A test that runs only against targets with these abilities."""

    def mark(test: Test) -> Test:
        test.abilities_needed = frozenset(abilities)  # type: ignore[attr-defined]
        return test

    return mark


class Staff(ABC):
    """What happens at the bank beside its web service."""

    bookings: Counter[Booking]
    """All that was booked on the accounts of the first DIK in the period of the target."""

    others_account: str
    """NRB of an account in PLN at the bank that is not the first DIK's."""

    @abstractmethod
    def end_newest_session(self) -> None:
        """End the long-lived session made last, as the bank."""

    @abstractmethod
    def authorise(self, client_order_group_id: str) -> None:
        """Authorise a group's orders and carry them out."""

    @abstractmethod
    def deny(self, client_order_group_id: str, end_to_end_id: str, reason: str) -> None:
        """Refuse one order of a group."""


class Target(ABC):
    """A bank, and one user of it who signs."""

    name: str
    """In the names of the tests."""

    profile: BankProfile
    user: str
    """The user's id at the bank."""

    signer: Signer
    diks: tuple[str, ...]
    """Customers the user acts for; most tests are about the first."""

    abilities: Collection[Ability]
    period: tuple[dt.date, dt.date]
    """First and last day that the tests read statements of; the days are over."""

    session_life = dt.timedelta(days=2)
    """How long the sessions of the tests are to live; each test ends its own."""

    order_limit: Decimal | None = None
    """PLN that may still be ordered; None for any amount."""

    def __init__(self) -> None:
        self.tag = uuid.uuid4().hex[:8].upper()

    @property
    def dik(self) -> str:
        """The first DIK."""
        return self.diks[0]

    @property
    def staff(self) -> Staff:
        """The bank's staff; only with the ability."""
        raise LookupError(f"{self.name} lets nobody arrange anything")

    def client(self) -> CompanyNet:
        """A client of the bank."""
        return CompanyNet(self.profile)

    def asking(self, *diks: str, operations: Collection[str] = ERP_OPERATIONS) -> PermissionConfig:
        """What to ask for a session of these DIKs, else of the first."""
        end = dt.datetime.now(dt.UTC).replace(microsecond=0) + self.session_life
        return PermissionConfig(end, tuple(Permission(dik, frozenset(operations)) for dik in diks or (self.dik,)))

    def password(self) -> Secret:
        """A one-time password that was not used; only with the ability."""
        raise LookupError(f"{self.name} has no one-time passwords")

    def parties(self) -> tuple[Party, Party]:
        """Who pays and who is paid; only with the ability to order."""
        raise LookupError(f"{self.name} takes no orders")

    def order_file(self, name: str, *amounts: str, debtor: str | None = None) -> OrderFile:
        """A file of orders with ids that were never used before.

        Args:
            name: tells the tests apart.
            amounts: one order each, PLN.
            debtor: another account to be debited.

        Raises:
            ValueError: the target does not allow so much more.
        """
        batch = f"{name}-{self.tag}"
        payer, payee = self.parties()
        payer = payer if debtor is None else Party(payer.name, payer.address_lines, debtor)
        today = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
        orders = tuple(
            CreditTransfer(
                OrderKind.DOMESTIC, payer, payee, Decimal(amount), "PLN", f"Test {batch} {number}",
                f"{batch}-{number}", f"I-{batch}-{number}", today,
            )
            for number, amount in enumerate(amounts, 1)
        )  # fmt: skip
        total = sum((order.amount for order in orders), Decimal(0))
        if self.order_limit is not None:
            if total > self.order_limit:
                raise ValueError(f"{total} PLN is more than what is left of the limit, {self.order_limit} PLN")
            self.order_limit -= total
        made = dt.datetime.now(dt.UTC).replace(microsecond=0)
        return OrderFile(batch, f"{batch}.xml", pain001.write(OrderBatch(batch, made, payer.name, orders)), made)

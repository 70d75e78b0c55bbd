"""Payment orders as values, before any format."""

import enum
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from companynet.domain.account import to_iban
from companynet.errors import OrderError

_CENT_EXPONENT = -2


class OrderKind(enum.Enum):
    """What the bank is asked to make of an order."""

    DOMESTIC = "domestic"
    """A transfer in PLN to an account in Poland."""

    SEPA = "sepa"
    """A transfer in EUR inside the SEPA area."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid."""

    name: str
    """At most 70 characters."""

    address_lines: tuple[str, ...]
    """At most two lines of 35 characters."""

    account: str
    """NRB or IBAN."""

    bic: str | None = None
    """The BIC of the party's bank, where it is known."""

    country: str | None = None
    """ISO 3166, two letters."""


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """One order.

    Raises:
        OrderError: when made: the amount, the currency or an account breaks a rule of its kind. The limits of
            lengths and characters are the format's and are checked there.
    """

    kind: OrderKind
    """Domestic or SEPA."""

    debtor: Party
    """The customer: the account that is debited."""

    creditor: Party
    """Who gets the money."""

    amount: Decimal
    """Positive, at most two decimals."""

    currency: str
    """ISO 4217: PLN for a domestic order, EUR for SEPA."""

    remittance: str
    """The title."""

    end_to_end_id: str
    """Goes to the creditor; at most 35 characters."""

    instruction_id: str
    """Ours for the bank, to be used once ever; at most 35 characters."""

    execution_date: date
    """The day on which the bank shall carry it out."""

    def __post_init__(self) -> None:
        self._check_amount()
        self._check_currency()
        self._check_accounts()

    def _check_amount(self) -> None:
        if not self.amount.is_finite() or self.amount <= 0:
            raise OrderError(self.end_to_end_id, "amount", f"{self.amount} is not more than zero")
        exponent = self.amount.normalize().as_tuple().exponent
        if isinstance(exponent, int) and exponent < _CENT_EXPONENT:
            raise OrderError(self.end_to_end_id, "amount", f"{self.amount} has more than two decimals")

    def _check_currency(self) -> None:
        wanted = {OrderKind.DOMESTIC: "PLN", OrderKind.SEPA: "EUR"}[self.kind]
        if self.currency != wanted:
            raise OrderError(
                self.end_to_end_id, "currency", f"{self.currency!r}: a {self.kind.value} order is in {wanted}"
            )

    def _check_accounts(self) -> None:
        for field, party in (("debtor.account", self.debtor), ("creditor.account", self.creditor)):
            try:
                iban = to_iban(party.account)
            except ValueError as error:
                raise OrderError(self.end_to_end_id, field, str(error)) from None
            if self.kind is OrderKind.DOMESTIC and not iban.startswith("PL"):
                raise OrderError(self.end_to_end_id, field, f"{party.account!r} is not a Polish account")
        if to_iban(self.debtor.account) == to_iban(self.creditor.account):
            raise OrderError(self.end_to_end_id, "creditor.account", "is the account that is debited")


@dataclass(frozen=True, slots=True)
class OrderBatch:
    """Orders that leave together. The same batch always makes the same bytes.

    Raises:
        OrderError: when made: it is empty, its time has no zone, or an instruction id stands twice.
    """

    message_id: str
    """To be used once ever; at most 35 characters."""

    created_at: datetime
    """When the batch was made, with a time zone."""

    initiating_party: str
    """The name of the customer."""

    orders: tuple[CreditTransfer, ...]
    """At least one."""

    def __post_init__(self) -> None:
        name = f"batch {self.message_id}"
        if not self.orders:
            raise OrderError(name, "orders", "there is no order")
        if self.created_at.utcoffset() is None:
            raise OrderError(name, "created_at", f"{self.created_at.isoformat()} has no time zone")
        counts = Counter(order.instruction_id for order in self.orders)
        for identifier, count in counts.items():
            if count > 1:  # S-108
                raise OrderError(name, "instruction_id", f"{identifier!r} stands at {count} orders")

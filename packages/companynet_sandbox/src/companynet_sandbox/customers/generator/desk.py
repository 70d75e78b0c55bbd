"""One account for which entries are made: whom it deals with, what it is owed, and what was paid in part.

Codes and labels are the bank's (L-209, L-242).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from companynet_sandbox.accounts.posting import Posting
from companynet_sandbox.customers.generator.invoices import Invoice, Ledger
from companynet_sandbox.customers.generator.parties import Party

#: So many invoices paid in part wait for their rest; older ones are never paid in full.
_WAITING: Final = 50
_PLAIN: Final = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")


@dataclass(frozen=True)
class Made:
    """An entry to book, and the truth about it."""

    posting: Posting
    case: str
    """What kind of entry it is, in one word."""

    pays: tuple[tuple[Invoice, int], ...] = ()
    """Invoices and how much of each it pays, in hundredths, above zero."""


@dataclass
class Desk:
    """An account on a day."""

    index: int
    account: str
    owner_nip: str
    parties: Sequence[Party]
    ledger: Ledger
    note: Callable[[Invoice], None]
    """Is told each new open item."""

    chance: Random
    day: date
    parts: deque[tuple[Invoice, int]] = field(default_factory=lambda: deque(maxlen=_WAITING))
    """Invoices paid in part, with what is still open."""

    def party(self) -> Party:
        """Somebody the owner deals with; some often, most seldom."""
        return self.parties[int(len(self.parties) * self.chance.random() ** 2)]

    def receivable(self, party: Party) -> Invoice:
        """A new invoice of the owner's. In one of eight cases the party has another one that it does not pay."""
        invoice = self.ledger.receivable(self.chance, party, self.day)
        self.note(invoice)
        if self.chance.random() < 0.125:
            # A subscription: the same amount again.
            amount = invoice.amount if self.chance.random() < 0.3 else None
            self.note(self.ledger.receivable(self.chance, party, self.day, amount))
        return invoice

    def payable(self, party: Party) -> Invoice:
        """A new invoice of a supplier."""
        invoice = self.ledger.payable(self.chance, party, self.day)
        self.note(invoice)
        return invoice

    def payment(self, party: Party) -> Invoice:
        """A payment that was sent."""
        invoice = self.ledger.payment(self.chance, party, self.day)
        self.note(invoice)
        return invoice

    def amount(self, low: int, high: int) -> int:
        """An amount in hundredths between two in whole zloty."""
        return self.chance.randrange(low * 100, high * 100)

    def printed(self, party: Party) -> str:
        """Name and address as the other bank prints them: without the address, or Polish letters, at times."""
        text = party.name if self.chance.random() < 0.3 else f"{party.name} {party.address}"
        return text.translate(_PLAIN) if self.chance.random() < 0.3 else text

    def incoming(
        self,
        party: Party,
        amount: int,
        title: str,
        *,
        code: str = "770",
        account: str = "",
        virtual_account: str = "",
    ) -> Posting:
        """A transfer from a party."""
        fields = (
            ("ID IPH", virtual_account),
            ("Z RACH.", account or self.chance.choice(party.accounts)),
            ("OD", self.printed(party)),
            ("TYT.", title),
        )
        return Posting(self.account, amount, code, fields, booked=self.day)

    def outgoing(
        self, payee: str, account: str, amount: int, title: str, *, code: str = "944", reference: str = ""
    ) -> Posting:
        """A transfer to somebody; the amount is above zero."""
        fields = (("NA RACH.", account), ("REF. KLIENTA", reference), ("DLA", payee), ("TYT.", title))
        return Posting(self.account, -amount, code, fields, booked=self.day, customer_reference=reference)

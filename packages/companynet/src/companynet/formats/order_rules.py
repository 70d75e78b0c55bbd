"""Limits of lengths and characters that mBank has for orders, whatever their format.  # L-105"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import OrderError

_POLISH = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"
_OUTSIDE_TEXT = re.compile(rf"[^A-Za-z{_POLISH}0-9 /?:\-().,'+]")
_OUTSIDE_IDENTIFIER = re.compile(r"[^A-Za-z0-9 /?:\-().,'+]")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")

NAME_LENGTH = 70  # L-105
ADDRESS_LENGTH = 35  # L-105
ADDRESS_LINES = 2  # L-105
TITLE_LENGTH = 140  # L-105
IDENTIFIER_LENGTH = 35  # S-109, L-105
"""ISO 20022's own limit; the bank's limit of 40 is wider."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a text of an order may be."""

    length: int
    """At most so many characters."""

    required: bool = True
    """May not be empty."""

    identifier: bool = False
    """No Polish letters, and no slash at its ends or twice in a row."""

    def broken_by(self, text: str) -> str | None:
        """The sentence about what is wrong with a text, else None."""
        if not text:
            return "is empty" if self.required else None
        if text != text.strip():
            return f"{text!r} begins or ends with a blank"
        if len(text) > self.length:
            return f"{text!r} has {len(text)} characters, more than {self.length}"
        outside = (_OUTSIDE_IDENTIFIER if self.identifier else _OUTSIDE_TEXT).search(text)
        if outside:
            return (
                f"{text!r} holds {outside.group()!r} at place {outside.start() + 1}; allowed are letters, digits,"
                " blank and / ? : - ( ) . , ' +"
            )
        if self.identifier and (text.startswith("/") or text.endswith("/") or "//" in text):
            return f"{text!r} begins or ends with a slash or has two in a row"
        return None


NAME = TextRule(NAME_LENGTH)
ADDRESS = TextRule(ADDRESS_LENGTH)
TITLE = TextRule(TITLE_LENGTH)
OPTIONAL_TITLE = TextRule(TITLE_LENGTH, required=False)
IDENTIFIER = TextRule(IDENTIFIER_LENGTH, identifier=True)


def check_batch(batch: OrderBatch) -> None:
    """Refuse a batch that breaks a limit.

    Raises:
        OrderError: names the order, the field, the rule and the value.
    """
    name = f"batch {batch.message_id}"
    for field, text, rule in (
        ("message_id", batch.message_id, IDENTIFIER),
        ("initiating_party", batch.initiating_party, NAME),
    ):
        reason = rule.broken_by(text)
        if reason:
            raise OrderError(name, field, reason)
    for order in batch.orders:
        for field, reason in _broken(order):
            raise OrderError(order.end_to_end_id or order.instruction_id, field, reason)


def _broken(order: CreditTransfer) -> Iterator[tuple[str, str]]:
    title = TITLE if order.kind is OrderKind.DOMESTIC else OPTIONAL_TITLE
    texts = [
        ("end_to_end_id", order.end_to_end_id, IDENTIFIER),
        ("instruction_id", order.instruction_id, IDENTIFIER),
        ("remittance", order.remittance, title),
    ]
    for side, party in (("debtor", order.debtor), ("creditor", order.creditor)):
        texts.append((f"{side}.name", party.name, NAME))
        texts += [(f"{side}.address_lines", line, ADDRESS) for line in party.address_lines]
        yield from _broken_party(side, party)
    for field, text, rule in texts:
        reason = rule.broken_by(text)
        if reason:
            yield field, reason


def _broken_party(side: str, party: Party) -> Iterator[tuple[str, str]]:
    if len(party.address_lines) > ADDRESS_LINES:
        yield f"{side}.address_lines", f"has {len(party.address_lines)} lines, more than {ADDRESS_LINES}"
    if party.bic is not None and not _BIC.fullmatch(party.bic):
        yield f"{side}.bic", f"{party.bic!r} is not a BIC"
    if party.country is not None and not re.fullmatch(r"[A-Z]{2}", party.country):
        yield f"{side}.country", f"{party.country!r} is not a country code of two letters"

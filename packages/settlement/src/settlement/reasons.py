"""The reasons a proposal may give: stable codes with their English sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from settlement.values import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS: Final[Mapping[str, str]] = {
    # what identifies the item
    "invoice_number": 'invoice number {number} found in the title as "{found}"',
    "invoice_number_part": 'the title names "{found}", which can be invoice number {number}',
    "invoice_number_split_payment": 'the split-payment field /INV/ names {number} ("{found}")',
    "ksef": "KSeF number {ksef} found in the title",
    "reference": "the entry bears {reference}, the reference of {number}",
    "virtual_account": "paid to virtual account {account}",
    # what identifies the party
    "account_known": "the counterparty's account is known as that of {party}",
    "nip": "NIP {nip} of {party} found",
    "name": "the counterparty's name agrees with {party}",
    "name_part": "the counterparty's name resembles {party}",
    # the amount
    "amount_exact": "the amount {amount} {currency} agrees exactly",
    "amount_sum": "the amount is exactly the sum of {count} items",
    "amount_part": "part payment: {amount} of {open} {currency} open",
    "amount_difference": "the amount differs by {difference} {currency}, within the tolerance",
    "amount_over": "overpayment: {excess} {currency} more than is open",
    "amount_oldest_first": "no item or sum has this amount: given to the oldest items first",
    # doubts
    "ambiguous": "ambiguous: {count} possibilities speak nearly as well for themselves",
    "number_ambiguous": "the number {number} is borne by {count} open items",
    "number_not_open": 'the title names "{found}", which is not among the open items',
    "number_maybe_day": '"{found}" in the title can be a day or a month instead of invoice number {number}',
    "number_other_word": '"{found}" in the title goes with "{word}", which is no word for an invoice',
    "number_unsaid": 'nothing says that "{found}" is an invoice number, and nothing points to {party}',
    "other_debt": 'the title speaks of something else than an invoice: "{word}"',
    "comes_back": 'the title speaks of money that comes back: "{word}"',
    "title_too_long": "the title is too long: only its beginning was read",
    "number_names_other": "the title names another item",
    "numbers_left_out": "the title names items that the amount leaves out",
    "several_parties": "the items named belong to {count} parties",
    "account_of_other": "the counterparty's account is that of {party}",
    "virtual_account_of_other": "virtual account {account} is that of {party}",
    "virtual_account_differs": "{number} is to be paid to virtual account {own}, not to {account}",
    "nip_of_other": "NIP {nip} is that of {party}",
    "account_differs": "the account is none of those known for {party}",
    "name_of_other": "the counterparty's name is that of {party}",
    "name_differs": "the counterparty's name is not that of {party}",
    "paid_early": "paid {days} days before the date of {number}",
    "already_settled": "{number} is already settled by entry {entry}",
    "payment_return": "incoming money for a payment that was sent: it may be a return",
    "amount_shared": "{count} open items have this amount, and nothing points to {party}",
    "amount_only": "{count} open items have this amount, but nothing else speaks for them",
    "currency_differs": "{number} is open in {currency}, not in the currency of the entry",
    "direction_differs": "{number} is open, but not for money going this way",
    "zero_amount": "the entry moves no money",
    "no_evidence": "nothing in the entry points to an open item",
}


def reason(code: str, **params: object) -> Reason:
    """Make a reason of a code known in `TEXTS`, its parameters turned to text."""
    values = {name: str(value) for name, value in params.items()}
    return Reason(code, values, TEXTS[code].format(**values))

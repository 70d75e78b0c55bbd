"""Order batches as JSON.

The form, all keys required unless said otherwise, no others allowed::

    {
      "message_id": "ALFA-2026-0001",              used once ever, at most 35 characters
      "created_at": "2026-01-05T10:00:00+01:00",   with a time zone
      "initiating_party": "Alfa sp. z o.o.",
      "orders": [
        {
          "kind": "domestic",                      or "sepa"
          "debtor": {
            "name": "Alfa sp. z o.o.",             at most 70 characters
            "address_lines": ["ul. Polna 1"],      optional, at most two of 35
            "account": "PL...",                    NRB or IBAN
            "bic": null,                           optional
            "country": "PL"                        optional
          },
          "creditor": { ... },                     as the debtor
          "amount": "1230.00",                     text or number, at most two decimals
          "currency": "PLN",                       EUR for sepa
          "remittance": "FV 1/2026",               at most 140 characters
          "end_to_end_id": "FV-1-2026",            at most 35
          "instruction_id": "ALFA-2026-0001-1",    used once ever, at most 35
          "execution_date": "2026-01-05"
        }
      ]
    }
"""

import json
import re
from decimal import Decimal

from companynet.domain.json_values import JsonReader
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import FormatError

_AMOUNT = re.compile(r"\d{1,18}(?:\.\d{1,5})?", re.ASCII)
_BATCH = frozenset({"message_id", "created_at", "initiating_party", "orders"})
_ORDER = frozenset(
    {
        "kind",
        "debtor",
        "creditor",
        "amount",
        "currency",
        "remittance",
        "end_to_end_id",
        "instruction_id",
        "execution_date",
    }
)
_PARTY = frozenset({"name", "account"})
_PARTY_OPTIONAL = frozenset({"address_lines", "bic", "country"})


def read_batch(data: bytes, source: str) -> OrderBatch:
    """Read a batch from JSON in UTF-8.

    Raises:
        FormatError: it is not JSON of this form; names the key.
        OrderError: an order breaks a rule.
    """
    try:
        # Amounts written as numbers must not pass through binary fractions.
        values = json.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise FormatError(source, f"byte {error.start}", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise FormatError(source, f"line {error.lineno}, column {error.colno}", error.msg) from None
    except RecursionError:
        raise FormatError(source, "the file", "is nested too deep") from None
    return batch_from_json(values, source)


def batch_from_json(values: object, source: str = "batch") -> OrderBatch:
    """The batch of plain JSON values.

    Raises:
        FormatError: a key is missing, unknown, or of the wrong type.
        OrderError: an order breaks a rule.
    """
    reader = _Reader(source)
    batch = reader.mapping(values, "the batch", _BATCH)
    orders = reader.items(batch, "orders", "the batch")
    return OrderBatch(
        message_id=reader.text(batch, "message_id", "the batch"),
        created_at=reader.time(batch, "created_at", "the batch"),
        initiating_party=reader.text(batch, "initiating_party", "the batch"),
        orders=tuple(reader.order(item, f"orders[{index}]") for index, item in enumerate(orders)),
    )


class _Reader(JsonReader):
    def order(self, values: object, place: str) -> CreditTransfer:
        """One order."""
        order = self.mapping(values, place, _ORDER)
        kind = self.text(order, "kind", place)
        if kind not in {item.value for item in OrderKind}:
            words = " or ".join(item.value for item in OrderKind)
            raise FormatError(self.source, f"{place}.kind", f"{kind!r} is not {words}")
        return CreditTransfer(
            kind=OrderKind(kind),
            debtor=self.party(order["debtor"], f"{place}.debtor"),
            creditor=self.party(order["creditor"], f"{place}.creditor"),
            amount=self.amount(order["amount"], f"{place}.amount"),
            currency=self.text(order, "currency", place),
            remittance=self.text(order, "remittance", place),
            end_to_end_id=self.text(order, "end_to_end_id", place),
            instruction_id=self.text(order, "instruction_id", place),
            execution_date=self.day(order, "execution_date", place),
        )

    def party(self, values: object, place: str) -> Party:
        """A debtor or creditor."""
        party = self.mapping(values, place, _PARTY, _PARTY_OPTIONAL)
        lines = party.get("address_lines") or []
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise FormatError(self.source, f"{place}.address_lines", "is not a list of texts")
        return Party(
            name=self.text(party, "name", place),
            address_lines=tuple(lines),
            account=self.text(party, "account", place),
            bic=self.optional(party, "bic", place),
            country=self.optional(party, "country", place),
        )

    def amount(self, value: object, place: str) -> Decimal:
        """An amount, as text or number."""
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return Decimal(value)
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return Decimal(value)
        raise FormatError(self.source, place, f'{value!r} is not an amount such as "1230.00"')


def batch_to_json(batch: OrderBatch) -> dict[str, object]:
    """The plain JSON values of a batch, which :func:`batch_from_json` reads back."""
    return {
        "message_id": batch.message_id,
        "created_at": batch.created_at.isoformat(),
        "initiating_party": batch.initiating_party,
        "orders": [_order_to_json(order) for order in batch.orders],
    }


def _order_to_json(order: CreditTransfer) -> dict[str, object]:
    return {
        "kind": order.kind.value,
        "debtor": _party_to_json(order.debtor),
        "creditor": _party_to_json(order.creditor),
        "amount": format(order.amount, "f"),
        "currency": order.currency,
        "remittance": order.remittance,
        "end_to_end_id": order.end_to_end_id,
        "instruction_id": order.instruction_id,
        "execution_date": order.execution_date.isoformat(),
    }


def _party_to_json(party: Party) -> dict[str, object]:
    return {
        "name": party.name,
        "address_lines": list(party.address_lines),
        "account": party.account,
        "bic": party.bic,
        "country": party.country,
    }

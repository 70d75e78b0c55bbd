"""ELIXIR-0 (PLI) files of domestic transfers, for the file import of CompanyNet.  # S-110, L-120

No header, one order a line: CRLF after each, fields parted by commas, texts in double quotes, ``|`` between the lines
of a text. All values come from the batch, so the same batch is the same bytes. The form has no place for the batch's
ids and the instruction ids.
"""

from decimal import Decimal
from typing import Final

from companynet.domain.account import Nrb
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import OrderError, ProfileError
from companynet.formats.order_rules import check_batch
from companynet.formats.title import read_title

#: The code page CompanyNet takes is not public.  # L-109
CODE_PAGE: Final = "cp1250"

_LINE: Final = 35  # S-110
_TRANSFER: Final = "110"
_ORDINARY, _SPLIT_PAYMENT = "51", "53"


def write(batch: OrderBatch, code_page: str = CODE_PAGE) -> bytes:
    """The file of a batch.

    An order whose title has the form of a split payment becomes one (``53``).  # S-103

    Args:
        batch: domestic orders alone.
        code_page: of the file, by Python's name.

    Raises:
        OrderError: an order breaks a rule or is not domestic; it names the order and the field. Nothing was written.
        ProfileError: the code page is not known.
    """
    try:
        "".encode(code_page)
    except LookupError:
        raise ProfileError(f"the code page {code_page!r} is not known") from None
    check_batch(batch)
    return b"".join(_encoded(order, _record(order), code_page) for order in batch.orders)


def _record(order: CreditTransfer) -> str:
    if order.kind is not OrderKind.DOMESTIC:
        reason = f"{order.kind.value!r}: ELIXIR-0 holds transfers in PLN to accounts in Poland only"
        raise OrderError(order.end_to_end_id, "kind", reason)
    payer, payee = Nrb(order.debtor.account), Nrb(order.creditor.account)
    fields = (
        _TRANSFER,
        f"{order.execution_date:%Y%m%d}",
        str(int(order.amount * 100)),
        payer.sort_code,
        "0",
        _quoted(payer.digits),
        _quoted(payee.digits),
        _quoted(_party(order.debtor)),
        _quoted(_party(order.creditor)),
        "0",
        payee.sort_code,
        _quoted(_lines(order.remittance)),
        _quoted(""),
        _quoted(""),
        _quoted(_kind(order)),
        _quoted(order.end_to_end_id),
    )
    return ",".join(fields) + "\r\n"


def _kind(order: CreditTransfer) -> str:
    """Ordinary, or split payment by its title."""
    vat = read_title(order.remittance).get("vat_amount")
    if vat is None:
        if order.remittance.upper().startswith("/VAT/"):
            reason = f"{order.remittance!r} begins as the title of a split payment and is none"
            raise OrderError(order.end_to_end_id, "remittance", reason)
        return _ORDINARY
    if Decimal(vat) > order.amount:
        raise OrderError(
            order.end_to_end_id, "remittance", f"its VAT of {vat} is more than the amount {order.amount}"
        )
    return _SPLIT_PAYMENT


def _party(party: Party) -> str:
    return "|".join([*_cut(party.name), *party.address_lines])


def _lines(text: str) -> str:
    return "|".join(_cut(text))


def _cut(text: str) -> list[str]:
    """Lines of 35 characters that give the text when they are joined with nothing.  # L-110"""
    return [text[start : start + _LINE] for start in range(0, len(text), _LINE)]


def _quoted(text: str) -> str:
    # The allowed characters have neither a quote nor a bar.
    return f'"{text}"'


def _encoded(order: CreditTransfer, record: str, code_page: str) -> bytes:
    try:
        return record.encode(code_page)
    except UnicodeEncodeError as error:
        character = record[error.start]
    raise OrderError(order.end_to_end_id, "text", f"holds {character!r}, which the code page {code_page} lacks")

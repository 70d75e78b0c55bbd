"""Read the invoice numbers out of a title, in all the forms people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from settlement.reader import Reader
from settlement.readings import Candidate, Run, TitleReading
from settlement.words import BROKEN_DEBT, OTHER_DEBT, OTHER_STEMS, RETURNS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

LONGEST_TEXT: Final = 2000
"""Signs of a text that are read; no format of the bank lets a title have as many."""
_LONGEST_WORD: Final = 30
_DIGIT = re.compile(r"[0-9]")
# S-252: /VAT/ amount /IDC/ NIP /INV/ number /TXT/ text; a bank's folding may put a blank inside a tag.
_SPLIT_PAYMENT = re.compile(r"/ ?I ?N ?V ?/(?P<inv>.*?)(?:/ ?T ?X ?T ?/|$)", re.DOTALL)
_SPLIT_PAYMENT_LEAD = re.compile(r"/ ?V ?A ?T ?/ ?[0-9 ]+(?:,[0-9 ]+)? ?/ ?I ?D ?C ?/[^/]*")
# Amounts, accounts and KSeF numbers hold digits that are no invoice's. Every part is bounded: work grows as the text.
_WHOLE = r"(?<![0-9])(?:[0-9]{1,3}(?:[ .][0-9]{3}){1,4}|[0-9]{1,12})"
_NO_NUMBERS = re.compile(
    rf"{_WHOLE}[.,][0-9]{{2}} ?(?:PLN|ZL|EUR|USD|GBP|CHF)\b|\bKWOT[AYE] ?:? ?{_WHOLE}(?![0-9])(?:[.,][0-9]{{2}})?|"
    r"\b(?:PL)?[0-9]{26}\b|\b(?:PL)?[0-9]{2}(?: [0-9]{4}){6}\b|"
    r"[0-9]{10}-20[0-9]{6}-[0-9A-F ]{12,14}- ?[0-9A-F]{2}\b|"
    r"\bNIP:? ?(?:PL)? ?[0-9]{3}[- ]?[0-9]{2,3}[- ]?[0-9]{2}[- ]?[0-9]{2,3}\b"
)


def split_payment_invoice(folded: str) -> str | None:
    """What stands in /INV/ of a split-payment title."""
    match = _SPLIT_PAYMENT.search(folded)
    return match["inv"].strip() if match else None


def other_words(texts: Iterable[str]) -> tuple[str, str]:
    """Words by which folded texts name another debt than an invoice, and by which money comes back; empty if none.

    A bank's folding may have put a blank into one.
    """
    debt = back = ""
    for text in texts:
        joined = text.replace(" ", "")
        if not OTHER_STEMS.search(joined):
            continue
        for found in (OTHER_DEBT.search(text), BROKEN_DEBT.search(joined)):
            debt = debt or (found[0] if found else "")
        for found in (RETURNS.search(text), RETURNS.search(joined)):
            back = back or (found[0] if found else "")
    return debt[:_LONGEST_WORD], back[:_LONGEST_WORD]


def read_title(
    folded: str, day: dt.date, labelled: Sequence[str] = (), references: Sequence[str] = ()
) -> TitleReading:
    """Read a title.

    Args:
        folded: the remittance text, folded.
        day: of the entry; what can be a day near it is no sure number.
        labelled: invoice numbers that a field of their own holds, folded.
        references: numbers that may be an item's, or anything else of the payer's, folded.
    """
    inv = split_payment_invoice(folded)
    labels = dict.fromkeys(text for text in ((inv, *labelled) if inv else labelled) if text.strip())
    rest = _SPLIT_PAYMENT_LEAD.sub(" ", _SPLIT_PAYMENT.sub(" ", folded)) if inv else folded
    texts = [(f"FV {_NO_NUMBERS.sub(' # ', text)}", True) for text in labels]
    texts.append((_NO_NUMBERS.sub(" # ", rest), True))
    texts.extend((f"FV {text}", False) for text in references if text.strip())
    candidates: dict[tuple[str, int], Candidate] = {}
    runs: list[Run] = []
    whole = True
    for text, says_so in texts:
        if not _DIGIT.search(text):
            continue
        reader = Reader(text, day, len(runs), says_so=says_so)
        whole = whole and reader.whole
        for candidate in reader.candidates():
            known = candidates.get((candidate.key, candidate.run))
            if known is None or known.rank < candidate.rank:
                candidates[candidate.key, candidate.run] = candidate
        runs.extend(reader.runs())
    return TitleReading(tuple(candidates.values()), tuple(runs), whole)

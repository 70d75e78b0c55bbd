"""Matching of bank statement entries to open items: arithmetic, no database, no ERP, no bank.

`Matcher(items).match_all(entries)` gives a `Proposal` for each entry: to settle automatically, to propose, or
nothing, with the items, the amounts and the reasons.
"""

from settlement.matcher import Matcher
from settlement.reasons import TEXTS as REASON_TEXTS
from settlement.values import (
    Allocation,
    Decision,
    Entry,
    Kind,
    MatchConfig,
    OpenItem,
    Proposal,
    Reason,
)

__all__ = [
    "REASON_TEXTS",
    "Allocation",
    "Decision",
    "Entry",
    "Kind",
    "MatchConfig",
    "Matcher",
    "OpenItem",
    "Proposal",
    "Reason",
]

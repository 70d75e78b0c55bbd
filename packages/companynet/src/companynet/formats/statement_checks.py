"""Whether the figures of a statement agree with each other, and whether all of it is there.  # S-107, L-119"""

from collections import Counter
from collections.abc import Collection, Sequence
from decimal import Decimal

from companynet.domain.statement import Entry, EntryTotal, Problem, Statement


def check_statement(statement: Statement, tags: Collection[str], lines: Sequence[int]) -> list[Problem]:
    """All that does not agree in a statement that was read.

    Args:
        statement: as read.
        tags: the tags its block has.
        lines: the line of each entry in the file.
    """
    problems = _missing_fields(statement, tags)
    if statement.format == "MT942":
        problems += _check_totals(statement)
    else:
        problems += _check_balance(statement)
    return problems + _repeated_numbers(statement, lines)


def _missing_fields(statement: Statement, tags: Collection[str]) -> list[Problem]:
    wanted = {"20": ("20",), "28C": ("28C", "28")}
    if statement.format == "MT942":
        wanted |= {"90D": ("90D",), "90C": ("90C",)}
    else:
        wanted |= {"60F": ("60F", "60M"), "62F": ("62F", "62M")}
    missing = {
        "20": "it has no reference",
        "28C": "it has no number",
        "60F": "it has no opening balance, so its entries cannot be checked",
        "62F": "it has no closing balance, so its entries cannot be checked",
        "90D": "the bank's total of debits is missing, so the entries cannot be checked",
        "90C": "the bank's total of credits is missing, so the entries cannot be checked",
    }
    return [
        Problem("missing_field", f"the statement of {statement.account} lacks :{tag}:: {missing[tag]}", f":{tag}:")
        for tag, accepted in wanted.items()
        if not set(accepted) & set(tags)
    ]


def _check_balance(statement: Statement) -> list[Problem]:
    opening, closing = statement.opening_balance, statement.closing_balance
    if opening is None or closing is None:
        return []
    moved = sum((entry.amount for entry in statement.entries), Decimal(0))
    computed = opening.amount + moved
    if computed == closing.amount:
        return []
    text = (
        f"opening {opening.amount} and {len(statement.entries)} entries of together {moved} make {computed}"
        f" {statement.currency}, but the closing balance is {closing.amount} {closing.currency}"
    )
    return [Problem("balance", text, ":62F:")]


def _check_totals(statement: Statement) -> list[Problem]:
    incoming = [entry for entry in statement.entries if entry.amount > 0]
    outgoing = [entry for entry in statement.entries if entry.amount < 0]
    problems = _check_total("90D", "debits", statement.debits, outgoing)
    return problems + _check_total("90C", "credits", statement.credits, incoming)


def _check_total(tag: str, words: str, total: EntryTotal | None, entries: Sequence[Entry]) -> list[Problem]:
    if total is None:
        return []
    moved = abs(sum((entry.amount for entry in entries), Decimal(0)))
    if (total.count, total.amount) == (len(entries), moved):
        return []
    text = (
        f"the bank counts {total.count} {words} of together {total.amount} {total.currency},"
        f" but {len(entries)} of together {moved} were read"
    )
    return [Problem("totals", text, f":{tag}:")]


def _repeated_numbers(statement: Statement, lines: Sequence[int]) -> list[Problem]:
    seen: Counter[str] = Counter()
    problems = []
    for entry, line in zip(statement.entries, lines, strict=True):
        number = entry.transaction_number
        if number is None:
            continue
        seen[number] += 1
        if seen[number] > 1:
            text = f"the transaction number {number} stands at {seen[number]} entries of one statement"
            problems.append(Problem("repeated_transaction", text, f"line {line}, :86:"))
    return problems

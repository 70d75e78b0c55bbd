"""The running day of an account written as MT942 in the exact form of mBank.  # S-204, L-229, L-241"""

from datetime import datetime

from companynet_sandbox.books.clock import ZONE
from companynet_sandbox.formats.mt940 import CODE_PAGE, StatementDay, amount_text, entry_lines


def write(statement: StatementDay, now: datetime) -> bytes:
    """The account's block: floor of nothing, the moment with its zone, the entries so far, counts and sums."""
    local = now.astimezone(ZONE)
    lines = [
        "\x01",
        f":20:ST{statement.day:%y%m%d}CYC/0001",
        f":25:PL{statement.account}",
        f":28C:{statement.number}/1",
        f":34F:{statement.currency}0",
        f":13D:{local:%y%m%d%H%M%z}",
    ]
    for entry in statement.entries:
        lines += entry_lines(entry, statement.currency)
    for mark, amounts in (
        ("D", [entry.amount for entry in statement.entries if entry.amount < 0]),
        ("C", [entry.amount for entry in statement.entries if entry.amount > 0]),
    ):
        lines.append(f":90{mark}:{len(amounts)}{statement.currency}{amount_text(sum(amounts))}")
    lines.append("-\x03")
    return "".join(f"{line}\r\n" for line in lines).encode(CODE_PAGE)

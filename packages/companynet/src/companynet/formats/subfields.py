"""Another bank's text of an entry: a code, then ``^20``, ``<20``, ``~20``, ``>20``, ``+20`` or ``?20`` subfields.

Read as far as the banks agree: titles in 20 to 25 (60 to 63 as details), names in 32 and 33 (or 27 to 29),
accounts in 38 (or 26, 31). All others are details.  # S-106
"""

import re

from companynet.domain.account import normalise
from companynet.formats.information import Information
from companynet.formats.title import read_title

SUBFIELDS = r"\s*(\d{3})([\^<~>+?])(?=\d{2})"
"""How such a text begins, as a pattern."""

_FORM = re.compile(SUBFIELDS)
_TITLE = tuple(f"{number:02d}" for number in range(20, 26))  # S-106
_NAMES = (("32", "33"), ("27", "28", "29"))
_ACCOUNTS = ("38", "26", "31")


def has_subfields(text: str) -> bool:
    """Whether the text of a :86: has the form of other banks."""
    return _FORM.match(text) is not None


def read_subfields(text: str) -> Information:
    """Read the joined text of a :86: for which :func:`has_subfields` holds."""
    form = _FORM.match(text)
    if form is None:
        raise ValueError("the text has no subfields")
    info = Information(code=form[1])
    pieces: dict[str, list[str]] = {}
    for match in re.finditer(
        rf"{re.escape(form[2])}(\d{{2}})(.*?)(?={re.escape(form[2])}\d{{2}}|$)", text, re.DOTALL
    ):
        pieces.setdefault(match[1], []).append(match[2])
    values = {number: "".join(parts) for number, parts in pieces.items()}
    used = set(_TITLE)
    info.remittance = "".join(values.get(number, "") for number in _TITLE).strip()
    for numbers in _NAMES:
        name = "".join(values.get(number, "") for number in numbers).strip()
        if name:
            info.counterparty_name = name
            used.update(numbers)
            break
    for number in _ACCOUNTS:
        if values.get(number, "").strip():
            info.counterparty_account = normalise(values[number])
            used.add(number)
            break
    for number, value in values.items():
        if number not in used and value.strip():
            info.add("operation" if number == "00" else f"subfield_{number}", value.strip())
    for key, value in read_title(info.remittance).items():
        info.add(key, value)
    return info

"""MT940 and MT942 as the bank writes them, masked where they stand: lines, fields and lengths stay."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from companynet.domain.account import is_mbank
from companynet.formats.information import Segment, segments
from companynet.formats.subfields import has_subfields
from companynet.formats.swift import Block, Field, split_blocks
from companynet.testing.masking.masker import Masker

_MBANK: Final = re.compile(r"ST\d{6}CYC/\d+\s*", re.ASCII)  # L-100
_AMOUNT: Final = r"\d{1,15},\d{0,2}"
#: Fields without anything of anybody, by their form: what comes before the amount, and the amount.
_PLAIN: Final = {
    "20": re.compile(r"(ST\d{6}CYC/\d+\s*)()", re.ASCII),
    "28": re.compile(r"(\d+(?:/\d+)?\s*)()", re.ASCII),
    "28C": re.compile(r"(\d+(?:/\d+)?\s*)()", re.ASCII),
    "13D": re.compile(r"(\d{10}[+-]\d{4}\s*)()", re.ASCII),
    "34F": re.compile(rf"([A-Z]{{3}}[CD]?)({_AMOUNT}|\d+)\s*", re.ASCII),
    **dict.fromkeys(("90D", "90C"), re.compile(rf"(\d{{1,5}}[A-Z]{{3}})({_AMOUNT})\s*", re.ASCII)),
    **dict.fromkeys(
        ("60F", "60M", "62F", "62M", "64", "65"), re.compile(rf"([CD]\d{{6}}[A-Z]{{3}})({_AMOUNT})\s*", re.ASCII)
    ),
}
_ENTRY: Final = re.compile(
    rf"(\d{{6}}(?:\d{{4}})?(?:RC|RD|C|D)[A-Z]?)({_AMOUNT})([A-Z][A-Z0-9]{{3}})(.*)", re.ASCII | re.DOTALL
)
_BANK_REFERENCE: Final = re.compile(r"(?!CC)[A-Z]{2}[\d-]*\s*", re.ASCII)
#: Letters of a word in the name of an operation.
_LONGEST: Final = 14
_CODE_NAME: Final = re.compile(r"\d{1,4}-[^\d]*")
#: Values of labels that stay, if they have the form they should have: a label may be a word of somebody's title.
_KEPT: Final = {
    "transaction_number": re.compile(r"\d{15}\.\d{6}", re.ASCII),
    "stamp_date": re.compile(r"\d{2}\.\d{2}\.\d{4}", re.ASCII),
    "nostro_date": re.compile(r"\d{2}\.\d{2}\.\d{4}", re.ASCII),
    "exchange_currency": re.compile(r"[A-Z]{3}", re.ASCII),
    "exchange_rate": re.compile(r"\d{1,4}[.,]\d{1,6}", re.ASCII),
    "tax_form": re.compile(r"[A-Z]{3}-?\d{1,2}[A-Z]?", re.ASCII),
    "tax_period": re.compile(r"\d{2}[MKRDJP]\d{0,4}", re.ASCII),
}
_AMOUNTS: Final = {name: re.compile(r"\d{1,12}[.,]\d{2}", re.ASCII) for name in ("exchange_amount", "foreign_charge")}
_TAG: Final = re.compile(r"\x01*:\d{2}[A-Z]?:", re.ASCII)
#: Numbers of virtual accounts and cards: digits alone are anybody's.
_NUMBERS: Final = {
    "virtual_account": re.compile(r"XX\d+", re.ASCII),
    "card_number": re.compile(r"\d+", re.ASCII),
}
_SUBFIELD: Final = re.compile(r"([\^<~>+?]\d{2})")
_FRAME: Final = frozenset({"", "\x01", "-", "-\x03", "\x03", "-}"})


def mask_statement(text: str, masker: Masker) -> str:
    """A statement file, decoded, with any line ends."""
    lines = text.split("\n")
    endings = ["\r" if line.endswith("\r") else "" for line in lines]
    lines = [line.removesuffix("\r") for line in lines]
    blocks, _before = split_blocks("\n".join(lines))
    masked: dict[int, str] = {}
    for block in blocks:
        before: Field | None = None
        for field, following in zip(block.fields, [*block.fields[1:], None], strict=True):
            made = _field(field, before, block, masker)
            before = field
            # The next line of a field is the next one with its text: blank lines may lie between.
            place = field.line - 1
            for number, (old, new) in enumerate(zip(field.lines, made, strict=True)):
                if number:
                    place = lines.index(old, place + 1, following.line - 1 if following else len(lines))
                masked[place] = new
    first = {field.line - 1 for block in blocks for field in block.fields}
    done = []
    for number, (line, ending) in enumerate(zip(lines, endings, strict=True)):
        written = masked.get(number)
        if written is None:
            written = line if line.strip() in _FRAME else masker.text(line)
        if tag := _TAG.match(line):
            # What looks like a field inside a text must not become one.
            written = tag[0] + (written if number in first else written[tag.end() :])
        done.append(written + ending)
    return "\n".join(done)


def _field(field: Field, before: Field | None, block: Block, masker: Masker) -> list[str]:
    first, *rest = field.lines
    if field.tag == "86":
        return _information(field.lines, before.lines[1:2] if before else [], block, masker)
    if field.tag == "61":
        return _entry(field.lines, masker)
    if field.tag == "25":
        return [masker.account(first), *map(masker.text, rest)]
    plain = _PLAIN[field.tag].fullmatch(first) if field.tag in _PLAIN else None
    made = plain[1] + (masker.amount(plain[2]) if plain[2] else "") if plain else masker.text(first)
    return [made, *map(masker.text, rest)]


def _entry(lines: list[str], masker: Masker) -> list[str]:
    match = _ENTRY.fullmatch(lines[0])
    if match is None:
        return [masker.text(line) for line in lines]
    head, amount, kind, references = match.groups()
    customer, parted, bank = references.rpartition("//")
    if not parted:
        customer, bank = bank, ""
    first = f"{head}{masker.amount(amount)}{kind}{_customer_reference(customer, masker)}{parted}"
    first += _bank_reference(bank, customer, masker)
    return [first, *(line if _CODE_NAME.fullmatch(line) else masker.text(line) for line in lines[1:])]


def _customer_reference(text: str, masker: Masker) -> str:
    if text.strip().upper() in {"", "NONREF", "NONE"}:
        return text
    return masker.digits(text) if text.strip().isdecimal() else masker.text(text)


def _bank_reference(text: str, customer: str, masker: Masker) -> str:
    if _BANK_REFERENCE.fullmatch(text):
        return text
    number = text.removeprefix("CC").strip()
    if text.startswith("CC") and number and customer.strip().startswith(number):
        # The first digits of the card of this entry.  # L-108
        return f"CC{masker.digits(customer.strip())[: len(number)]}"
    return masker.text(text)


def _information(lines: list[str], code_name: list[str], block: Block, masker: Masker) -> list[str]:
    """The lines of a :86:; ``code_name`` is the second line of its :61:."""
    text = "".join(lines)
    if has_subfields(text):
        pieces = _SUBFIELD.split(text)
        made = "".join(piece if _SUBFIELD.fullmatch(piece) else masker.text(piece) for piece in pieces)
    elif _is_mbank(block):
        made = _segments(text, _words(code_name), masker)
    else:
        made = masker.text(text)
    # Every value keeps its length, so the lines part where they parted.
    cut = []
    start = 0
    for line in lines:
        cut.append(made[start : start + len(line)])
        start += len(line)
    return cut


def _is_mbank(block: Block) -> bool:
    values = {field.tag: field.lines[0] for field in block.fields if field.tag in {"20", "25"}}
    return bool(_MBANK.fullmatch(values.get("20", ""))) or is_mbank(values.get("25", ""))


def _words(lines: list[str]) -> list[str]:
    return [word.casefold() for line in lines for word in re.findall(r"[^\W\d_]{4,}", line)]


def _segments(text: str, named: list[str], masker: Masker) -> str:
    made = []
    end = 0
    for number, segment in enumerate(segments(text)):
        made.append(text[end : segment.value])
        value = text[segment.value : segment.end]
        operation = segment.key is None and number == 0
        made.append(_operation(value, named, masker) if operation else _value(value, segment, masker))
        end = segment.end
    return "".join([*made, text[end:]])


def _value(value: str, segment: Segment, masker: Masker) -> str:
    key, plain = segment.key, value.strip()
    if key is None:
        return masker.text(value)
    if key in _KEPT and _KEPT[key].fullmatch(plain):
        return value
    if key in _AMOUNTS and _AMOUNTS[key].fullmatch(plain):
        return masker.shaped_amount(value)
    if key in _NUMBERS and _NUMBERS[key].fullmatch(plain):
        return masker.digits(value)
    return _LABELLED.get(key, Masker.text)(masker, value)


def _operation(value: str, named: list[str], masker: Masker) -> str:
    """The bank's code, and of the name of the operation the words by which the bank names that code; a file that is
    damaged may hold anything there."""
    code = re.match(r"\s*\d{1,4}(?=\s|$)", value, re.ASCII)
    head = code[0] if code else ""

    def word(match: re.Match[str]) -> str:
        plain = match[0].casefold()
        known = any(plain.startswith(name) or (len(plain) >= 4 and name.startswith(plain)) for name in named)
        return match[0] if known and plain.isalpha() and len(plain) <= _LONGEST else masker.text(match[0])

    return head + re.sub(r"[^\W_]+", word, value[len(head) :])


_LABELLED: Final[Mapping[str, Callable[[Masker, str], str]]] = {
    "counterparty_account": Masker.account,
    "counterparty": Masker.name,
    "tax_payer_name": Masker.name,
}

"""MT940 statements and MT942 reports: the fields of a block become a :class:`Statement`.  # S-102, L-100"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from companynet.domain.account import is_account, is_mbank
from companynet.domain.statement import Entry, Problem, Statement
from companynet.errors import FormatError
from companynet.formats.cards import Mask, card_digits, find_card_numbers
from companynet.formats.entry_line import EntryLine, read_entry_line
from companynet.formats.header_fields import read_balance, read_created, read_floor, read_total
from companynet.formats.information import Information, join, read_information
from companynet.formats.statement_checks import check_statement
from companynet.formats.subfields import has_subfields, read_subfields
from companynet.formats.swift import Block, Field, loose_text, split_blocks
from companynet.formats.text import Decoded, Note, quoted, shown

T = TypeVar("T")

_MBANK_REFERENCE = re.compile(r"ST\d{6}CYC/")  # L-100
_CHECKED_ACCOUNT = re.compile(r"[A-Z]{2}\d{2}\w{10,}|\d{26}", re.ASCII)
_INTRADAY = frozenset({"34F", "13D", "90D", "90C"})
_NOTES = 20
_LETTERS = {"N": "PLN", "R": "EUR", "D": "USD"}  # L-102


def read_mt940(decoded: Decoded, source: str) -> tuple[Statement, ...]:
    """Read the statements of a decoded file.

    Raises:
        FormatError: there is none, or one of them has no readable account or currency.
    """
    blocks, before = split_blocks(decoded.text)
    if not blocks:
        raise FormatError(source, "line 1", "no :20: or other field, so this is not an MT940 or MT942 statement")
    blocks[0].loose[:0] = before
    notes = _by_block(blocks, decoded.notes)
    return tuple(_BlockReader(block, source).read(own) for block, own in zip(blocks, notes, strict=True))


def _by_block(blocks: list[Block], notes: tuple[Note, ...]) -> list[list[Note]]:
    """The notes of each block; what stands before the first belongs to it."""
    starts = [block.line for block in blocks]
    found: list[list[Note]] = [[] for _block in blocks]
    for note in notes:
        found[max(bisect_right(starts, note.line) - 1, 0)].append(note)
    return found


class _BlockReader:
    def __init__(self, block: Block, source: str) -> None:
        self._block = block
        self._source = source
        self._problems: list[Problem] = []
        self._entries: list[Entry] = []
        self._lines: list[int] = []
        self._single: dict[str, Field] = {}
        self._pairs: list[tuple[Field, Field | None]] = []

    def read(self, notes: list[Note]) -> Statement:
        """The statement of the block.

        Args:
            notes: what was seen in its lines when they were decoded.
        """
        self._sort_fields()
        account = self._account()
        intraday = not {"60F", "60M"} & set(self._single) and bool(_INTRADAY & set(self._single))
        mbank = self._is_mbank(account)
        opening = self._figure(read_balance, "60F", "60M")
        closing = self._figure(read_balance, "62F", "62M")
        available = self._figure(read_balance, "64")
        debits, credits_ = self._figure(read_total, "90D"), self._figure(read_total, "90C")
        floor = self._figure(read_floor, "34F")
        known = [item.currency for item in (opening, closing, available, debits, credits_) if item]
        currency = self._currency([*known, *([floor[0]] if floor else [])])
        for line, information in self._pairs:
            self._read_entry(line, information, currency, mbank=mbank)
        statement = Statement(
            source=self._source,
            format="MT942" if intraday else "MT940",
            account=account,
            currency=currency,
            number=self._text("28C") or self._text("28"),
            reference=self._text("20"),
            opening_balance=opening,
            closing_balance=closing,
            available_balance=available,
            entries=tuple(self._entries),
            problems=(),
            created_at=self._figure(read_created, "13D"),
            floor_limit=floor[1] if floor else None,
            debits=debits,
            credits=credits_,
        )
        self._frame_problems(notes)
        self._problems.extend(check_statement(statement, self._block.tags, self._lines))
        return replace(statement, problems=tuple(self._problems))

    def _sort_fields(self) -> None:
        """Part the entries from the single fields; complain of all that is neither."""
        entry: Field | None = None
        for item in self._block.fields:
            if item.tag == "86":
                if entry is None:
                    self._complain("stray_information", f"the text {quoted(join(item.lines))} follows no entry", item)
                else:
                    self._pairs.append((entry, item))
                    entry = None
                continue
            if entry is not None:
                self._pairs.append((entry, None))
                entry = None
            if item.tag == "61":
                entry = item
            else:
                self._keep_single(item)
        if entry is not None:
            self._pairs.append((entry, None))

    def _keep_single(self, item: Field) -> None:
        if item.tag not in _SINGLE:
            self._complain("unknown_field", f"the field {quoted(item.text)} is not known and was not read", item)
        elif item.tag in self._single:
            self._complain("repeated_field", f"{quoted(item.text)} repeats a field that was there before", item)
        else:
            self._single[item.tag] = item
        for offset, line in enumerate(item.lines[1:], 1):
            if line.strip():
                self._problems.append(
                    Problem("stray_line", loose_text(item.line + offset, line), f"line {item.line + offset}")
                )

    def _text(self, tag: str) -> str | None:
        item = self._single.get(tag)
        return (item.text or None) if item else None

    def _account(self) -> str:
        item = self._single.get("25")
        if item is None:
            raise FormatError(self._source, f"line {self._block.line}", "the statement has no account field :25:")
        account = item.text.removeprefix("/")
        if not any(character.isdigit() for character in account):
            raise FormatError(self._source, item.place, f"{shown(account)} is not an account")
        checked = self._has_mbank_reference() or _CHECKED_ACCOUNT.fullmatch(account)
        if checked and not is_account(account):
            self._complain("account", f"the account {account} has wrong check digits or a wrong length", item)
        return account

    def _has_mbank_reference(self) -> bool:
        return bool(_MBANK_REFERENCE.match(self._text("20") or ""))

    def _is_mbank(self, account: str) -> bool:
        form = self._has_mbank_reference() or is_mbank(account)
        foreign = next((info for _line, info in self._pairs if info and has_subfields(join(info.lines))), None)
        if form and foreign is None:
            return True
        place = foreign.place if foreign else self._single["25"].place
        text = "this is another bank's file, not mBank's: it was read only as far as the standard goes"
        self._problems.append(Problem("other_bank", text, place))
        return False

    def _figure(self, read: Callable[[str], T], *tags: str) -> T | None:
        """The value of the first of the fields that is there; one that cannot be read is a problem."""
        item = next((self._single[tag] for tag in tags if tag in self._single), None)
        if item is None:
            return None
        try:
            return read(item.text)
        except ValueError as error:
            self._complain("field_unreadable", str(error), item)
            return None

    def _currency(self, found: list[str]) -> str:
        if found:
            for other in sorted(set(found) - {found[0]}):
                text = f"the balances are in {found[0]} and in {other}"
                self._problems.append(Problem("currency", text, f"line {self._block.line}"))
            return found[0]
        for line, _information in self._pairs:
            letter = re.match(r"\d{6,10}R?[CD]([A-Z])\d", line.text)
            if letter and letter[1] in _LETTERS:
                return _LETTERS[letter[1]]
        raise FormatError(
            self._source, f"line {self._block.line}", "no balance, limit or entry tells the currency of the statement"
        )

    def _read_entry(self, line: Field, information: Field | None, currency: str, *, mbank: bool) -> None:
        text = join(information.lines) if information else ""
        try:
            head = read_entry_line(line.lines)
        except ValueError as error:
            lost = f"the entry was left out: {error}; its lines are {quoted(_raw(line, information))}"
            self._complain("entry_unreadable", lost, line)
            return
        if head.currency_letter and head.currency_letter != currency[2]:
            self._complain(
                "currency", f"the entry's currency letter is {head.currency_letter}, not that of {currency}", line
            )
        for surplus in head.surplus:
            self._complain("stray_line", f"the line {quoted(surplus)} belongs to no field", line)
        info = _read_text(text, mbank=mbank)
        if mbank and information is None:
            self._complain("no_information", "the entry has no :86: with its text", line)
        for code, sentence in info.complaints:
            self._problems.append(Problem(code, sentence, information.place if information else line.place))
        self._entries.append(_entry(head, info, currency, _raw(line, information)))
        self._lines.append(line.line)

    def _frame_problems(self, notes: list[Note]) -> None:
        block = self._block
        if not block.ended and (block.framed or block.cut):
            self._problems.append(
                Problem(
                    "no_end_mark",
                    "the statement stops without its end mark: its last lines may be missing",
                    f"line {block.fields[-1].line}",
                )
            )
        for number, text in block.loose:
            self._problems.append(Problem("stray_line", loose_text(number, text), f"line {number}"))
        self._problems.extend(Problem(note.code, note.text, f"line {note.line}") for note in notes[:_NOTES])
        if len(notes) > _NOTES:
            text = f"{len(notes) - _NOTES} more lines hold control characters"
            self._problems.append(Problem("control_character", text, f"line {notes[_NOTES].line}"))

    def _complain(self, code: str, text: str, item: Field) -> None:
        self._problems.append(Problem(code, text, item.place))


_SINGLE = frozenset({"20", "25", "28", "28C", "60F", "60M", "62F", "62M", "64", "34F", "13D", "90D", "90C"})


def _read_text(text: str, *, mbank: bool) -> Information:
    if has_subfields(text):
        return read_subfields(text)
    if mbank:
        return read_information(text)
    return Information(remittance=text.strip())


def _raw(line: Field, information: Field | None) -> str:
    lines = [f":61:{line.lines[0]}", *line.lines[1:]]
    if information:
        lines += [f":86:{information.lines[0]}", *information.lines[1:]]
    return "\n".join(lines).rstrip("\n")


def _entry(head: EntryLine, info: Information, currency: str, raw: str) -> Entry:
    details = dict(info.details)
    code = head.code or info.code
    if info.code and info.code != code:
        details["information_code"] = info.code
    mask = _card_mask(head, details, raw)
    return Entry(
        value_date=head.value_date,
        booking_date=head.booking_date,
        amount=head.amount,
        currency=currency,
        type=head.type,
        code=code,
        code_name=head.code_name,
        customer_reference=_masked(mask, head.customer_reference),
        bank_reference=_masked(mask, head.bank_reference),
        counterparty_account=_masked(mask, info.counterparty_account),
        counterparty_name=_masked(mask, info.counterparty_name),
        counterparty_address=_masked(mask, info.counterparty_address),
        remittance=mask(info.remittance),
        transaction_number=info.transaction_number,
        virtual_account=info.virtual_account,
        details={key: mask(value) for key, value in details.items()} if mask else details,
        raw=mask(raw),
    )


_NO_MASK = Mask(())


def _card_mask(head: EntryLine, details: dict[str, str], raw: str) -> Mask:
    of_card = (head.bank_reference or "").startswith("CC")  # L-108
    numbers = {card_digits(value) for key, value in details.items() if "card_number" in key}
    if of_card:
        numbers.add(card_digits(head.customer_reference))
        numbers.update(find_card_numbers(raw))
    return Mask(number for number in numbers if number) if numbers else _NO_MASK


def _masked(mask: Mask, text: str | None) -> str | None:
    return mask(text) if text else text

"""Statements written as camt.053 (a day that is over) and camt.052 (a day so far), versions .02 and .08.  # S-231

Which elements the bank fills is not public; these are the ones that say what MT940 says.  # L-228, L-242
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Final

from lxml import etree

from companynet_sandbox.books.bankdays import moment
from companynet_sandbox.books.clock import ZONE
from companynet_sandbox.books.numbers import from_minor, is_iban
from companynet_sandbox.formats.mt940 import StatementDay, StatementEntry

#: BIC of the bank.  # L-106
_BIC: Final = "BREXPLPWXXX"
#: Root of the message, of a statement in it, kind of the last balance.
_MESSAGES: Final = {"053": ("BkToCstmrStmt", "Stmt", "CLBD"), "052": ("BkToCstmrAcctRpt", "Rpt", "ITBD")}
_TEXT_LENGTH: Final = 140  # S-231


def write(message: str, version: str, statements: Sequence[StatementDay], now: datetime) -> bytes:
    """One document with a statement for each account.

    Args:
        message: ``053`` or ``052``.
        version: ``02`` or ``08``.
        statements: of one day.
        now: the bank's time, UTC.

    Returns:
        UTF-8 with an XML declaration.
    """
    return _Writer(message, version, now).document(statements)


class _Writer:
    """Writes one document; what differs between the versions is in the methods that ask for it."""

    def __init__(self, message: str, version: str, now: datetime) -> None:
        self._namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}"
        self._message = message
        self._new = version == "08"
        self._now = now

    def document(self, statements: Sequence[StatementDay]) -> bytes:
        """The whole document."""
        root = etree.Element(self._name("Document"), nsmap={None: self._namespace})  # type: ignore[dict-item]
        kind, name, _last = _MESSAGES[self._message]
        body = self._add(root, kind)
        header = self._add(body, "GrpHdr")
        first = statements[0].account if statements else ""
        self._add(header, "MsgId", f"CN{self._now:%Y%m%d%H%M%S}{first[-16:]}")
        self._add(header, "CreDtTm", _stamp(self._now))
        for statement in statements:
            self._statement(self._add(body, name), statement)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _statement(self, element: etree._Element, statement: StatementDay) -> None:
        self._add(element, "Id", f"{statement.account[-16:]}-{statement.day:%Y%m%d}-{statement.number}")
        self._add(element, "ElctrncSeqNb", str(statement.number))
        self._add(element, "CreDtTm", _stamp(self._now))
        period = self._add(element, "FrToDt")
        self._add(period, "FrDtTm", _stamp(moment(statement.day, time(0))))
        self._add(period, "ToDtTm", _stamp(moment(statement.day, time(23, 59, 59))))
        account = self._add(element, "Acct")
        self._add(self._add(account, "Id"), "IBAN", f"PL{statement.account}")
        self._add(account, "Ccy", statement.currency)
        if statement.owner:
            self._add(self._add(account, "Ownr"), "Nm", statement.owner[:_TEXT_LENGTH])
        bank = self._add(self._add(account, "Svcr"), "FinInstnId")
        self._add(bank, "BICFI" if self._new else "BIC", _BIC)
        last = _MESSAGES[self._message][2]
        balances = [("OPBD", statement.opening), (last, statement.closing)]
        if last == "CLBD":
            balances.append(("CLAV", statement.closing))
        for code, amount in balances:
            self._balance(element, code, amount, statement)
        self._summary(element, statement)
        for entry in statement.entries:
            self._entry(element, entry, statement.currency)

    def _balance(self, parent: etree._Element, code: str, amount: int, statement: StatementDay) -> None:
        element = self._add(parent, "Bal")
        self._add(self._add(self._add(element, "Tp"), "CdOrPrtry"), "Cd", code)
        self._amount(element, amount, statement.currency)
        self._add(element, "CdtDbtInd", _mark(amount))
        self._add(self._add(element, "Dt"), "Dt", statement.day.isoformat())

    def _summary(self, parent: etree._Element, statement: StatementDay) -> None:
        amounts = [entry.amount for entry in statement.entries]
        element = self._add(parent, "TxsSummry")
        total = self._add(element, "TtlNtries")
        self._add(total, "NbOfNtries", str(len(amounts)))
        self._add(total, "Sum", from_minor(sum(map(abs, amounts))))
        net = sum(amounts)
        if self._new:
            total = self._add(total, "TtlNetNtry")
        self._add(total, "Amt" if self._new else "TtlNetNtryAmt", from_minor(abs(net)))
        self._add(total, "CdtDbtInd", _mark(net))
        for name, part in (
            ("TtlCdtNtries", [amount for amount in amounts if amount > 0]),
            ("TtlDbtNtries", [-amount for amount in amounts if amount < 0]),
        ):
            side = self._add(element, name)
            self._add(side, "NbOfNtries", str(len(part)))
            self._add(side, "Sum", from_minor(sum(part)))

    def _entry(self, parent: etree._Element, entry: StatementEntry, currency: str) -> None:
        element = self._add(parent, "Ntry")
        self._add(element, "NtryRef", entry.tnr)
        self._amount(element, entry.amount, currency)
        self._add(element, "CdtDbtInd", _mark(entry.amount))
        if entry.reversal:
            self._add(element, "RvslInd", "true")
        status = self._add(element, "Sts", "" if self._new else "BOOK")
        if self._new:
            self._add(status, "Cd", "BOOK")
        self._add(self._add(element, "BookgDt"), "Dt", entry.booked.isoformat())
        self._add(self._add(element, "ValDt"), "Dt", entry.valued.isoformat())
        self._add(element, "AcctSvcrRef", entry.bank_reference)
        self._code(element, entry)
        self._details(self._add(self._add(element, "NtryDtls"), "TxDtls"), entry, currency)
        self._add(element, "AddtlNtryInf", entry.information)

    def _details(self, element: etree._Element, entry: StatementEntry, currency: str) -> None:
        fields = dict(entry.fields)
        references = self._add(element, "Refs")
        self._add(references, "AcctSvcrRef", entry.bank_reference)
        reference = fields.get("REF. KLIENTA") or entry.customer_reference
        if reference:
            self._add(references, "EndToEndId", reference[:35])
        self._add(references, "TxId", entry.tnr)
        if fields.get("ID IPH"):
            virtual = self._add(references, "Prtry")
            self._add(virtual, "Tp", "IPH")
            self._add(virtual, "Ref", fields["ID IPH"][:35])
        if self._new:
            self._amount(element, entry.amount, currency)
            self._add(element, "CdtDbtInd", _mark(entry.amount))
        else:
            self._amount(self._add(self._add(element, "AmtDtls"), "TxAmt"), entry.amount, currency)
        self._code(element, entry)
        self._parties(element, fields)
        if fields.get("TYT."):
            remittance = self._add(element, "RmtInf")
            title = fields["TYT."]
            for start in range(0, len(title), _TEXT_LENGTH):
                self._add(remittance, "Ustrd", title[start : start + _TEXT_LENGTH])

    def _parties(self, parent: etree._Element, fields: dict[str, str]) -> None:
        sides = (("Dbtr", "OD", "Z RACH."), ("Cdtr", "DLA", "NA RACH."))
        if not any(fields.get(label) for _tag, *labels in sides for label in labels):
            return
        element = self._add(parent, "RltdPties")
        for tag, name, account in sides:
            if fields.get(name):
                party = self._add(element, tag)
                self._add(self._add(party, "Pty") if self._new else party, "Nm", fields[name][:_TEXT_LENGTH])
            if fields.get(account):
                number = self._add(self._add(element, f"{tag}Acct"), "Id")
                iban = next((form for form in (f"PL{fields[account]}", fields[account]) if is_iban(form)), "")
                if iban:
                    self._add(number, "IBAN", iban)
                else:
                    self._add(self._add(number, "Othr"), "Id", fields[account][:34])

    def _code(self, parent: etree._Element, entry: StatementEntry) -> None:
        code = self._add(self._add(parent, "BkTxCd"), "Prtry")
        self._add(code, "Cd", entry.code)
        self._add(code, "Issr", "mBank")

    def _amount(self, parent: etree._Element, amount: int, currency: str) -> None:
        self._add(parent, "Amt", from_minor(abs(amount))).set("Ccy", currency)

    def _name(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"

    def _add(self, parent: etree._Element, name: str, text: str = "") -> etree._Element:
        element = etree.SubElement(parent, self._name(name))
        if text:
            element.text = text
        return element


def _mark(amount: int) -> str:
    return "CRDT" if amount >= 0 else "DBIT"


def _stamp(at: datetime) -> str:
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(ZONE).isoformat(timespec="seconds")

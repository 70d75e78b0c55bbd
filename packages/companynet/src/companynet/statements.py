"""Statements as the bank delivers them: bytes, and what they say."""

import base64
import binascii
import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from companynet.domain.account import Nrb
from companynet.domain.account_state import AccountState, account_states
from companynet.domain.report import Report, code_page_of
from companynet.domain.session import Secret
from companynet.domain.statement import Statement
from companynet.errors import AnswerInvalid
from companynet.formats import read_statements
from companynet.formats.code_pages import CODE_PAGE, UTF_8
from companynet.formats.packed import is_packed, unpack
from companynet.soap.call import Caller
from companynet.soap.polling import poll

_RESULT: Final = "checkGetMT940Result"


@dataclass(frozen=True)
class StatementPackage:
    """What the bank delivered for one request."""

    task_id: str
    """The bank's id of the request; :meth:`Statements.confirm` wants it."""

    reports: tuple[bytes, ...]
    """One :class:`Report` each, as the bank made it; read them with :func:`companynet.formats.read_statements` and
    their code page, and keep both. Empty if the bank has no statements for these days."""

    def read(self, accounts: Collection[Nrb] | None = None) -> tuple[Statement, ...]:
        """What the reports say. The source of each statement is the task and the number of its report.

        The bank delivers all accounts of a DIK; which of them are wanted is chosen here.  # L-024

        Args:
            accounts: whose statements; None for all.

        Raises:
            FormatError: a report is no statement that can be read. The bytes are still in :attr:`reports`.
        """
        found = [
            statement
            for number, report in enumerate(self.reports, 1)
            for statement in read_statements(report, f"{self.task_id}/{number}", code_page_of(report))
        ]
        if accounts is None:
            return tuple(found)
        return tuple(item for item in found if any(account.names(item.account) for account in accounts))


class Statements:
    """Fetches statements on a long-lived session: a task is begun, asked about, and confirmed.  # L-023"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def fetch(
        self, token: Secret, dik: str, date_from: date, date_to: date, *, compressed: bool = False
    ) -> StatementPackage:
        """Ask for the statements of these days and wait until the bank has made them.

        Fetching changes nothing at the bank, so it may be asked for again after any error.

        Args:
            token: of the session.
            dik: whose statements.
            date_from: first day.
            date_to: last day, included.
            compressed: ask the bank to pack the reports; they come unpacked here.

        Raises:
            ValueError: the first day is after the last.
            SessionInvalid, PermissionRefused, DikRefused: the bank said no.
            PollingExpired: the bank is still making them; :meth:`result` asks for the same task again.
            BankError: as its class says.
        """
        return self.result(token, dik, self.request(token, dik, date_from, date_to, compressed=compressed))

    def accounts(self, token: Secret, dik: str, date_from: date, date_to: date) -> tuple[AccountState, ...]:
        """The accounts of a DIK and their newest balances, as far as the statements of these days tell.

        The contract has no operation that lists accounts: one without a statement in these days is not told of, and
        a balance is that of its day.

        Raises:
            FormatError: a report is no statement that can be read.
            BankError: as :meth:`fetch`.
        """
        return account_states(self.fetch(token, dik, date_from, date_to).read())

    def request(self, token: Secret, dik: str, date_from: date, date_to: date, *, compressed: bool = False) -> str:
        """Ask for the statements of these days.

        Returns:
            The bank's id of the task.

        Raises:
            ValueError: the first day is after the last.
            BankError: as its class says.
        """
        if date_from > date_to:
            raise ValueError(f"the first day {date_from} is after the last {date_to}")
        task_id: str = self._caller.call(
            "getMT940Ex",
            {"from": date_from, "to": date_to, "compressed": compressed},
            dik=dik,
            token=token,
            read=lambda answer: answer["taskId"],
        )
        return task_id

    def result(self, token: Secret, dik: str, task_id: str) -> StatementPackage:
        """Wait for the statements of a task.

        Raises:
            PollingExpired: the bank is still making them.
            AnswerInvalid: a report is not what the profile says.
            BankError: as its class says.
        """

        def ask() -> Any | None:
            answer = self._caller.call(_RESULT, {"taskId": task_id}, dik=dik, token=token)
            return answer if answer["finished"] else None

        answer = poll(self._caller, _RESULT, task_id, ask)
        reports = []
        left = self._caller.profile.report_limit
        for content in (report["content"] for report in answer["reports"]):
            if not content:
                # An element without content is a report without a line.
                continue
            reports.append(self._report(content, left))
            left -= len(reports[-1])
        return StatementPackage(task_id, tuple(reports))

    def confirm(self, token: Secret, dik: str, task_id: str) -> None:
        """Tell the bank that the statements are stored. Call it only when they are.  # L-025

        Raises:
            BankError: as its class says; it is safe to confirm again.
        """
        self._caller.call("confirmResponseReceived", {"taskId": task_id}, dik=dik, token=token)

    def _unpacked(self, data: bytes, limit: int) -> bytes:
        """A report as the bank made it. Packed ones are told by their first bytes.  # L-158"""
        if not is_packed(data):
            return data
        try:
            return unpack(data, limit)
        except ValueError as error:
            reason = str(error)
        raise AnswerInvalid(f"a report cannot be used: {reason}", operation=_RESULT)

    def _report(self, content: str, limit: int) -> Report:
        kind = self._caller.profile.report_content
        if kind in {"base64", "auto"}:
            try:
                data = base64.b64decode("".join(content.split()), validate=True)
            except (binascii.Error, ValueError):
                data = b""
            if data and (kind == "base64" or b":20:" in data or is_packed(data)):
                return Report(self._unpacked(data, limit))
            if kind == "base64":
                raise AnswerInvalid("a report is not base64, as the profile says it is", operation=_RESULT)
        for page in (CODE_PAGE, UTF_8):
            with contextlib.suppress(UnicodeEncodeError):
                return Report(content.encode(page), page)
        raise AnswerInvalid("a report holds characters that are none", operation=_RESULT)

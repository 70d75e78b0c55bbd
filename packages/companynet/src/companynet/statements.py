"""Statements as the bank delivers them: bytes, unread."""

import base64
import binascii
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from companynet.domain.session import Secret
from companynet.errors import AnswerInvalid
from companynet.soap.call import Caller, read_value
from companynet.soap.polling import poll

#: The code page of the bank's MT940.  # L-156
_CODE_PAGE: Final = "iso-8859-2"


@dataclass(frozen=True)
class StatementPackage:
    """What the bank delivered for one request."""

    task_id: str
    """The bank's id of the request; :meth:`Statements.confirm` wants it."""

    reports: tuple[bytes, ...]
    """One file each, as the bank made it; read them with :func:`companynet.formats.read_statements`. Empty if the
    bank has no statements for these days."""


class Statements:
    """Fetches statements on a long-lived session."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def fetch(self, token: Secret, dik: str, date_from: date, date_to: date) -> StatementPackage:
        """Ask for the statements of these days and wait until the bank has made them.

        Fetching changes nothing at the bank, so it may be asked for again after any error.

        Args:
            token: of the session.
            dik: whose statements.
            date_from: first day.
            date_to: last day, included.

        Raises:
            ValueError: the first day is after the last.
            SessionInvalid, PermissionRefused, DikRefused: the bank said no.
            PollingExpired: the bank is still making them; :meth:`result` asks for the same task again.
            BankError: as its class says.
        """
        return self.result(token, dik, self.request(token, dik, date_from, date_to))

    def request(self, token: Secret, dik: str, date_from: date, date_to: date) -> str:
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
            "getMT940Ex", {"from": date_from, "to": date_to, "compressed": False}, dik=dik, token=token
        )
        return task_id

    def result(self, token: Secret, dik: str, task_id: str) -> StatementPackage:
        """Wait for the statements of a task.

        Raises:
            PollingExpired: the bank is still making them.
            AnswerInvalid: a report is not what the profile says.
            BankError: as its class says.
        """
        operation = "checkGetMT940Result"

        def ask() -> Any | None:
            answer = self._caller.call(operation, {"taskId": task_id}, dik=dik, token=token)
            return answer if read_value(operation, lambda: answer.finished) else None

        answer = poll(self._caller, operation, task_id, ask)
        contents = read_value(
            operation, lambda: [report.content for report in (answer.reports.Report if answer.reports else ())]
        )
        # An element without content is a report without a line.
        reports = tuple(self._bytes(content) for content in contents if content)
        return StatementPackage(task_id, reports)

    def confirm(self, token: Secret, dik: str, task_id: str) -> None:
        """Tell the bank that the statements are stored. Call it only when they are.

        Raises:
            BankError: as its class says; it is safe to confirm again.
        """
        self._caller.call("confirmResponseReceived", {"taskId": task_id}, dik=dik, token=token)

    def _bytes(self, content: str) -> bytes:
        kind = self._caller.profile.report_content
        if kind in {"base64", "auto"}:
            try:
                data = base64.b64decode("".join(content.split()), validate=True)
            except (binascii.Error, ValueError):
                data = b""
            if data and (kind == "base64" or b":20:" in data):
                return data
            if kind == "base64":
                raise AnswerInvalid(
                    "a report is not base64, as the profile says it is", operation="checkGetMT940Result"
                )
        try:
            return content.encode(_CODE_PAGE)
        except UnicodeEncodeError as error:
            place = error.start
        raise AnswerInvalid(
            f"a report holds U+{ord(content[place]):04X} at character {place}, which {_CODE_PAGE} has no place for",
            operation="checkGetMT940Result",
        )

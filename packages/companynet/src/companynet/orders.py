"""Orders handed to the bank, and what became of them."""

import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from companynet.domain.order_file import OrderFile
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.domain.order_state import OrderStatus, StatusKeys
from companynet.domain.session import Secret
from companynet.errors import BankError, Cancelled, DuplicateOrder, OrderRefused, Outcome, PollingExpired
from companynet.soap.call import Caller
from companynet.soap.polling import poll


@dataclass(frozen=True)
class SentOrders:
    """A file of orders the bank took."""

    task_id: str
    """The bank's id of the handing-in."""

    group_id: str | None
    """The bank's id of the order group; None if it gave none."""

    errors: str | None = None
    """What the bank found wrong, where it made a group all the same: only the states tell which orders it took."""


class Orders:
    """Hands in orders on a long-lived session and asks for their states.  # L-026

    These are the bare calls. Whoever sends orders uses :class:`companynet.sending.OrderSending`, which decides what
    each answer means for the file, and what is asked next.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def hand_in(self, token: Secret, dik: str, file: OrderFile) -> str:
        """Hand in a file of orders. People authorise them in CompanyNet.

        Args:
            token: of the session.
            dik: whose orders.
            file: the orders.

        Returns:
            The bank's id of the task. The bank has the file; whether it takes the orders tells :meth:`result`.

        Raises:
            OrderRefused, DuplicateOrder, SessionInvalid, PermissionRefused, DikRefused: the bank said no.
            BankError: as its outcome says. When unknown the bank may have the orders: ask :meth:`status`.
        """
        profile = self._caller.profile
        task_id: str = self._caller.call(
            "universalPaymentSend",
            {
                # L-028
                "orderMetadata": {
                    "clientOrderGroupId": file.client_order_group_id,
                    "fileName": file.file_name,
                    "format": file.format or profile.order_format,
                    "encoding": "utf8",
                    # The bank's own check of the transfer, not a protection.  # L-157
                    "md5": hashlib.md5(file.data, usedforsecurity=False).hexdigest(),
                    "modificationDate": file.modified_at.astimezone(UTC).replace(microsecond=0),
                    # People authorise; none of the bank's special kinds of sending is meant.  # L-010, L-029
                    "editable": True,
                    "sendToAuth": profile.send_to_auth,
                    "orderAwaitingFunds": False,
                    "massPayment": False,
                    "massPlus": False,
                    "massTransfer": False,
                },
                "data": file.data,
                # One wrong order: none is taken.  # L-027
                "validationErrorsAreFatal": True,
            },
            dik=dik,
            token=token,
            read=lambda answer: answer["taskId"],
        )
        return task_id

    def result(self, token: Secret, dik: str, task_id: str) -> SentOrders:
        """Wait for the bank's word on orders handed in.

        The outcome of an error tells of the *orders*, not of the question: a session that ended between the two says
        nothing about orders the bank has, so the outcome is ``UNKNOWN`` even if the question was refused.

        Raises:
            OrderRefused: the bank found errors and took none of the orders; ``bank_text`` holds them all.
            DuplicateOrder: an id was used before; none of the orders was taken.
            PollingExpired, Cancelled: the bank is still at work; ask again later.
            BankError: the question failed; outcome ``UNKNOWN``. It may be asked again.
        """
        operation = "checkPaymentSendResult"

        def ask() -> Any | None:
            answer = self._caller.call(operation, {"taskId": task_id}, dik=dik, token=token)
            return answer if answer["finished"] else None

        try:
            answer = poll(self._caller, operation, task_id, ask)
        except (OrderRefused, DuplicateOrder, PollingExpired, Cancelled):
            raise
        except BankError as error:
            error.outcome = Outcome.UNKNOWN
            raise

        # L-027
        errors, group_id = answer["errors"], answer["groupId"]
        codes, texts = [error["code"] for error in errors], _texts(errors)
        if not codes:
            return SentOrders(task_id, group_id)
        if group_id is not None:
            # Errors were to be fatal, and yet there is a group: something may have been taken.
            return SentOrders(task_id, group_id, texts)
        # An id that was used before: these orders may be at the bank by another sending of theirs.
        classes = self._caller.profile.all_fault_codes
        used = any(classes.get(code) == DuplicateOrder.__name__ for code in codes)
        raise (DuplicateOrder if used else OrderRefused)(
            f"the bank took none of the orders of task {task_id}: {texts}",
            operation=operation,
            code=codes[0],
            bank_text=texts,
        )

    def status(self, token: Secret, dik: str, group_id_or_client_id: str) -> tuple[OrderStatus, ...]:
        """Ask for the states of a group's orders.

        Args:
            token: of the session.
            dik: whose orders.
            group_id_or_client_id: the bank's id of the group, or our own where ``profile.status_by_client_id``
                holds.

        Raises:
            OrderGroupUnknown: the bank knows no such group. For our own id that proves nothing, unless the profile
                says that the bank would know it (``absence_by_client_id``).
            BankError: as its class says; it may be asked again.
        """
        return self.snapshot(token, dik, group_id_or_client_id).states

    def snapshot(self, token: Secret, dik: str, group_id_or_client_id: str) -> OrderGroupSnapshot:
        """Ask for the states of a group's orders, as a value to store and to compare with a later one.

        Args:
            token: of the session.
            dik: whose orders.
            group_id_or_client_id: as for :meth:`status`.

        Raises:
            OrderGroupUnknown, BankError: as for :meth:`status`.
        """
        operation = "getStatus"
        asked_at = self._caller.clock.now()
        answer = self._caller.call(operation, {"orderGroupId": group_id_or_client_id}, dik=dik, token=token)
        states = _states(answer, StatusKeys.of(self._caller.profile))
        return OrderGroupSnapshot(group_id_or_client_id, asked_at, states)


def _states(found: list[dict[str, Any]], keys: StatusKeys) -> tuple[OrderStatus, ...]:
    # L-030
    return tuple(
        OrderStatus(
            key=state["status"]["statusKey"],
            group_id=state["orderGroupId"] or "",
            end_to_end_id=state["orderReference"],
            text=state["status"]["description"],
            keys=keys,
        )
        for state in found
    )


def _texts(found: list[dict[str, Any]]) -> str:
    """The bank's errors, one after the other."""
    return "; ".join(
        (f"{error['orderReference']}: " if error["orderReference"] else "")
        + f"{error['code']} {error['message'] or ''}".strip()
        for error in found
    )

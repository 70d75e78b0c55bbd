"""``companynet order send`` and ``order status``: each file goes out once, and its fate is asked for."""

import argparse
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from companynet.cli.bank_command import OnSession, add_action, choose_dik
from companynet.cli.failures import EXIT_STATUS, AskAgain, Unusable
from companynet.cli.journal import Journal
from companynet.cli.output import FAILED, FOUND_PROBLEMS, UNKNOWN, fail, os_reason, say
from companynet.clock import SYSTEM_CLOCK
from companynet.domain.order_file import OrderFile
from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.order_snapshot import OrderGroupSnapshot, order_changes
from companynet.domain.session import Secret
from companynet.errors import (
    BankError,
    CompanyNetError,
    DikRefused,
    DuplicateOrder,
    OrderGroupUnknown,
    OrderRefused,
    Outcome,
    PermissionRefused,
    Refused,
    SessionInvalid,
)
from companynet.formats import pain001
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from companynet.client import CompanyNet

#: So long after a sending whose answer was lost the bank's "not known" is believed.  # L-164
_SETTLED = timedelta(minutes=5)

_SEND = f"""\
What is to be sent is written to FILE.journal-1.json before it leaves. If the answer is lost, FILE is not sent again:
ask `order status FILE`. Only if the bank does not know the orders may the same file be sent once more, byte for byte,
which has a journal of its own.

{EXIT_STATUS}"""
_STATUS = f"""\
FILE is one that `order send` sent; its journal tells what to ask for and keeps the answer, and what changed since the
last time is marked. --group asks for any group, by the bank's id or our own.

{EXIT_STATUS}1 means here: an order was refused, or the file is not with the bank.
"""


def add_parsers(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``send`` and ``status`` to the actions."""

    words = "send an order file (pain.001.001.03) to the bank, once"
    send = add_action(actions, "send", words, _SEND, _send)
    send.add_argument("file", type=Path, metavar="FILE", help="the order file")
    send.add_argument(
        "--group-id", metavar="ID", help="our id of the group, used once ever (default: the file's MsgId)"
    )
    status = add_action(actions, "status", "ask what became of orders", _STATUS, _status)
    which = status.add_mutually_exclusive_group(required=True)
    which.add_argument("file", nargs="?", type=Path, metavar="FILE", help="an order file that was sent")
    which.add_argument("--group", metavar="ID", help="an order group")


def _send(arguments: argparse.Namespace) -> int:
    on = OnSession.of(arguments)
    dik = on.dik
    data = arguments.file.read_bytes()
    problems = pain001.check(data, str(arguments.file))
    if problems:
        for problem in problems:
            fail(f"{arguments.file}: {problem.place}: {problem.text}")
        return FAILED
    journal = Journal(arguments.file)
    before = journal.read()
    digest = hashlib.sha256(data).hexdigest()
    if before is not None and not before.may_be_sent:
        return _refuse_second(arguments.file, journal, before, digest)
    intent = OrderIntent(
        endpoint=on.profile.endpoint,
        dik=dik,
        client_order_group_id=arguments.group_id or pain001.message_id(data, str(arguments.file)),
        file_name=arguments.file.name,
        format=on.profile.order_format,
        sha256=digest,
        modified_at=_modified(arguments.file, before, digest),
        begun_at=SYSTEM_CLOCK.now(),
        fate=Fate.SENDING,
    )
    # What is wrong with the profile shows before anything is begun.
    with on.connected() as client:
        try:
            journal.begin(intent)
        except FileExistsError:
            raise Unusable(f"{journal.path}: another program has just begun to send {arguments.file}") from None
        intent = _carry_out(client, on.session.token, journal, intent, data)
    return _print(arguments, intent, None)


def _refuse_second(file: Path, journal: Journal, before: OrderIntent, digest: str) -> int:
    other = "" if before.sha256 == digest else " (it has been changed since)"
    if before.fate is Fate.TAKEN:
        return fail(f"{file} was sent{other}: the bank has it as group {before.group_id}; see `order status {file}`")
    fail(f"{file} may be with the bank{other}, says {journal.path}, and is not sent again: ask `order status {file}`")
    return UNKNOWN


def _modified(file: Path, before: OrderIntent | None, digest: str) -> datetime:
    """When the file was made; another try of the same is the same order."""
    if before is not None and before.sha256 == digest:
        return before.modified_at
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(microsecond=0)


def _carry_out(
    client: "CompanyNet", token: Secret, journal: Journal, intent: OrderIntent, data: bytes
) -> OrderIntent:
    """Hand in and wait; the journal is written after each step, whatever it brought."""
    file = OrderFile(intent.client_order_group_id, intent.file_name, data, intent.modified_at, intent.format)
    try:
        task_id = client.orders.hand_in(token, intent.dik, file)
    except CompanyNetError as error:
        journal.note(intent, fate=_fate_of(error), reason=str(error))
        raise
    try:
        handed_in = journal.note(intent, fate=Fate.HANDED_IN, task_id=task_id)
    except OSError as error:
        reason = os_reason(error)
    else:
        return _await_result(client, token, journal, handed_in)
    raise AskAgain(f"the bank has the file as task {task_id}, and the journal cannot be written: {reason}")


def _fate_of(error: CompanyNetError) -> Fate:
    """What a failed handing-in says of the file."""
    if not isinstance(error, BankError):
        return Fate.NOT_SENT
    # An id was used before: perhaps by a sending of this very file that arrived unseen.
    if error.outcome is Outcome.UNKNOWN or isinstance(error, DuplicateOrder):
        return Fate.SENDING
    return Fate.NOT_SENT if error.outcome is Outcome.NOT_SENT else Fate.REFUSED


def _await_result(client: "CompanyNet", token: Secret, journal: Journal, intent: OrderIntent) -> OrderIntent:
    try:
        sent = client.orders.result(token, intent.dik, intent.task_id or "")
    except OrderRefused as error:
        journal.note(intent, fate=Fate.REFUSED, reason=str(error))
        raise
    except BankError as error:
        journal.note(intent, reason=str(error))
        raise
    return journal.note(intent, fate=Fate.TAKEN, group_id=sent.group_id, reason=None)


def _status(arguments: argparse.Namespace) -> int:
    on = OnSession.of(arguments)
    if arguments.file is None:
        dik = on.dik
        with on.connected() as client:
            states = client.orders.snapshot(on.session.token, dik, arguments.group)
        return _print_states(arguments, None, None, states)
    journal = Journal(arguments.file)
    intent = journal.read()
    if intent is None:
        raise Unusable(f"{journal.path} is not there: {arguments.file} was not sent from here; ask with --group")
    if intent.endpoint != on.profile.endpoint:
        raise Unusable(f"{journal.path}: it was sent to {intent.endpoint}, the profile is of {on.profile.endpoint}")
    dik = choose_dik(on.session, arguments.dik or intent.dik)
    if dik != intent.dik:
        raise Unusable(f"--dik {dik}: {arguments.file} was sent for DIK {intent.dik}")
    if intent.may_be_sent:
        return _print(arguments, intent, None)
    before = intent.states
    with on.connected() as client:
        intent = _asked(client, on.session.token, journal, intent, on.profile)
    return _print(arguments, intent, before)


def _asked(
    client: "CompanyNet", token: Secret, journal: Journal, intent: OrderIntent, profile: BankProfile
) -> OrderIntent:
    """Find out what became of a file that may be with the bank."""
    if intent.fate is Fate.HANDED_IN:
        try:
            intent = _await_result(client, token, journal, intent)
        except (OrderRefused, SessionInvalid, PermissionRefused, DikRefused):
            raise
        except Refused:
            # The bank may not keep its tasks for ever; our own id finds the group then.
            pass
    group = intent.group_id
    if group is None:
        if not profile.status_by_client_id:
            raise AskAgain(
                f"{journal.path}: this bank finds no group by our own id (status_by_client_id); look for "
                f"{intent.client_order_group_id} in CompanyNet"
            )
        group = intent.client_order_group_id
    try:
        states = client.orders.snapshot(token, intent.dik, group)
    except OrderGroupUnknown as error:
        if intent.fate is Fate.TAKEN:
            raise
        settled = intent.begun_at + _SETTLED
        if SYSTEM_CLOCK.now() < settled:
            raise AskAgain(
                f"the bank does not know group {group} yet, it may still be taking it in: ask again from "
                f"{settled.astimezone():%H:%M:%S}"
            ) from None
        return journal.note(intent, fate=Fate.NOT_SENT, reason=str(error))
    found = next((state.group_id for state in states.states if state.group_id), intent.group_id)
    return journal.note(intent, fate=Fate.TAKEN, group_id=found, states=states, reason=None)


def _print(arguments: argparse.Namespace, intent: OrderIntent, before: OrderGroupSnapshot | None) -> int:
    if intent.states is not None:
        return _print_states(arguments, intent, before, intent.states)
    if arguments.json:
        say(json.dumps(_values(intent), ensure_ascii=False))
    elif intent.fate is Fate.TAKEN:
        say(f"{arguments.file}: the bank took it as group {intent.group_id or intent.client_order_group_id}")
    else:
        words = "the bank refused it" if intent.fate is Fate.REFUSED else "it is not with the bank"
        say(f"{arguments.file}: {words}; it may be sent again. {intent.reason or ''}".rstrip())
    return 0 if intent.fate is Fate.TAKEN else FOUND_PROBLEMS


def _print_states(
    arguments: argparse.Namespace,
    intent: OrderIntent | None,
    before: OrderGroupSnapshot | None,
    states: OrderGroupSnapshot,
) -> int:
    changed = {change.end_to_end_id for change in order_changes(before, states)}
    if arguments.json:
        values = {
            **(_values(intent) if intent else {}),
            "asked_for": states.asked_for,
            "asked_at": states.asked_at.isoformat(),
            "orders": [
                {
                    "end_to_end_id": name,
                    "group_id": state.group_id,
                    "status_key": state.key,
                    "text": state.text,
                    "final": state.final,
                    "executed": state.executed,
                    "changed": name in changed,
                }
                for name, state in states.current.items()
            ],
        }
        say(json.dumps(values, ensure_ascii=False))
    else:
        for name, state in states.current.items():
            mark = "*" if name in changed else " "
            say(f"{mark} {name or 'group ' + state.group_id}: {state.key} {state.text or ''}".rstrip())
    refused = any(state.final and not state.executed for state in states.current.values())
    return FOUND_PROBLEMS if refused else 0


def _values(intent: OrderIntent) -> dict[str, object]:
    return {
        "client_order_group_id": intent.client_order_group_id,
        "fate": intent.fate.value,
        "task_id": intent.task_id,
        "group_id": intent.group_id,
        "reason": intent.reason,
    }

"""``companynet order send`` and ``order status``: each file goes out once, and its fate is asked for."""

import argparse
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from companynet.cli.bank_command import OnSession, add_action, choose_dik
from companynet.cli.failures import EXIT_STATUS, AskAgain, Unusable
from companynet.cli.journal import Journal
from companynet.cli.output import FAILED, FOUND_PROBLEMS, UNKNOWN, fail, os_reason, say
from companynet.clock import SYSTEM_CLOCK
from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.order_snapshot import OrderGroupSnapshot, order_changes
from companynet.domain.order_state import StatusKeys
from companynet.formats import pain001
from companynet.profile import BankProfile

_SEND = f"""\
What is to be sent is written to FILE.journal-1.json before it leaves. If the answer is lost, FILE is not sent again:
ask `order status FILE`. Only if the orders are known not to be with the bank may the same file be sent once more,
byte for byte, which has a journal of its own.

{EXIT_STATUS}"""
_STATUS = f"""\
FILE is one that `order send` sent; its journal tells what to ask for and keeps the answer, and what changed since the
last time is marked. --group asks for any group, by the bank's id or our own.

That the bank does not know our own id proves nothing, unless its profile says so (absence_by_client_id): orders whose
answer was lost then stay unknown until a person has looked in CompanyNet.

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
    status.add_argument(
        "--absent",
        action="store_true",
        help="you looked in CompanyNet and the orders are not there: if the bank, asked once more, does not know "
        "them either, FILE may be sent again",
    )


def _send(arguments: argparse.Namespace) -> int:
    on = OnSession.of(arguments)
    dik = on.dik
    data = arguments.file.read_bytes()
    problems = pain001.check(data, str(arguments.file))
    if problems:
        for problem in problems:
            fail(f"{arguments.file}: {problem.place}: {problem.text}")
        return FAILED
    journal = Journal(arguments.file, StatusKeys.of(on.profile))
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
        intent = client.sending.send(on.session.token, intent, data, _keeper(journal, arguments.file))
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


def _keeper(journal: Journal, file: Path) -> Callable[[OrderIntent], None]:
    """Writes the journal after each step, whatever it brought."""

    def keep(intent: OrderIntent) -> None:
        try:
            journal.keep(intent)
        except OSError as error:
            if not intent.is_open:
                raise
            held = f"the bank has it as task {intent.task_id}" if intent.task_id else "the bank may have it"
            raise AskAgain(f"{file}: {held}, and the journal cannot be written: {os_reason(error)}") from error

    return keep


def _status(arguments: argparse.Namespace) -> int:
    on = OnSession.of(arguments)
    if arguments.file is None:
        if arguments.absent:
            raise Unusable("--absent is said of a FILE that was sent from here")
        dik = on.dik
        with on.connected() as client:
            states = client.orders.snapshot(on.session.token, dik, arguments.group)
        return _print_states(arguments, None, None, states)
    journal = Journal(arguments.file, StatusKeys.of(on.profile))
    intent = journal.read()
    if intent is None:
        raise Unusable(f"{journal.path} is not there: {arguments.file} was not sent from here; ask with --group")
    dik = choose_dik(on.session, arguments.dik or intent.dik)
    if dik != intent.dik:
        raise Unusable(f"--dik {dik}: {arguments.file} was sent for DIK {intent.dik}")
    if intent.may_be_sent:
        return _print(arguments, intent, None)
    before = intent.states
    with on.connected() as client:
        intent = client.sending.ask(on.session.token, intent, _unless_changed(journal, intent, arguments.file))
    now = SYSTEM_CLOCK.now()
    if arguments.absent and intent.fate is not Fate.TAKEN:
        if now >= intent.settled_at(on.profile):
            # Nothing sends it any more: what is still "sending" was left so by a program that was killed.
            intent = intent.in_doubt(intent.reason or "")
        intent = intent.declared_absent(now, on.profile, "somebody looked in CompanyNet, it is not there")
        journal.keep(intent)
    if intent.may_be_sent or (intent.fate is Fate.TAKEN and intent.reason is None):
        return _print(arguments, intent, before)
    raise AskAgain(_why_open(journal, intent, on.profile, now))


def _unless_changed(journal: Journal, intent: OrderIntent, file: Path) -> Callable[[OrderIntent], None]:
    """Writes the journal unless another program has written it meanwhile: what that one learnt must not be lost."""
    write, known = _keeper(journal, file), [intent]

    def keep(changed: OrderIntent) -> None:
        if journal.read() != known[0]:
            raise AskAgain(f"{journal.path}: another program has just written it; ask again")
        write(changed)
        known[0] = changed

    return keep


def _why_open(journal: Journal, intent: OrderIntent, profile: BankProfile, now: datetime) -> str:
    """Why it is not known what became of a file after the bank has answered, and what to do."""
    name = intent.client_order_group_id
    look = f"look for {name} in CompanyNet; if it is not there say so with `order status FILE --absent`"
    if not intent.questions(profile):
        return f"{journal.path}: this bank finds no group by our own id (status_by_client_id); {look}"
    if intent.fate is Fate.TAKEN or intent.task_id:
        return f"{journal.path}: the bank has it as {intent.group_id or f'task {intent.task_id}'}: {intent.reason}"
    if now < (settled := intent.settled_at(profile)):
        return (
            f"the bank does not know group {name} yet, it may still be taking it in: ask again from "
            f"{settled.astimezone():%H:%M:%S}"
        )
    return (
        f"{journal.path}: {intent.reason}. This proves nothing while the profile does not say that it does "
        f"(absence_by_client_id): {look}"
    )


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

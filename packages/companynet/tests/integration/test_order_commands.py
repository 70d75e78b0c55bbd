"""``companynet order send`` and ``status`` against a running bank: each file is one payment, whatever is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from companynet.domain.order_intent import Event, Fate, OrderIntent
from companynet.errors import FormatError
from companynet_sandbox.customers import demo_data

PROGRAM = "import sys; from companynet.cli import main; sys.exit(main())"


def journal_of(file: Path, number: int = 1) -> OrderIntent:
    path = file.with_name(f"{file.name}.journal-{number}.json")
    return OrderIntent.from_json(json.loads(path.read_text(encoding="utf-8")))


def age(file: Path) -> None:
    """Make a sending look older than the time after which the bank's "not known" is believed."""
    path = file.with_name(f"{file.name}.journal-1.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    values["begun_at"] = "2026-01-01T00:00:00+00:00"
    path.write_text(json.dumps(values), encoding="utf-8")


def send(desk: Any, file: Path, *arguments: object) -> Any:
    return desk.on_session("order", "send", file, *arguments)


def status(desk: Any, *arguments: object) -> Any:
    return desk.on_session("order", "status", *arguments)


def test_orders_are_sent_once_and_their_states_followed(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-1", "10.00", "20.00")
    sent = send(open_desk, file)
    assert (sent.status, sent.err) == (0, "")
    (group,) = open_desk.groups("CLI-1")
    assert group["group_id"] in sent.out
    assert group["file_name"] == "CLI-1.xml"

    first = status(open_desk, file, "--json")
    assert first.status == 0
    assert [(order["end_to_end_id"], order["changed"]) for order in first.json["orders"]] == [
        ("CLI-1-1", True),
        ("CLI-1-2", True),
    ]
    open_desk.bank.post("/deny", {"group_id": "CLI-1", "order_reference": "CLI-1-2", "reason": "Brak podpisu"})
    second = status(open_desk, file)
    assert second.status == 1
    lines = second.out.splitlines()
    assert lines[0].startswith("  CLI-1-1: ")
    assert lines[1] == "* CLI-1-2: DENIED Brak podpisu"
    assert status(open_desk, "--group", group["group_id"]).status == 1

    again = send(open_desk, file)
    assert again.status == 2
    assert f"the bank has it as group {group['group_id']}" in again.err
    assert len(open_desk.groups("CLI-1")) == 1


def test_after_a_lost_answer_the_bank_is_asked_and_nothing_sent_twice(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-2")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "lost_answer"})
    lost = send(open_desk, file)
    assert lost.status == 3
    assert "Never send again" in lost.err
    assert journal_of(file).fate is Fate.UNKNOWN
    second = send(open_desk, file)
    assert second.status == 3
    assert f"ask `order status {file}`" in second.err
    asked = status(open_desk, file)
    assert asked.status == 0
    assert journal_of(file).fate is Fate.TAKEN
    (group,) = open_desk.groups("CLI-2")
    assert journal_of(file).group_id == group["group_id"]


def test_orders_that_never_arrived_may_be_sent_again_after_the_bank_was_asked(open_desk: Any) -> None:
    """The "not known" of a bank that would know is believed some minutes after; the second try is the same, byte for
    byte."""
    open_desk.write_profile(absence_by_client_id=True)
    file = open_desk.order_file("CLI-3")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "http500"})
    assert send(open_desk, file).status == 3
    soon = status(open_desk, file)
    assert soon.status == 3
    assert "ask again from" in soon.err
    assert send(open_desk, file).status == 3
    age(file)
    asked = status(open_desk, file)
    assert asked.status == 1
    assert "it may be sent again" in asked.out
    assert open_desk.groups("CLI-3") == []
    os.utime(file, (1, 1))
    again = send(open_desk, file, "--json")
    assert again.status == 0, again.err
    assert again.json["fate"] == "taken"
    assert len(open_desk.groups("CLI-3")) == 1
    first, second = journal_of(file, 1), journal_of(file, 2)
    assert (first.fate, second.fate) == (Fate.NOT_SENT, Fate.TAKEN)
    assert (first.modified_at, first.sha256) == (second.modified_at, second.sha256)


def test_an_answer_lost_later_is_asked_for_by_its_task(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-4")
    open_desk.bank.post("/faults", {"operation": "checkPaymentSendResult", "kind": "cut"})
    lost = send(open_desk, file)
    assert lost.status == 3
    assert journal_of(file).fate is Fate.HANDED_IN
    assert send(open_desk, file).status == 3
    assert status(open_desk, file).status == 0
    assert journal_of(file).fate is Fate.TAKEN
    assert len(open_desk.groups("CLI-4")) == 1


def test_a_bank_that_forgot_the_task_is_asked_by_our_own_id(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-5")
    open_desk.bank.post("/faults", {"operation": "checkPaymentSendResult", "kind": "cut"})
    assert send(open_desk, file).status == 3
    path = file.with_name(f"{file.name}.journal-1.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    values["task_id"] = "T-forgotten"
    path.write_text(json.dumps(values), encoding="utf-8")
    assert status(open_desk, file).status == 0
    assert journal_of(file).fate is Fate.TAKEN


def test_orders_never_sent_are_sent_the_next_time(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-6")
    profile = json.loads(open_desk.profile.read_text(encoding="utf-8"))
    port = "http://127.0.0.1:9/ws"
    session = json.loads(open_desk.session.read_text(encoding="utf-8"))
    open_desk.session.write_text(json.dumps(session | {"endpoint": port}), encoding="utf-8")
    open_desk.write_profile(endpoint=port)
    unreached = send(open_desk, file)
    assert unreached.status == 2
    assert "Nothing was sent" in unreached.err
    assert journal_of(file).fate is Fate.NOT_SENT
    open_desk.profile.write_text(json.dumps(profile), encoding="utf-8")
    open_desk.session.write_text(json.dumps(session), encoding="utf-8")
    assert send(open_desk, file).status == 0


def test_refused_orders_are_told_with_the_banks_reason(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-7")
    file.write_bytes(file.read_bytes().replace(demo_data.ALFA_PLN.encode(), demo_data.BETA_PLN.encode(), 1))
    refused = send(open_desk, file)
    assert refused.status == 2
    assert "none of the orders" in refused.err
    assert journal_of(file).fate is Fate.REFUSED
    asked = status(open_desk, file)
    assert asked.status == 1
    assert "the bank refused it" in asked.out
    assert open_desk.groups("CLI-7") == []


def test_an_id_used_before_is_not_taken_for_a_refusal_of_this_file(open_desk: Any) -> None:
    """It may have been used by a sending of this very file that arrived unseen."""
    assert send(open_desk, open_desk.order_file("CLI-8")).status == 0
    copy = open_desk.folder / "copy.xml"
    copy.write_bytes((open_desk.folder / "CLI-8.xml").read_bytes())
    duplicate = send(open_desk, copy)
    assert duplicate.status == 2
    assert "DUPLICATE_ID" in duplicate.err
    assert journal_of(copy).fate is Fate.UNKNOWN
    assert status(open_desk, copy).status == 0
    assert len(open_desk.groups("CLI-8")) == 1


def test_a_changed_file_is_not_sent_while_the_first_is_unknown(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-9")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "lost_answer"})
    assert send(open_desk, file).status == 3
    file.write_bytes(file.read_bytes() + b"\n")
    changed = send(open_desk, file)
    assert changed.status == 3
    assert "changed since" in changed.err


def test_our_own_id_of_the_group_may_be_given(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-10")
    assert send(open_desk, file, "--group-id", "OWN-10").status == 0
    assert len(open_desk.groups("OWN-10")) == 1
    assert open_desk.groups("CLI-10") == []


def test_a_bank_that_knows_no_own_ids_leaves_it_to_a_person(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-11")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "lost_answer"})
    assert send(open_desk, file).status == 3
    open_desk.write_profile(status_by_client_id=False)
    asked = status(open_desk, file)
    assert asked.status == 3
    assert "look for CLI-11 in CompanyNet" in asked.err
    assert journal_of(file).fate is Fate.UNKNOWN
    assert send(open_desk, file).status == 3


def test_not_known_proves_nothing_until_a_person_has_looked(open_desk: Any) -> None:
    """The default: whether the bank would know our own id is unknown. A person who looks at once is not believed."""
    file = open_desk.order_file("CLI-17")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "http500"})
    assert send(open_desk, file).status == 3
    soon = status(open_desk, file, "--absent")
    assert soon.status == 2
    assert "may not be declared absent" in soon.err
    age(file)
    asked = status(open_desk, file)
    assert asked.status == 3
    assert "This proves nothing" in asked.err
    assert "look for CLI-17 in CompanyNet" in asked.err
    assert send(open_desk, file).status == 3
    declared = status(open_desk, file, "--absent")
    assert declared.status == 1
    assert "it may be sent again" in declared.out
    assert send(open_desk, file).status == 0
    assert len(open_desk.groups("CLI-17")) == 1


def test_what_the_bank_has_is_not_declared_absent(open_desk: Any) -> None:
    """The bank is asked once more; nor does a file with a task become absent, whatever the bank has forgotten."""
    found, forgotten = open_desk.order_file("CLI-18"), open_desk.order_file("CLI-19")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "lost_answer"})
    assert send(open_desk, found).status == 3
    age(found)
    assert status(open_desk, found, "--absent").status == 0
    assert journal_of(found).fate is Fate.TAKEN
    open_desk.bank.post("/faults", {"operation": "checkPaymentSendResult", "kind": "cut"})
    assert send(open_desk, forgotten).status == 3
    age(forgotten)
    open_desk.bank.post("/faults", {"operation": "checkPaymentSendResult", "kind": "cut"})
    open_desk.write_profile(status_by_client_id=False)
    assert status(open_desk, forgotten, "--absent").status == 3
    assert journal_of(forgotten).fate is Fate.HANDED_IN
    assert status(open_desk, "--group", "CLI-18", "--absent").status == 2


def test_a_question_does_not_write_over_what_another_program_learnt(
    open_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sending that goes on writes its task id while the bank is asked."""
    from companynet.cli import order_sending

    file = open_desk.order_file("CLI-20")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "http500"})
    assert send(open_desk, file).status == 3
    other = order_sending.Journal(file)
    learnt = journal_of(file).after(Event.HANDED_IN, task_id="T-9")
    real = order_sending.Journal.read

    def read(self: Any) -> Any:
        found = real(self)
        monkeypatch.setattr(order_sending.Journal, "read", real)
        other.keep(learnt)
        return found

    monkeypatch.setattr(order_sending.Journal, "read", read)
    asked = status(open_desk, file)
    assert asked.status == 3
    assert "another program has just written it" in asked.err
    assert journal_of(file) == learnt


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<Document", "x.xml"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>", "x.xml: line 1"),
        (b"110,20260105,1000", "x.xml"),
    ],
)
def test_what_is_no_order_file_is_not_sent(open_desk: Any, content: bytes, words: str) -> None:
    file = open_desk.folder / "x.xml"
    file.write_bytes(content)
    refused = send(open_desk, file)
    assert refused.status == 2
    assert words in refused.err
    assert list(open_desk.folder.glob("*.journal-*")) == []


def test_a_file_not_sent_from_here_has_no_fate(open_desk: Any) -> None:
    asked = status(open_desk, open_desk.folder / "nothing.xml")
    assert asked.status == 2
    assert "was not sent from here" in asked.err
    unknown = status(open_desk, "--group", "NOT-THERE")
    assert unknown.status == 2
    assert "ORDER_GROUP_UNKNOWN" in unknown.err


def test_a_profile_that_cannot_be_used_begins_nothing(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-16")
    open_desk.write_profile(fault_codes={"1": "Nobody"})
    refused = send(open_desk, file)
    assert refused.status == 2
    assert "Nobody" in refused.err
    assert list(open_desk.folder.glob("*.journal-*")) == []


def test_a_damaged_journal_sends_nothing(open_desk: Any) -> None:
    file = open_desk.order_file("CLI-12")
    file.with_name("CLI-12.xml.journal-1.json").write_text("{}", encoding="utf-8")
    refused = send(open_desk, file)
    assert refused.status == 2
    assert "journal-1.json" in refused.err
    assert open_desk.groups("CLI-12") == []


def test_a_program_killed_while_it_sends_leaves_the_intent(open_desk: Any) -> None:
    """The journal is there before the bank is asked: the next sending refuses, and the bank is asked."""
    file = open_desk.order_file("CLI-13")
    open_desk.bank.post("/faults", {"operation": "universalPaymentSend", "kind": "slow", "seconds": 4})
    command = [sys.executable, "-c", PROGRAM, "order", "send", str(file), "--profile", str(open_desk.profile)]
    running = subprocess.Popen([*command, "--session", str(open_desk.session)])
    wait_for(lambda: bool(open_desk.groups("CLI-13")))
    running.send_signal(signal.SIGKILL)
    running.wait(60)
    assert journal_of(file).fate is Fate.SENDING
    assert send(open_desk, file).status == 3
    assert status(open_desk, file).status == 0
    assert len(open_desk.groups("CLI-13")) == 1


def test_an_interrupt_while_the_bank_works_leaves_the_task_to_be_asked_for(open_desk: Any) -> None:
    open_desk.write_profile(poll_interval=30)
    file = open_desk.order_file("CLI-14")
    command = [sys.executable, "-c", PROGRAM, "order", "send", str(file), "--profile", str(open_desk.profile)]
    running = subprocess.Popen(
        [*command, "--session", str(open_desk.session)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    path = file.with_name(f"{file.name}.journal-1.json")
    wait_for(lambda: path.exists() and "handed_in" in path.read_text(encoding="utf-8"))
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=60)
    assert running.returncode == 3
    assert "called off while the bank works on task" in err
    open_desk.write_profile()
    assert status(open_desk, file).status == 0


def wait_for(happened: Any) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")


def test_two_programs_that_begin_at_once_send_once(open_desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the journal of the first when it is about to write its own."""
    from companynet.cli import order_sending

    file = open_desk.order_file("CLI-15")
    other = order_sending.Journal(file)
    real = order_sending.Journal.begin

    def begin(self: Any, intent: OrderIntent) -> None:
        real(other, intent)
        real(self, intent)

    monkeypatch.setattr(order_sending.Journal, "begin", begin)
    refused = send(open_desk, file)
    assert refused.status == 2
    assert "another program has just begun" in refused.err
    assert open_desk.groups("CLI-15") == []


def test_an_intent_of_another_version_is_refused() -> None:
    with pytest.raises(FormatError, match="version: is 3"):
        OrderIntent.from_json({"snapshot": "companynet.order-intent", "version": 3})

"""``companynet session`` against a running bank: the token goes into one file and nowhere else."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from companynet.cli import session_file
from companynet_sandbox.customers import demo_data

ALFA, SERVICE = demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE
FETCH = ("statement", "fetch", "--from", "2020-01-01", "--to", "2020-01-01", "--output")
PROGRAM = "import sys; from companynet.cli import main; sys.exit(main())"


def live_sessions(desk: Any) -> list[Any]:
    return [session for session in desk.bank.get("/sessions") if session["ended"] is None]


def test_a_session_is_opened_shown_proven_and_closed(desk: Any) -> None:
    before = len(live_sessions(desk))
    opened = desk.open("--dik", ALFA, "--dik", SERVICE, "--days", "30", "--json")
    assert (opened.status, opened.err) == (0, "")
    assert opened.json["differences"] == []
    assert [item["dik"] for item in opened.json["granted"]["permissions"]] == [ALFA, SERVICE]
    assert len(live_sessions(desk)) == before + 1
    assert stat.S_IMODE(desk.session.stat().st_mode) == 0o600
    assert json.loads(desk.session.read_text(encoding="utf-8"))["version"] == 1

    shown = desk.run("session", "show", "--session", desk.session)
    assert shown.status == 0
    assert f"DIK {SERVICE}: granted statements, payments; asked for statements, payments" in shown.out
    proven = desk.on_session("session", "show", "--prove", "--dik", SERVICE)
    assert proven.status == 0
    assert "it lives" in proven.out

    token = desk.token
    closed = desk.on_session("session", "close")
    assert closed.status == 0
    assert not desk.session.exists()
    assert len(live_sessions(desk)) == before
    for ended in (opened, shown, proven, closed):
        assert token not in ended.out + ended.err


def test_what_was_not_granted_is_shown(desk: Any) -> None:
    """The bank gives no longer than the certificate holds, and no operation it does not know."""
    opened = desk.open("--days", "300", "--operation", "getStatus", "--operation", "getCoffee")
    assert opened.status == 1
    assert "NOT AS ASKED: the session ends at" in opened.out
    assert f"NOT AS ASKED: DIK {ALFA} is not covered for getCoffee" in opened.out
    shown = desk.run("session", "show", "--session", desk.session, "--json")
    assert shown.status == 1
    assert [item["lack"] for item in shown.json["differences"]] == ["end_time", "operation"]


@pytest.mark.parametrize(
    ("kind", "other", "words"), [("statements", "payments", "getMT940Ex"), ("payments", "statements", "getStatus")]
)
def test_only_what_is_wanted_is_asked_for_and_proven(desk: Any, kind: str, other: str, words: str) -> None:
    opened = desk.open("--for", kind)
    assert (opened.status, opened.err) == (0, "")
    assert f"DIK {ALFA}: granted {kind}; asked for {kind}" in opened.out
    assert other not in opened.out
    proven = desk.on_session("session", "show", "--prove", "--json")
    assert (proven.status, proven.json["proven"]) == (0, True)
    assert proven.json["covers"] == [{"dik": ALFA, "asked": [kind], "granted": [kind], "granted_in_part": []}]
    assert proven.json["asked"] == proven.json["granted"]
    assert desk.bank.get("/calls")[-1]["operation"] == words


def test_a_kind_of_which_less_was_granted_is_said_to_be_covered_in_part(desk: Any) -> None:
    opened = desk.open("--days", "30", "--operation", "getMT940Ex", "--operation", "getStatus", "--json")
    assert opened.json["covers"] == [
        {"dik": ALFA, "asked": [], "granted": [], "granted_in_part": ["statements", "payments"]}
    ]
    shown = desk.run("session", "show", "--session", desk.session)
    assert "granted statements in part (without checkGetMT940Result, confirmResponseReceived), payments" in shown.out


def test_a_session_that_nothing_proves_says_so_and_asks_nothing(desk: Any) -> None:
    assert desk.open("--days", "30", "--operation", "universalPaymentSend").status == 0
    before = len(desk.bank.get("/calls"))
    proven = desk.on_session("session", "show", "--prove")
    assert proven.status == 2
    assert "a session is proven by one of getStatus, getMT940Ex" in proven.err
    assert len(desk.bank.get("/calls")) == before


def test_kinds_and_names_of_operations_do_not_go_together(desk: Any) -> None:
    refused = desk.open("--for", "statements", "--operation", "getStatus")
    assert refused.status == 2
    assert "not allowed with argument" in refused.err
    assert not desk.session.exists()


def test_a_one_time_password_opens_a_login(desk: Any) -> None:
    password = desk.folder / "password"
    password.write_text("480211\n", encoding="utf-8")
    desk.bank.post("/passwords", {"user": demo_data.USER_ALFA, "password": "480211"})
    arguments = ("session", "open", "--dik", ALFA, "--user", demo_data.USER_ALFA, "--one-time-password")
    opened = desk.on_session(*arguments, "--password-file", password, "--json")
    assert opened.status == 0, opened.err
    assert opened.json["kind"] == "login"
    fetched = desk.on_session(
        "statement", "fetch", "--from", "2020-01-01", "--to", "2020-01-01", "--output", desk.folder
    )
    assert fetched.status == 0, fetched.err
    assert desk.on_session("session", "close").status == 0
    again = desk.on_session(*arguments, "--password-file", password)
    assert again.status == 2
    assert "LOGIN_REFUSED" in again.err
    assert "480211" not in again.err
    assert not desk.session.exists()


def test_a_password_login_may_make_a_long_lived_session(desk: Any) -> None:
    password = desk.folder / "password"
    password.write_text("771203", encoding="utf-8")
    desk.bank.post("/passwords", {"user": demo_data.USER_ALFA, "password": "771203"})
    opened = desk.open("--one-time-password", "--password-file", password, "--json")
    assert opened.status == 0, opened.err
    assert opened.json["kind"] == "background"


def test_a_pin_may_come_from_a_descriptor_and_never_stands_in_the_arguments(desk: Any) -> None:
    reading, writing = os.pipe()
    os.write(writing, (desk.pin.read_text() + "ignored").encode())
    os.close(writing)
    command = [sys.executable, "-c", PROGRAM, "session", "open", "--profile", str(desk.profile)]
    command += ["--session", str(desk.session), "--dik", ALFA, "--user", demo_data.USER_ALFA]
    command += ["--p12", str(desk.p12), "--pin-fd", str(reading)]
    done = subprocess.run(
        command, pass_fds=[reading], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    os.close(reading)
    assert done.returncode == 0, done.stderr
    assert desk.token not in done.stdout + done.stderr


def test_without_a_terminal_the_ways_to_give_a_pin_are_told(desk: Any) -> None:
    command = [sys.executable, "-c", PROGRAM, "session", "open", "--profile", str(desk.profile)]
    command += ["--session", str(desk.session), "--dik", ALFA, "--user", demo_data.USER_ALFA, "--p12", str(desk.p12)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "--pin-file or --pin-fd" in done.stderr
    assert not desk.session.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--end", "2020-01-01"), "--end 2020-01-01 is past"),
        (("--end", "1 April"), "--end '1 April' is no day"),
        (("--days", "0"), "--days 0: it must be from 1"),
        (("--dik", ALFA, "--dik", ALFA), "named twice"),
        (("--dik", "99999999"), "DIK_REFUSED"),
        (("--pin-file", "/nowhere/pin"), "--pin-file /nowhere/pin: No such file"),
        (("--p12", "/nowhere/key.p12"), "/nowhere/key.p12: No such file"),
        (("--user", "NOBODY"), "LOGIN_REFUSED"),
        (("--card", "Anna"), "--card is of a token: give --pkcs11 too"),
        (("--slot", "0"), "--slot is of a token: give --pkcs11 too"),
    ],
)
def test_what_was_given_wrong_is_told_and_nothing_half_made_stays(
    desk: Any, arguments: tuple[str, ...], words: str
) -> None:
    before = len(live_sessions(desk))
    ended = desk.open(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not desk.session.exists()
    assert len(live_sessions(desk)) == before


def test_a_wrong_pin_and_an_empty_one_are_told(desk: Any) -> None:
    for text, words in (("falsz", "the password of the PKCS#12 file is wrong"), ("\n", "its first line is empty")):
        desk.pin.write_text(text, encoding="utf-8")
        ended = desk.open()
        assert ended.status == 2
        assert words in ended.err
        assert "falsz" not in ended.err


def test_neither_signature_nor_password_is_told(desk: Any) -> None:
    ended = desk.on_session("session", "open", "--dik", ALFA, "--user", demo_data.USER_ALFA)
    assert ended.status == 2
    assert "give --p12 or --pkcs11 for a signature, or --one-time-password" in ended.err
    assert not desk.session.exists()


def test_a_session_file_is_never_overwritten(open_desk: Any) -> None:
    token = open_desk.token
    ended = open_desk.open()
    assert ended.status == 2
    assert f"{open_desk.session} exists" in ended.err
    assert open_desk.token == token


def test_a_folder_that_cannot_be_written_asks_the_bank_for_nothing(desk: Any) -> None:
    before = len(live_sessions(desk))
    desk.session = desk.folder / "absent" / "session.json"
    ended = desk.open()
    assert ended.status == 2
    assert "absent" in ended.err
    assert len(live_sessions(desk)) == before


def test_a_lost_answer_says_that_the_session_may_exist(desk: Any) -> None:
    desk.bank.post("/faults", {"operation": "createBackgroundSessionWithSignature", "kind": "lost_answer"})
    ended = desk.open()
    assert ended.status == 3
    assert "whose token never came" in ended.err
    assert "`session close" in ended.err
    desk.bank.post("/sessions/end", {"all": True})


def test_what_a_lost_answer_left_is_shown_and_cleared_away(desk: Any) -> None:
    """Until a person has seen to it nothing else uses the file: it says what the bank may have."""
    desk.bank.post("/faults", {"operation": "createBackgroundSessionWithSignature", "kind": "lost_answer"})
    desk.open("--days", "30")
    assert stat.S_IMODE(desk.session.stat().st_mode) == 0o600
    shown = desk.run("session", "show", "--session", desk.session, "--json")
    assert shown.status == 1
    assert shown.json["session_may_exist"] is True
    assert shown.json["bank_user"] == demo_data.USER_ALFA
    reference = shown.json["reference"]
    words = desk.run("session", "show", "--session", desk.session)
    assert f"DIK {ALFA} until" in words.out
    assert f"our reference of the call is {reference}" in words.out
    for refused in (desk.open(), desk.on_session("session", "show", "--prove"), desk.on_session(*FETCH, desk.folder)):
        assert (refused.status, refused.out) == (2, "")
        assert "was not finished" in refused.err
        assert f"`session close --session {desk.session}`" in refused.err
    closed = desk.on_session("session", "close", "--json")
    assert closed.status == 1
    assert closed.json == {"session": str(desk.session), "outcome": "unknown", "reference": reference}
    assert not desk.session.exists()
    assert desk.open().status == 0
    desk.bank.post("/sessions/end", {"all": True})


def test_a_session_whose_file_was_taken_meanwhile_is_ended_again(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody cleared the opening away and opened another session in the same file: neither token is lost."""
    before = len(live_sessions(desk))
    other = '{"another": "session"}'

    def take(*arguments: object, **_more: object) -> None:
        desk.session.write_text(other, encoding="utf-8")

    monkeypatch.setattr(session_file.SessionFile, "note_reference", take)
    ended = desk.open()
    assert ended.status == 2
    assert "was removed or changed by somebody" in ended.err
    assert "the session was ended again" in ended.err
    assert desk.session.read_text(encoding="utf-8") == other
    assert len(live_sessions(desk)) == before


def test_a_token_is_shown_to_its_own_bank_only(open_desk: Any) -> None:
    other = open_desk.write_profile("other.json", endpoint="http://127.0.0.1:1/ws")
    ended = open_desk.run("session", "close", "--profile", other, "--session", open_desk.session)
    assert ended.status == 2
    assert "a token is shown to its own bank only" in ended.err
    assert open_desk.session.exists()


def test_a_session_file_that_others_may_read_is_not_used(open_desk: Any) -> None:
    open_desk.session.chmod(0o644)
    ended = open_desk.run("session", "show", "--session", open_desk.session)
    assert ended.status == 2
    assert "others than its owner may read it" in ended.err


@pytest.mark.parametrize("content", ["", "[]", '{"snapshot": "companynet.session", "version": 7}'])
def test_a_file_that_is_no_session_is_named(desk: Any, content: str) -> None:
    desk.session.write_text(content, encoding="utf-8")
    desk.session.chmod(0o600)
    ended = desk.run("session", "show", "--session", desk.session)
    assert ended.status == 2
    assert str(desk.session) in ended.err


def test_a_session_the_bank_ended_is_not_proven_and_its_file_goes_with_close(open_desk: Any) -> None:
    open_desk.bank.post("/sessions/end", {"all": True})
    proven = open_desk.on_session("session", "show", "--prove")
    assert proven.status == 2
    assert "SESSION_INVALID" in proven.err
    assert "open a new one" in proven.err
    closed = open_desk.on_session("session", "close")
    assert (closed.status, closed.err) == (0, "")
    assert "had ended already" in closed.out
    assert not open_desk.session.exists()


def test_a_session_that_could_not_be_ended_keeps_its_file(open_desk: Any) -> None:
    open_desk.bank.post("/faults", {"operation": "finishBackgroundSession", "kind": "http500"})
    ended = open_desk.on_session("session", "close")
    assert ended.status == 3
    assert open_desk.session.exists()


def test_a_profile_that_cannot_be_read_is_named(desk: Any) -> None:
    desk.profile = Path("/nowhere/bank.json")
    ended = desk.open()
    assert ended.status == 2
    assert "/nowhere/bank.json: No such file" in ended.err

"""Renewal and revocation against PostgreSQL with processes that are killed: what holds then, and gets done later.

The renewal by itself is signed by a key on a token of the server.
"""

# ruff: noqa: S608 -- statements of the test's own

import xmlrpc.client
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

import pytest
from demo import firms

from companynet_sandbox.customers import demo_data
from tests.houses.databases import databases
from tests.houses.house import House, running_house
from tests.houses.killed import P12_OWNER, AtTheBank, InDatabase, KilledHouse
from tests.proof import first_of_each_kind
from tests.softhsm import OWNER, soft_token

PIN = "271828"
TARGET = "killed_target"
CREATE, PROOF, FINISH = "createBackgroundSessionWithSignature", "getStatus", "finishBackgroundSession"
#: The bank's operations of a session's making, in their order.
MAKING = (
    "initLoginWithSignature",
    "loginWithSignature",
    "initCreateBackgroundSessionWithSignature",
    CREATE,
    "logout",
    PROOF,
)


def before_call(operation: str) -> InDatabase:
    """The call is about to leave: its row of the audit is not stored yet."""
    return InDatabase("INSERT", "mbank_call", f"NEW.operation = '{operation}'")


def answered(operation: str) -> InDatabase:
    """The bank has answered, and that is not recorded yet."""
    return InDatabase("UPDATE", "mbank_call", f"NEW.operation = '{operation}' AND NEW.outcome <> 'pending'")


def becoming(state: str) -> InDatabase:
    """A session is about to have a state."""
    return InDatabase("UPDATE", "mbank_session", f"NEW.state = '{state}' AND OLD.state <> '{state}'")


#: What the owner is told by the check, by what is left.
TOLD = {"nothing": [], "intent": ["przerwane"], "lost": ["przerwane"], "made": ["obowiązuje"], "switched": []}
DONE = {"made", "switched"}

CLAIM = InDatabase("UPDATE", "mbank_server_key", "NEW.claim IS NOT NULL AND OLD.claim IS NULL")
PIN_TRIED = InDatabase("UPDATE", "mbank_server_key", "OLD.pin_tried AND NOT NEW.pin_tried AND NEW.claim IS NOT NULL")
INTENT = InDatabase("INSERT", "mbank_session")
ENDED = InDatabase("UPDATE", "mbank_session", "OLD.finish_pending AND NOT NEW.finish_pending")


@dataclass(frozen=True)
class Step:
    """Where a renewal is when its process dies, and what is there after the next check."""

    held: InDatabase | AtTheBank
    left: str
    """What is there when the server is started again: nothing; an intent; besides it a session at the bank that is
    lost, for nobody has its token; a session that was made; one that has switched with the old."""

    unknown: str | None = None
    """The operation whose outcome is unknown."""

    def kind(self) -> Hashable:
        """What is to be found again, and whether the bank or the database has it last."""
        return self.left, type(self.held), self.unknown is None


def under_way(operation: str, left: str) -> Step:
    """The bank's answer is on its way."""
    return Step(AtTheBank(operation), left, operation)


STEPS = {
    "taken from the queue": Step(CLAIM, "nothing"),
    "signed in, nothing stored": Step(INTENT, "nothing"),
    "intent stored": Step(before_call(MAKING[0]), "intent"),
    "challenge under way": under_way(MAKING[0], "intent"),
    "login under way": under_way(MAKING[1], "intent"),
    "text under way": under_way(MAKING[2], "intent"),
    "before the creation": Step(before_call(CREATE), "intent"),
    "creation under way": under_way(CREATE, "lost"),
    "creation answered": Step(answered(CREATE), "lost", CREATE),
    "made, not stored": Step(becoming("proving"), "lost"),
    "login being ended": under_way(MAKING[4], "made"),
    "stored": Step(before_call(PROOF), "made"),
    "proof under way": under_way(PROOF, "made"),
    "proven": Step(becoming("active"), "made"),
    "switched": Step(before_call(FINISH), "switched"),
    "ending under way": under_way(FINISH, "switched"),
    "ended, not stored": Step(ENDED, "switched"),
}
BY_HAND = {name: STEPS[name] for name in ("creation under way", "proven")}
#: Of a revocation: where it is, and what came of the calls that were not accepted.
REVOCATION: dict[str, tuple[InDatabase | AtTheBank, list[str]]] = {
    "before the ending": (before_call(FINISH), []),
    "ending under way": (AtTheBank(FINISH), ["unknown", "refused"]),
    "ending answered": (answered(FINISH), ["unknown", "refused"]),
    "ended, not stored": (ENDED, ["refused"]),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledHouse]:
    """The running house; the server sees the token."""
    token = soft_token(tmp_path_factory.mktemp("token") / "softhsm", "Serwer", PIN)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(token.configuration))
        with running_house("killed", token.certificate_pem, f"hsm={token.module}") as running:
            house = KilledHouse(running.world, running.database, token)
            house.furnish()
            yield house


def audit(house: House, after: int) -> list[tuple[str, str]]:
    """Operation and outcome of the calls since a row of the audit."""
    return [
        (str(operation), str(outcome))
        for operation, outcome in house.sql(
            f"SELECT operation, outcome FROM mbank_call WHERE id > {after} ORDER BY id"
        )
    ]


def last_row(house: House) -> int:
    [(row,)] = house.sql("SELECT coalesce(max(id), 0) FROM mbank_call")
    return int(row)


def states(house: House, since: int) -> list[str]:
    """The states of the session and of those after it."""
    return [str(state) for (state,) in house.sql(f"SELECT state FROM mbank_session WHERE id >= {since} ORDER BY id")]


def assert_renewed(house: KilledHouse, old: int, lost: list[int]) -> None:
    """One session has taken the old one's place, which is ended at the bank; nothing else lives there but what is said."""
    [new] = house.live()
    assert house.sql(f"SELECT renews FROM mbank_session WHERE id = {new}") == [(old,)]
    ended = f"SELECT state, superseded_by, finish_pending, token IS NULL FROM mbank_session WHERE id = {old}"
    assert house.sql(ended) == [("superseded", new, False, True)]
    alive = house.at_the_bank()
    assert alive[:-1] == lost
    assert set(house.sql("SELECT live FROM live_log")) == {(1,)}
    assert not house.sql("SELECT 1 FROM mbank_call WHERE outcome = 'pending'")


def test_a_session_renews_itself_with_a_key_on_the_server(house: KilledHouse) -> None:
    """Due, it is queued by the cron, signed by the token, proven and switched; the old one ends; its owner is told."""
    old = house.begin()
    row = last_row(house)
    house.kill()
    house.begin_again()
    assert_renewed(house, old, [])
    assert states(house, old) == ["superseded", "active"]
    assert audit(house, row) == [(operation, "accepted") for operation in (*MAKING, FINISH)]
    [(certificate, days)] = house.sql(
        'SELECT c.name, extract(days FROM s."end" - now()) FROM mbank_session s '
        "JOIN mbank_certificate c ON c.id = s.certificate ORDER BY s.id DESC LIMIT 1"
    )
    assert certificate == OWNER
    assert days > 80
    [told] = house.told()
    assert "odnow" in told
    house.check()
    assert states(house, old) == ["superseded", "active"]
    assert PIN not in house.world.log("host").read_text()


def assert_told(house: KilledHouse, words: list[str]) -> None:
    """The owner was told so much, each with its word."""
    told = house.told()
    assert len(told) == len(words), told
    assert all(word in text for word, text in zip(words, told, strict=True)), told


@pytest.mark.parametrize("step", first_of_each_kind(STEPS, Step.kind))
def test_killed_in_a_renewal_by_itself(house: KilledHouse, step: Step) -> None:
    """One session is in force at any time, what the bank may have is said, and the renewal is done, once."""
    old = house.begin()
    [at_bank] = house.at_the_bank()
    row = last_row(house)
    house.kill_when_held(step.held, lambda: house.run_job("mbank.session|check_all"))
    house.pass_time(hours=1)
    house.begin_again()
    lost = assert_left(house, step, old, at_bank, row)
    if step.left not in DONE:
        house.pass_time(hours=23)
        house.check()
        assert_told(house, [*TOLD[step.left], "odnow"])
    assert_renewed(house, old, lost)
    house.check()
    assert [call for call, _ in audit(house, row)].count(CREATE) == 1 + len(lost)


def assert_left(house: KilledHouse, step: Step, old: int, at_bank: int, row: int) -> list[int]:
    """What is there after the first check; the sessions that are lost at the bank."""
    unknown = [(step.unknown, "unknown")] if step.unknown else []
    calls = [call for call in audit(house, row) if call[1] != "accepted"]
    # A session that was ended before is not known any more when it is ended again.
    assert [call for call in calls if call != (FINISH, "refused")] == unknown
    assert_told(house, TOLD[step.left])
    if step.left in DONE:
        assert states(house, old) == ["superseded", "active"]
        return []
    alive = house.at_the_bank()
    assert (house.live(), alive[0]) == ([old], at_bank)
    assert len(alive[1:]) == (step.left == "lost")
    assert states(house, old)[1:] == ([] if step.left == "nothing" else ["refused"])
    if step.left != "nothing":
        [(reason, day)] = house.sql(
            "SELECT reason, to_char(asked_end, 'DD.MM.YYYY') FROM mbank_session ORDER BY id DESC LIMIT 1"
        )
        assert "skończy się ona sama" in reason
        assert day in reason
    return alive[1:]


def test_killed_while_the_kept_pin_is_tried(house: KilledHouse) -> None:
    """Whether it was right is not known: it is not tried again, the bank is not asked, and two people are told."""
    old = house.begin()
    alive = house.at_the_bank()
    row = last_row(house)
    house.kill_when_held(PIN_TRIED, lambda: house.run_job("mbank.session|check_all"))
    house.pass_time(hours=1)
    house.begin_again()
    assert_told(house, [])
    house.pass_time(hours=23)
    house.check()
    assert_told(house, ["nie mogła odnowić"])
    assert any("PIN" in text for text in house.told("admin"))
    assert (house.live(), house.at_the_bank(), audit(house, row)) == ([old], alive, [])
    admin = house.person("admin")
    dialog = admin.wizard("mbank.server_key.pin", [admin.one("mbank.server_key")])
    dialog.form.pin_way = "kept"
    dialog.form.pin_password = PIN
    dialog.execute("set_")
    house.pass_time(hours=23)
    house.check()
    assert_renewed(house, old, [])


@pytest.mark.parametrize("step", BY_HAND.values(), ids=BY_HAND)
def test_killed_in_a_renewal_by_hand(house: KilledHouse, step: Step) -> None:
    """With a key in a file the same; the dialog that was killed makes nothing again, another does."""
    old = house.begin(P12_OWNER)
    [at_bank] = house.at_the_bank()
    row = last_row(house)
    dialog = house.dialog(P12_OWNER, renewed=old)
    house.kill_when_held(step.held, lambda: house.press(dialog))
    house.pass_time(hours=1)
    house.begin_again()
    lost = assert_left(house, step, old, at_bank, row)
    if step.left in DONE:
        dialog.execute("create_")
    else:
        with pytest.raises(xmlrpc.client.Fault, match="przerwane"):
            dialog.execute("create_")
        house.press(house.dialog(P12_OWNER, renewed=old))
    assert_renewed(house, old, lost)
    assert [call for call, _ in audit(house, row)].count(CREATE) == 1 + len(lost)


@pytest.fixture(scope="module")
def target(house: KilledHouse) -> Iterator[Callable[[], int]]:
    """A database Jan shares with; yields how often it was told something."""
    world = house.world
    with databases(world, {TARGET: firms.BETA}), world.cluster.connect(TARGET) as connection:
        connection.execute(f"UPDATE company_company SET mbank_dik = '{demo_data.DIK_BETA}'")
        connection.execute(
            'INSERT INTO "res_user-res_group" ("user", "group") SELECT u.id, d.db_id '
            "FROM res_user u, ir_model_data d "
            "WHERE u.login = 'ewa' AND d.module = 'mbank' AND d.fs_id = 'group_session_create'"
        )
        profile = house.person("admin").model("mbank.external_database")(
            code="beta",
            name="Beta",
            kind="postgres",
            connection_secret=f"host={world.cluster.directory};username=postgres;Database={TARGET}",
        )
        profile.save()
        profile.click("check_connection")
        # As the administrator of the target would read it out; the check tells what the connection shows.
        profile.told_fingerprint = profile.check_result.rpartition(": ")[2]
        profile.save()
        profile.click("fingerprints_agree")
        yield lambda: len(connection.execute("SELECT 1 FROM mbank_share_inbox").fetchall())


@pytest.mark.parametrize("step", first_of_each_kind(REVOCATION, lambda step: tuple(step[1])))
def test_killed_in_a_revocation(
    house: KilledHouse, target: Callable[[], int], step: tuple[InDatabase | AtTheBank, list[str]]
) -> None:
    """What is locked authorises nothing; the bank ends it, asked twice or not, and what was shared is taken back."""
    held, outcomes = step
    session = house.begin(P12_OWNER)
    jan = house.person("jan")
    sharing = jan.wizard("mbank.session.share", [jan.model("mbank.session")(session)])
    sharing.execute("connect")
    sharing.form.user = "ewa"
    sharing.execute("share_")
    told = target()
    row = last_row(house)
    house.kill_when_held(held, lambda: jan.model("mbank.session")(session).click("revoke"))
    assert states(house, session) == ["revoked"]
    house.pass_time(hours=1)
    house.begin_again()
    with pytest.raises(xmlrpc.client.Fault, match="sesj"):
        house.download()
    ended = "SELECT state, finish_pending, token IS NULL FROM mbank_session ORDER BY id DESC LIMIT 1"
    assert house.sql(ended) == [("revoked", False, True)]
    assert house.at_the_bank() == []
    assert house.sql("SELECT state FROM mbank_share ORDER BY id DESC LIMIT 1") == [("revoked",)]
    assert target() == told + 1
    calls = audit(house, row)
    assert [outcome for _, outcome in calls if outcome != "accepted"] == outcomes
    house.pass_time(hours=1)
    house.check()
    assert audit(house, row) == calls
    assert {operation for operation, _ in calls} == {FINISH}

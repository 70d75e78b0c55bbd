"""Two databases on PostgreSQL: a share with the least rights, what lacks one by one, and attacks on the inbox."""

import json
import re
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from trytond.modules.mbank.sharing.target import MINIMUM_RIGHTS, grants

from companynet_sandbox.customers import demo_data
from tests.houses.sharing import ROLE, SOURCE, TARGET, House, agree, sharing_house
from tests.postgres_between import Authority, Between

MEND_DIK = "UPDATE company_company SET mbank_dik = '20000001'"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The house; no right granted to the role yet."""
    with sharing_house() as house:
        yield house


def grant_all(house: House) -> None:
    for statement in grants(ROLE):
        house.sql(TARGET, statement)


@pytest.fixture
def granted(house: House) -> House:
    """The role has the documented minimum and nothing else, the target's key was compared."""
    grant_all(house)
    if not check(house)[0]:
        pin(house)
    return house


def the_profile(house: House) -> Any:
    """The profile of the target, as the administrator of the source sees it."""
    return house.person(SOURCE, "admin").one("mbank.external_database", ("code", "=", "beta"))


def pin(house: House) -> None:
    """The administrator of the target reads out its fingerprint, the one of the source types it in."""
    agree(the_profile(house), house.person(TARGET, "admin").one("mbank.database").fingerprint)


def check(house: House, profile: Any = None) -> tuple[bool, str]:
    """What „Sprawdź połączenie” says."""
    profile = profile or the_profile(house)
    profile.click("check_connection")
    return profile.check_passed, profile.check_result


def test_each_right_is_needed(house: House) -> None:
    """Without one of the documented rights the check names the table; with all of them it passes."""
    assert not check(house)[0]
    grant_all(house)
    passed, result = check(house)
    assert not passed
    assert "not compared yet" in result
    with pytest.raises(xmlrpc.client.Fault, match="not compared yet"):
        house.dialog().execute("connect")
    pin(house)
    passed, result = check(house)
    assert passed, result
    for right, table, columns in MINIMUM_RIGHTS:
        for column in columns:
            house.sql(TARGET, f'REVOKE {right} ("{column}") ON "{table}" FROM "{ROLE}"')
            passed, result = check(house)
            house.sql(TARGET, f'GRANT {right} ("{column}") ON "{table}" TO "{ROLE}"')
            assert not passed, (table, column)
            assert table in result
            assert ROLE in result
    assert check(house)[0]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM res_user",
        "SELECT token FROM mbank_session",
        "SELECT envelope FROM mbank_share_inbox",
        "SELECT source, reason FROM mbank_share_inbox",
        "INSERT INTO mbank_share_inbox (source, answer) VALUES ('x', 'refused')",
        "INSERT INTO mbank_share_inbox (source, state) VALUES ('x', 'opened')",
        "UPDATE mbank_share_inbox SET state = NULL",
        "DELETE FROM mbank_share_inbox",
        "INSERT INTO mbank_trusted_source (name) VALUES ('x')",
        'INSERT INTO "res_user-res_group" ("user", "group") VALUES (1, 1)',
        "SELECT public_identity FROM mbank_trusted_source",
    ],
)
def test_the_role_can_do_nothing_else(granted: House, statement: str) -> None:
    """Who has the connection string has no secret of the target and changes nothing there."""
    connection = psycopg.connect(host=str(granted.world.cluster.directory), user=ROLE, dbname=TARGET)
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("spoil", "mend", "words"),
    [
        ("UPDATE ir_module SET state = 'not activated' WHERE name = 'mbank'",
         "UPDATE ir_module SET state = 'activated' WHERE name = 'mbank'", "plugin is not installed"),
        ("UPDATE mbank_database SET series = '7.0'", "UPDATE mbank_database SET series = '8.0'", "7.0"),
        ("UPDATE mbank_database SET public_identity = NULL", None, "no key pair"),
        ("UPDATE res_user SET active = false WHERE login IN ('ewa', 'admin')",
         "UPDATE res_user SET active = true WHERE login IN ('ewa', 'admin')", "has the right"),
        ("UPDATE company_company SET mbank_dik = NULL",
         MEND_DIK, "mBankDIK"),
        ("UPDATE company_company SET mbank_dik = '77777777'",
         MEND_DIK, "77777777"),
    ],
)  # fmt: skip
def test_each_precondition_has_its_sentence(granted: House, spoil: str, mend: str | None, words: str) -> None:
    """The dialog says what is missing in the target, and nothing is written there."""
    [(identity,)] = granted.sql(TARGET, "SELECT public_identity FROM mbank_database")
    before = granted.sql(TARGET, "SELECT count(*) FROM mbank_share_inbox")
    granted.sql(TARGET, spoil)
    try:
        with pytest.raises(xmlrpc.client.Fault, match=words):
            granted.dialog().execute("connect")
    finally:
        granted.sql(TARGET, "UPDATE mbank_database SET public_identity = %s", identity)
        if mend:
            granted.sql(TARGET, mend)
    assert granted.sql(TARGET, "SELECT count(*) FROM mbank_share_inbox") == before


def test_an_unentitled_user_is_refused(granted: House) -> None:
    """A login the dialog did not offer is refused by the server."""
    dialog = granted.dialog()
    dialog.execute("connect")
    dialog.form.user = "tomasz"
    with pytest.raises(xmlrpc.client.Fault, match="tomasz"):
        dialog.execute("share_")


def test_shared_used_revoked(granted: House) -> None:
    """The least rights are enough for the whole way, and the session covers the target's DIK only."""
    share = granted.share()
    assert share.state == "shared"
    assert granted.receive()[-1] == ("opened", None)
    [session] = granted.live()
    assert [row.dik for row in session.diks if row.granted] == [demo_data.DIK_BETA]
    assert session.end == share.expires == share.session.end
    granted.run_cron("mbank.share|deliver_all")
    share.reload()
    assert share.answer == "active"
    [proof] = granted.person(TARGET, "admin").find("mbank.call", ("session", "=", session.id))
    assert (proof.operation, proof.outcome) == ("getStatus", "accepted")
    assert session.shared_from == granted.sql(SOURCE, "SELECT identity FROM mbank_database")[0][0]
    assert granted.sql(SOURCE, "SELECT token FROM mbank_session WHERE state = 'active'") != granted.sql(
        TARGET, "SELECT token FROM mbank_session WHERE state = 'active'"
    )
    ewa = granted.person(TARGET, "ewa")
    received = ewa.model("mbank.session")(session.id)
    onward = ewa.wizard("mbank.session.share", [received])
    assert onward.form.session == received
    with pytest.raises(xmlrpc.client.Fault, match="received from another"):
        onward.execute("connect")
    share.click("revoke")
    assert share.state == "revoked"
    assert granted.receive()[-1] == ("opened", None)
    assert granted.live() == []


def test_the_dialog_of_creation_leads_to_sharing(granted: House) -> None:
    """„Udostępnij” in the dialog of creation opens the sharing dialog on the session there is."""
    jan = granted.person(SOURCE, "jan")
    creation = jan.wizard("mbank.session.create")
    assert creation.form.shareable
    creation.execute("share_")
    [sharing] = creation.actions
    assert sharing.form.session == jan.one("mbank.session", ("state", "=", "active"))


def test_attacks_on_the_inbox(granted: House) -> None:
    """Whoever can write into the inbox gains nothing: each row is refused and no session is made."""
    granted.share()
    granted.receive()
    [session] = granted.live()
    [(source, envelope)] = granted.sql(
        TARGET, "SELECT source, envelope FROM mbank_share_inbox ORDER BY id DESC LIMIT 1"
    )
    altered = json.loads(bytes(envelope))
    altered["info"]["expires"] = "2999-01-01T00:00:00+00:00"
    other = json.loads(bytes(envelope))
    other["info"]["user"] = "1 admin"
    foreign = json.loads(bytes(envelope))
    foreign["info"]["source"] = "00000000-0000-0000-0000-000000000000"
    rows = [
        (source, bytes(envelope)),
        (source, json.dumps(altered).encode()),
        (source, json.dumps(other).encode()),
        (source, json.dumps(foreign).encode()),
        ("00000000-0000-0000-0000-000000000000", json.dumps(foreign).encode()),
        (source, b"\x00garbage"),
        (None, None),
        (source, b"[" * 60_000),
        (source, b'{"a":' * 12_000),
        (source, b'{"format": 1' + b"0" * 60_000 + b"}"),
        (source, json.dumps({**altered, "info": {**altered["info"], "user": "\ud800"}}).encode()),
        (source, b"x" * 5_000_000),
        ("x" * 100_000, b"{}"),
    ]
    with psycopg.connect(host=str(granted.world.cluster.directory), user=ROLE, dbname=TARGET) as connection:
        for row in rows:
            connection.execute("INSERT INTO mbank_share_inbox (source, envelope) VALUES (%s, %s)", row)
    states = granted.receive()[-len(rows) :]
    assert {state for state, _ in states} == {"refused"}
    assert all(reason for _, reason in states)
    assert [found.id for found in granted.live()] == [session.id]


def test_a_changed_key_is_refused_and_told(granted: House) -> None:
    """A database that shows another key gets nothing, and only a comparison changes that."""
    [(genuine,)] = granted.sql(TARGET, "SELECT public_identity FROM mbank_database")
    false = json.loads(genuine)
    false["hpke_public"] = false["sign_public"]
    before = granted.sql(TARGET, "SELECT count(*) FROM mbank_share_inbox")
    dialog = granted.dialog()
    dialog.execute("connect")
    dialog.form.user = "ewa"
    granted.sql(TARGET, "UPDATE mbank_database SET public_identity = %s", json.dumps(false))
    try:
        with pytest.raises(xmlrpc.client.Fault, match="shows another key"):
            dialog.execute("share_")
        with pytest.raises(xmlrpc.client.Fault, match="shows another key"):
            granted.dialog().execute("connect")
        profile = the_profile(granted)
        assert profile.key_state == "changed"
        assert not check(granted)[0]
        profile.told_fingerprint = profile.target_fingerprint
        profile.save()
        with pytest.raises(xmlrpc.client.Fault, match="not the one of the key"):
            profile.click("fingerprints_agree")
    finally:
        granted.sql(TARGET, "UPDATE mbank_database SET public_identity = %s", genuine)
    assert granted.sql(TARGET, "SELECT count(*) FROM mbank_share_inbox") == before
    told = granted.sql(
        SOURCE, "SELECT count(*) FROM res_notification WHERE position('okazuje inny klucz' IN label) > 0"
    )
    administrators = granted.sql(
        SOURCE,
        'SELECT count(DISTINCT m."user") FROM "res_user-res_group" m JOIN ir_model_data d ON d.db_id = m."group" '
        "WHERE d.module = 'mbank' AND d.fs_id = 'group_mbank_admin'",
    )
    assert told == administrators
    assert check(granted)[0]
    assert the_profile(granted).key_state == "pinned"


def test_a_server_in_between_is_refused(granted: House, tmp_path: Path) -> None:
    """Plain text, an unknown authority and another name are refused; the company's own authority is enough."""
    # It leads to this machine, and is not one of its own addresses for itself.
    outside = "127.1"
    socket = granted.world.cluster.directory / ".s.PGSQL.5432"
    admin = granted.person(SOURCE, "admin")
    admin.config.set_context(_skip_warnings=True)
    own, other = Authority("Firm's own"), Authority("Anybody's")
    good, elsewhere = own.certificate("127.0.0.1"), own.certificate("192.0.2.1")
    attempts = [
        (None, own.pem, "SSL"),
        (good, None, "certificate"),
        (good, other.pem, "certificate"),
        (elsewhere, own.pem, "127.0.0.1|127.1"),
        (good, own.pem, None),
    ]
    for number, (certificate, roots, words) in enumerate(attempts):
        with Between(socket, certificate, tmp_path) as between:
            profile = admin.model("mbank.external_database")(code=f"between{number}", name="Beta", kind="postgres")
            profile.connection_secret = (
                f"host={outside};port={between.port};username={ROLE};password=secret-of-the-role;Database={TARGET}"
            )
            profile.root_certificates = roots
            profile.save()
            passed, result = check(granted, profile)
            assert not passed
            if words:
                assert re.search(words, result), result
                assert profile.key_state == "unread"
                assert b"secret-of-the-role" not in between.seen
                assert ROLE.encode() not in between.seen
            else:
                agree(profile, profile.offered_fingerprint)
                passed, result = check(granted, profile)
                assert passed, result
                assert profile.protection == "Encrypted, the server is verified"
            profile.delete()


def test_the_end_at_the_source_ends_the_share(granted: House) -> None:
    """Revoking the session reaches the target's inbox at once; the share is not delivered again."""
    share = granted.share()
    granted.receive()
    assert len(granted.live()) == 1
    share.session.click("revoke")
    share.reload()
    assert share.state == "revoked"
    granted.receive()
    assert granted.live() == []
    with pytest.raises(xmlrpc.client.Fault, match="no active long-lived session"):
        granted.dialog().execute("connect")

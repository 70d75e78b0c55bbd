"""Bad input gets one sentence that names the thing, and leaves nothing half-done."""

import datetime as dt
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from demo import firms
from demo.erp import Person
from demo.job import PIN, Job

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import make_identity

NOW = dt.datetime.now(dt.UTC)


def refusal(call: Callable[[], Any]) -> str:
    """The sentence the server answers instead of doing the call."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call()
    return str(caught.value.faultString)


@pytest.fixture
def jan(job: Job) -> Person:
    return job.person(firms.ALFA, "jan")


@pytest.fixture
def anna(job: Job) -> Person:
    return job.person(firms.ALFA, "anna")


def session_dialog(person: Person, bank_user: str = demo_data.USER_ALFA) -> Any:
    dialog = person.wizard("mbank.session.create")
    dialog.form.bank_user = bank_user
    dialog.form.way = "server"
    return dialog


def create(dialog: Any, pin: str = PIN) -> None:
    """Go on to the last page, enter the PIN, press the button."""
    dialog.execute("review_")
    dialog.form.pin_password = pin
    dialog.execute("create_")


def sessions(job: Job) -> list[tuple[Any, ...]]:
    """Every session of the database with its state."""
    with job.world.cluster.connect("alfa") as connection:
        return connection.execute("SELECT id, state FROM mbank_session ORDER BY id").fetchall()


def register(person: Person, job: Job, name: str, valid_from: dt.datetime, valid_to: dt.datetime) -> Any:
    """Put a certificate that the bank does not know among the person's."""
    made = make_identity(name, valid_from, valid_to, PIN)
    wizard = person.wizard("mbank.certificate.register")
    wizard.form.file_ = made.p12
    wizard.form.file_name = f"{name}.p12"
    wizard.form.pin_password = PIN
    wizard.execute("register")
    return person.one("mbank.certificate", ("name", "=", name))


def test_wrong_pin(job: Job, jan: Person) -> None:
    before = sessions(job)
    sentence = refusal(lambda: create(session_dialog(jan), pin="999999"))
    assert "PIN" in sentence
    assert "999999" not in sentence
    assert sessions(job) == before
    with job.world.cluster.connect("alfa") as connection:
        rows = connection.execute("SELECT data FROM ir_session_wizard").fetchall()
    assert not any("999999" in str(row) for row in rows)


def test_expired_certificate(job: Job, jan: Person) -> None:
    sentence = refusal(
        lambda: register(jan, job, "Jan Dawny", NOW - dt.timedelta(days=800), NOW - dt.timedelta(days=70))
    )
    assert "Jan Dawny" in sentence
    assert not jan.find("mbank.certificate", ("name", "=", "Jan Dawny"))


def test_unregistered_certificate(job: Job, jan: Person) -> None:
    certificate = register(jan, job, "Jan Nieznany", NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=300))
    before = sessions(job)
    dialog = session_dialog(jan)
    dialog.form.certificate = certificate
    dialog.form.expires = dt.date.today() + dt.timedelta(days=30)
    sentence = refusal(lambda: create(dialog))
    assert "certyfikat" in sentence.lower()
    assert sessions(job) == before


def test_dik_of_another_customer(job: Job, jan: Person) -> None:
    before = sessions(job)
    dialog = session_dialog(jan)
    row = dialog.form.diks.new()
    row.covered = True
    row.dik = "99999999"
    sentence = refusal(lambda: create(dialog))
    assert "DIK" in sentence
    assert sessions(job) == before


def test_missing_dik_on_the_head_office(job: Job, anna: Person) -> None:
    """The message names the field of the head office's card."""
    admin = job.person(firms.ALFA, "admin")
    company = admin.one("company.company", ("party.name", "=", firms.ALFA.companies[1].name))
    company.mbank_dik = None
    company.save()
    try:
        anna.in_company(firms.ALFA.companies[1].name)
        wizard = anna.wizard("mbank.statement.download")
        sentence = refusal(lambda: wizard.execute("download"))
    finally:
        company.mbank_dik = firms.ALFA.companies[1].dik
        company.save()
    assert "[mBank] mBankDIK" in sentence
    assert firms.ALFA.companies[1].name in sentence


def import_file(person: Person, name: str, data: bytes) -> Any:
    wizard = person.wizard("account.statement.import")
    wizard.form.file_ = data
    wizard.form.file_name = name
    wizard.form.file_format = "mbank_mt940"
    wizard.execute("import_")
    return wizard


def stored_report(job: Job) -> bytes:
    """The bytes of a statement as the bank sent them."""
    with job.world.cluster.connect("alfa") as connection:
        row = connection.execute("SELECT content FROM mbank_report ORDER BY id LIMIT 1").fetchone()
    assert row is not None
    return bytes(row[0])


def test_damaged_statement(job: Job, anna: Person) -> None:
    """A file that is no statement is refused by name, and nothing of it is stored."""
    before = len(anna.find("account.statement"))
    sentence = refusal(lambda: import_file(anna, "uszkodzony.sta", stored_report(job)[200:260]))
    assert "uszkodzony.sta" in sentence
    assert len(anna.find("account.statement")) == before


def test_the_same_statement_twice(job: Job, anna: Person) -> None:
    """The second import adds no statement and no entry, and says so."""
    statements = len(anna.find("account.statement"))
    entries = len(anna.find("account.statement.origin"))
    import_or_sentence = ""
    try:
        import_file(anna, "jeszcze-raz.sta", stored_report(job))
    except xmlrpc.client.Fault as fault:
        import_or_sentence = str(fault.faultString)
    assert len(anna.find("account.statement")) == statements
    assert len(anna.find("account.statement.origin")) == entries
    assert import_or_sentence


def test_bank_not_reachable(job: Job, anna: Person) -> None:
    """The sentence says that the bank was not reached, and the statement cursor stays."""
    profile: Path = job.world.profile
    saved = profile.read_text()
    before = [(record.id, record.last_day) for record in anna.find("mbank.statement.account")]
    profile.write_text('{"endpoint": "http://127.0.0.1:9/ws/services/IBREService_v1_0"}')
    try:
        wizard = anna.wizard("mbank.statement.download")
        sentence = refusal(lambda: wizard.execute("download"))
    finally:
        profile.write_text(saved)
    assert "bank" in sentence.lower()
    assert [(record.id, record.last_day) for record in anna.find("mbank.statement.account")] == before


def test_target_database_not_reachable(job: Job, jan: Person) -> None:
    """The sentence names the profile of the connection; nothing is shared and no password is told."""
    profile = job.person(firms.ALFA, "admin").model("mbank.external_database")(
        code="GAMMA", name="Gamma Usługi", kind="postgres"
    )
    profile.connection_secret = "host=127.0.0.1;port=9;username=nikt;password=Tajne-77;Database=gamma"
    profile.save()
    shares = len(jan.find("mbank.share"))
    wizard = jan.wizard("mbank.session.share")
    wizard.form.database = jan.model("mbank.external_database")(profile.id)
    sentence = refusal(lambda: wizard.execute("connect"))
    assert "Gamma Usługi" in sentence
    assert "Tajne-77" not in sentence
    assert len(jan.find("mbank.share")) == shares

"""A customer's own WSDL: profile and file suffice, no code changes."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from companynet import errors
from companynet.client import CompanyNet, OrderFile
from companynet.domain.grant import Lack, grant_differences
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.session import BackgroundSession, Permission, PermissionConfig, Secret
from companynet.errors import Outcome
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer
from companynet.testing import FakeClock, Recorder, Recording, ReplayBank

HERE = Path(__file__).parent
DIK = "10000001"
DAY = date(2026, 1, 2)
CONFIG = PermissionConfig(datetime(2026, 3, 1, tzinfo=UTC), (Permission(DIK),))
CODES = {"S-31": "SignatureRefused", "S-40": "SessionInvalid", "G-404": "OrderGroupUnknown"}
FILE = OrderFile("B-1", "B-1.xml", "<Document>Żółw</Document>".encode(), datetime(2026, 1, 5, tzinfo=UTC))


def client_of(bank: Any, folder: Path, recorder: Recorder | None = None, **values: object) -> CompanyNet:
    """A client after a profile in a JSON file, as a customer writes it."""
    settings = {
        "endpoint": bank.url,
        "wsdl": str(HERE / "firma.wsdl"),
        "interface_version": "2.7",
        "signature_footer": True,
        "order_format": "PAIN_1_3",
        "fault_codes": CODES,
    }
    path = folder / "bank.json"
    path.write_text(json.dumps({name: value for name, value in (settings | values).items() if value is not None}))
    return CompanyNet(BankProfile.load(path), clock=FakeClock(), on_exchange=recorder)


def open_session(bank: Any, client: CompanyNet) -> BackgroundSession:
    signer = Pkcs12Signer.load(bank.identity.p12, Secret(bank.identity.password))
    bank.certificate = signer.certificate
    return client.sessions.open(DIK, "ALFA01", CONFIG, signer, keep=[].append)


def test_the_whole_way_with_nothing_changed_but_the_profile(own_bank: Any, tmp_path: Path) -> None:
    client = client_of(own_bank, tmp_path)
    session = open_session(own_bank, client)
    assert session.token == Secret("sesja-firmy")
    lacks = grant_differences(CONFIG, session.granted)
    assert {item.lack for item in lacks} == {Lack.OPERATION}
    assert {item.asked for item in lacks} == ERP_OPERATIONS - {"getStatus"}

    client.sessions.prove(session.token, DIK)
    package = client.statements.fetch(session.token, DIK, DAY, DAY)
    assert package.task_id == "Z/1"
    assert [statement.number for statement in package.read()] == ["1/1", "1/1"]
    client.statements.confirm(session.token, DIK, package.task_id)
    assert own_bank.confirmed == ["Z/1"]

    sent = client.orders.result(session.token, DIK, client.orders.hand_in(session.token, DIK, FILE))
    assert (sent.task_id, sent.group_id) == ("Z/2", "G/9")
    assert own_bank.orders == {"B-1": ("PAIN_1_3", FILE.data)}
    for group in ("G/9", "B-1"):
        (state,) = client.orders.status(session.token, DIK, group)
        assert (state.key, state.group_id, state.end_to_end_id) == ("NOWY_KLUCZ", "G/9", "E-1")

    client.sessions.finish(session.token)
    with pytest.raises(errors.SessionInvalid) as caught:
        client.orders.status(session.token, DIK, "G/9")
    assert (caught.value.code, caught.value.bank_text) == ("S-40", "sesja nie istnieje")
    assert set(own_bank.operations) == {
        "initLoginWithSignature",
        "loginWithSignature",
        "initCreateBackgroundSessionWithSignature",
        "createBackgroundSessionWithSignature",
        "logout",
        "getMT940Ex",
        "checkGetMT940Result",
        "confirmResponseReceived",
        "universalPaymentSend",
        "checkPaymentSendResult",
        "getStatus",
        "finishBackgroundSession",
    }


def test_the_answer_to_the_open_question_of_the_footer_is_a_setting(own_bank: Any, tmp_path: Path) -> None:
    client = client_of(own_bank, tmp_path, signature_footer=False)
    with pytest.raises(errors.SignatureRefused) as caught:
        open_session(own_bank, client)
    assert (caught.value.code, caught.value.outcome) == ("S-31", Outcome.REFUSED)


def test_the_shipped_contract_does_not_pass_for_this_bank(own_bank: Any, tmp_path: Path) -> None:
    """That the way above works is the work of the WSDL file: without it the bank does not know the messages."""
    client = client_of(own_bank, tmp_path, wsdl=None)
    with pytest.raises(errors.UnlistedFault) as caught:
        open_session(own_bank, client)
    assert caught.value.code == "X-1"
    assert own_bank.operations == []


def test_its_traffic_is_recorded_and_played(own_bank: Any, tmp_path: Path) -> None:
    """What only its WSDL has is masked too; what the client reads of the recording is what it read of the bank."""

    def use(client: CompanyNet) -> list[object]:
        session = client.sessions.open(DIK, "ALFA01", CONFIG, signer, keep=[].append)
        package = client.statements.fetch(session.token, DIK, DAY, DAY)
        client.statements.confirm(session.token, DIK, package.task_id)
        sent = client.orders.result(session.token, DIK, client.orders.hand_in(session.token, DIK, FILE))
        states = client.orders.status(session.token, DIK, str(sent.group_id))
        client.sessions.finish(session.token)
        amounts = [entry.amount for statement in package.read() for entry in statement.entries]
        return [
            session.granted,
            package.task_id,
            amounts,
            sent,
            [(state.key, state.end_to_end_id) for state in states],
        ]

    signer = Pkcs12Signer.load(own_bank.identity.p12, Secret(own_bank.identity.password))
    own_bank.certificate = signer.certificate
    path = tmp_path / "run.jsonl"
    with Recorder(path) as recorder:
        told = use(client_of(own_bank, tmp_path, recorder))
    assert recorder.problem is None
    text = path.read_text(encoding="utf-8")
    assert [value for value in ("sesja-firmy", "ALFA01", DIK, "Anna", "Próbna", "Zaloguj") if value in text] == []
    with ReplayBank(Recording.load(path)) as bank:
        assert use(client_of(bank, tmp_path)) == told
        assert (bank.differences, bank.left) == ([], ())

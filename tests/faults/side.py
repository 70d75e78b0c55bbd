"""The two sides of the matrix: the bank with what it really did, and a caller with what it may believe."""

import contextlib
import datetime as dt
import hashlib
import itertools
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from companynet.client import CompanyNet, OrderFile
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.session import BackgroundSession, Login, Permission, PermissionConfig, Secret
from companynet.errors import BankError, DuplicateOrder, OrderGroupUnknown, OrderRefused, SessionInvalid
from companynet.formats import pain001
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer, signature_for_bank
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, make_identity

PIN = "haslo-p12"
DIK = demo_data.DIK_ALFA
USER = demo_data.USER_ALFA
DAY = dt.date(2026, 1, 5)


class Side:
    """A running bank, its user's signature, and clients of it.

    Args:
        bank: with the demonstration's customers.
    """

    def __init__(self, bank: RunningBank) -> None:
        self.bank = bank
        now = dt.datetime.now(dt.UTC)
        self.identity = make_identity("Jan Kowalski", now - dt.timedelta(days=9), now + dt.timedelta(days=90), PIN)
        self.signer = Pkcs12Signer.load(self.identity.p12, Secret(PIN))
        self._tag = uuid.uuid4().hex[:6].upper()
        self._numbers = itertools.count(1)
        bank.post("/certificates", {"user": USER, "certificate_pem": self.identity.certificate_pem})
        bank.post("/settings", {"polls": 0, "processing_seconds": 0})
        entry = {"account": demo_data.ALFA_PLN, "amount": "1.00", "date": DAY.isoformat(), "code": "770"}
        bank.post("/entries", entry | {"fields": [["TYT.", "FV 1"]]})
        self.connect()

    def connect(self) -> None:
        """Make clients of the bank as it runs now: a patient one, and one that waits for nothing."""
        self.profile = BankProfile(
            endpoint=self.bank.soap_url, read_timeout=20, poll_interval=0.01, poll_limit=1, language="en",
            # The sandbox would know.
            absence_by_client_id=True,
        )  # fmt: skip
        self.client = CompanyNet(self.profile)
        self.impatient = CompanyNet(replace(self.profile, read_timeout=0.3))

    def fresh(self, name: str = "") -> str:
        """A text that was never used before."""
        return f"{name}{self._tag}{next(self._numbers):04d}"

    def fault(self, operation: str, kind: str, **more: object) -> None:
        """Order one fault."""
        self.bank.post("/faults", {"operation": operation, "kind": kind, **more})

    def config(self) -> PermissionConfig:
        """What is asked for a session."""
        end = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)
        return PermissionConfig(end, (Permission(DIK),))

    def password(self) -> Secret:
        """A one-time password that the bank knows."""
        text = self.fresh("pw")
        self.bank.post("/passwords", {"user": USER, "password": text})
        return Secret(text)

    def sign(self, text: str) -> str:
        """A signature over a text of the bank."""
        return signature_for_bank(self.signer, text, self.profile)

    def login(self) -> Login:
        """A login by password."""
        return self.client.sessions.login_alone(DIK, USER, self.password())

    def session(self) -> BackgroundSession:
        """A long-lived session."""
        login = self.login()
        config = self.config()
        text = self.client.sessions.session_text(login, DIK, config)
        return self.client.sessions.create(login, DIK, config, self.sign(text))

    def sessions(self) -> list[dict[str, Any]]:
        """The sessions in the bank's books; the newest last."""
        found: list[dict[str, Any]] = self.bank.get("/sessions")
        return found

    def lives(self, token: Secret) -> bool:
        """Whether a login or a session serves for calls."""
        try:
            self.client.sessions.prove(token, DIK)
        except SessionInvalid:
            return False
        return True

    def order_file(self, name: str = "M-") -> OrderFile:
        """A file of one payment to a customer of the same bank, with ids of its own."""
        batch = self.fresh(name)
        day = dt.date.fromisoformat(self.bank.get("/clock")["day"])
        transfer = CreditTransfer(
            OrderKind.DOMESTIC, Party("Alfa", (), demo_data.ALFA_PLN), Party("Beta", (), demo_data.BETA_PLN),
            Decimal("0.01"), "PLN", f"FV {batch}", f"E-{batch}", f"I-{batch}", day,
        )  # fmt: skip
        made = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
        data = pain001.write(OrderBatch(batch, made, "Alfa", (transfer,)))
        return OrderFile(batch, f"{batch}.xml", data, made)

    def groups(self, file: OrderFile) -> list[dict[str, Any]]:
        """The groups of a file in the bank's books."""
        found: list[dict[str, Any]] = self.bank.get(f"/orders?group={file.client_order_group_id}")
        return found

    def payments(self, file: OrderFile) -> int:
        """How often the money of a file leaves, once people have authorised what the bank has of it."""
        if any(order["status"] == "TO_AUTH" for group in self.groups(file) for order in group["orders"]):
            self.bank.post("/authorise", {"group_id": file.client_order_group_id})
            self.bank.post("/book")
        entries = self.bank.get(f"/entries?account={demo_data.ALFA_PLN}&order=newest&limit=200")
        title = f"FV {file.client_order_group_id}".upper()
        return sum(["TYT.", title] in entry["fields"] for entry in entries)

    def paid_once(self, file: OrderFile) -> bool:
        """Whether the bank has a file exactly once and pays it exactly once."""
        return len(self.groups(file)) == 1 and self.payments(file) == 1


def is_with_the_bank(client: CompanyNet, token: Secret, file: OrderFile, tries: int = 50) -> bool:
    """Ask by our own id whether the bank has a file, until it answers."""
    for _try in range(tries):
        try:
            client.orders.status(token, DIK, file.client_order_group_id)
        except OrderGroupUnknown:
            return False
        except SessionInvalid:
            raise
        except BankError:
            continue
        return True
    raise AssertionError("the bank never answered")


def intent_of(file: OrderFile, profile: BankProfile) -> OrderIntent:
    """A file that is about to leave, so long ago that the bank's "not known" would be believed."""
    begun_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    return OrderIntent(
        profile.endpoint, DIK, file.client_order_group_id, file.file_name, profile.order_format,
        hashlib.sha256(file.data).hexdigest(), file.modified_at, begun_at, Fate.SENDING,
    )  # fmt: skip


def pay_carefully(client: CompanyNet, token: Secret, file: OrderFile, profile: BankProfile, tries: int = 50) -> None:
    """Send a file until the bank has it, with the machine of sending: a caller that stores and calls."""
    kept = [intent_of(file, profile)]
    for _try in range(tries):
        with contextlib.suppress(BankError):
            if kept[-1].fate is Fate.SENDING:
                client.sending.send(token, kept[-1], file.data, kept.append)
            else:
                client.sending.ask(token, kept[-1], kept.append)
        if kept[-1].fate is Fate.TAKEN:
            return
        if kept[-1].may_be_sent:
            kept.append(kept[-1].begin(kept[0].begun_at))
    raise AssertionError(f"the bank never took it: {kept[-1]}")


def learn_result(client: CompanyNet, token: Secret, file: OrderFile, task_id: str, tries: int = 50) -> None:
    """Ask for the result of a sending until the bank tells it."""
    for _try in range(tries):
        try:
            client.orders.result(token, DIK, task_id)
        except (SessionInvalid, OrderRefused):
            raise
        except DuplicateOrder:
            assert is_with_the_bank(client, token, file)
        except BankError:
            continue
        return
    raise AssertionError("the bank never told")

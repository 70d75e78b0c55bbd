"""The sandbox bank as a target: a process of its own, with certificate, entries and staff arranged here."""

import datetime as dt
import itertools
from collections import Counter
from decimal import Decimal
from typing import Any

from companynet.domain.order import Party
from companynet.domain.session import Secret
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, make_identity
from tests.contract.target import Ability, Booking, Staff, Target

_PIN = "haslo-p12"
_OTHER = "83101010230000261395100000"


def profile_of(bank: RunningBank) -> BankProfile:
    """A profile that waits little."""
    return BankProfile(endpoint=bank.soap_url, poll_interval=0.02, read_timeout=30)


class SandboxStaff(Staff):
    """The control plane at work."""

    others_account = demo_data.ALFA_SERVICE_PLN

    def __init__(self, bank: RunningBank) -> None:
        self._bank = bank
        self.bookings = Counter()

    def book(self, account: str, day: dt.date, amount: str, title: str) -> None:
        """Book a transfer that came in or, with a negative amount, went out."""
        incoming = not amount.startswith("-")
        fields = (("Z RACH." if incoming else "NA RACH.", _OTHER), ("OD" if incoming else "DLA", "Gamma sp. z o.o."))
        entry: dict[str, Any] = {
            "account": account,
            "amount": amount,
            "date": day.isoformat(),
            "code": "770" if incoming else "944",
            "fields": [*fields, ("TYT.", title)],
        }
        self._bank.post("/entries", entry)
        self.bookings[account, Decimal(amount), title.upper()] += 1

    def end_newest_session(self) -> None:
        newest = max(session["session_id"] for session in self._bank.get("/sessions"))
        self._bank.post("/sessions/end", {"session_id": newest})

    def authorise(self, client_order_group_id: str) -> None:
        self._bank.post("/authorise", {"group_id": client_order_group_id})
        self._bank.post("/clock", {"advance_seconds": 2 * 86400})
        self._bank.post("/book")
        self._bank.post("/clock", {"advance_seconds": -2 * 86400})

    def deny(self, client_order_group_id: str, end_to_end_id: str, reason: str) -> None:
        self._bank.post(
            "/deny", {"group_id": client_order_group_id, "order_reference": end_to_end_id, "reason": reason}
        )


class SandboxTarget(Target):
    """A running sandbox bank whose user ALFA01 signs.

    Args:
        bank: with the demonstration's customers.
    """

    name = "sandbox"
    user = demo_data.USER_ALFA
    diks = (demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE)
    abilities = frozenset(Ability)

    def __init__(self, bank: RunningBank) -> None:
        super().__init__()
        self._bank = bank
        self.profile = profile_of(bank)
        now = dt.datetime.now(dt.UTC)
        identity = make_identity("Jan Kowalski", now - dt.timedelta(days=100), now + dt.timedelta(days=200), _PIN)
        bank.post("/certificates", {"user": self.user, "certificate_pem": identity.certificate_pem})
        self.signer = Pkcs12Signer.load(identity.p12, Secret(_PIN))
        self._passwords = itertools.count(1)
        self._staff = SandboxStaff(bank)
        self._fill()

    @property
    def staff(self) -> Staff:
        return self._staff

    def _fill(self) -> None:
        today = dt.date.fromisoformat(self._bank.get("/state")["day"])
        self.period = today - dt.timedelta(days=4), today - dt.timedelta(days=1)
        first, last = self.period
        book = self._staff.book
        book(demo_data.ALFA_PLN, first, "1230.00", "FV 1/2026")
        book(demo_data.ALFA_PLN, first, "-99.99", "FV 77/2026")
        # Two equal transfers on one day are both real.
        book(demo_data.ALFA_PLN, last, "50.00", "Wpłata")
        book(demo_data.ALFA_PLN, last, "50.00", "Wpłata")
        book(demo_data.ALFA_EUR, last, "410.00", "Invoice 17")
        before = Counter[Booking](self._staff.bookings)
        book(demo_data.ALFA_SERVICE_PLN, last, "7.00", "Serwis")
        book(demo_data.ALFA_PLN, first - dt.timedelta(days=1), "3.00", "Przed okresem")
        self._staff.bookings = before

    def password(self) -> Secret:
        text = f"{self.tag}{next(self._passwords):04d}"
        self._bank.post("/passwords", {"user": self.user, "password": text})
        return Secret(text)

    def parties(self) -> tuple[Party, Party]:
        return (
            Party("Zakłady Przykładowe Alfa sp. z o.o.", (), demo_data.ALFA_PLN),
            Party("Beta Handel S.A.", (), demo_data.BETA_PLN),
        )

"""The ERP in this process, and who works in it; for measuring. Import it when the environment names the database."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import TYPE_CHECKING, Any

from trytond import config
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.tests.sessions import put_in_force
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATABASE, DIK, TOKEN = "bench", "10000001", "token-of-a-session"


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of a call: passed, and of this process's processor."""
    passed, spent = time.perf_counter(), time.process_time()
    function()
    return (time.perf_counter() - passed) * 1000, (time.process_time() - spent) * 1000


class Erp:
    """Tryton in this process, and who works in it."""

    def __init__(self, place: Path) -> None:
        config.update_etc(str(place / "trytond.conf"))
        Pool.start()
        self.pool = Pool(DATABASE)
        with Transaction().start(DATABASE, 0, readonly=True):
            self.pool.init()
        with Transaction().start(DATABASE, 1, _lock_tables=["mbank_configuration"]):
            self._prepare()
        with Transaction().start(DATABASE, 1, _lock_tables=["mbank_configuration"]):
            configuration = self.pool.get("mbank.configuration")(1)
            configuration.default_authorising_user = self.jan
            configuration.save()

    def _prepare(self) -> None:
        get = self.pool.get
        if not vault.ring_path().exists():
            vault.create_ring()
        vault.adopt()
        currency = get("currency.currency")(name="złoty", code="PLN", symbol="zł")
        currency.save()
        party = get("party.party")(name="Alfa")
        party.save()
        company = get("company.company")(party=party, currency=currency, mbank_dik=DIK, timezone="Europe/Warsaw")
        company.save()
        groups = get("ir.model.data")
        jan, ewa = get("res.user").create(
            [
                {
                    "name": name,
                    "login": name,
                    "companies": [("add", [company.id])],
                    "company": company.id,
                    "groups": [("add", [groups.get_id("mbank", group)])],
                }
                for name, group in (("Jan", "group_session_create"), ("Ewa", "group_audit"))
            ]
        )
        session = get("mbank.session")
        end = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0) + dt.timedelta(days=90)
        session_id = session.begin([(DIK, company.id)], user=jan.id, context_key="database", asked_end=end)
        put_in_force(session_id, TOKEN.encode(), end, {DIK: gateway.operations_of([gateway.PAYMENTS])})
        self.company_id, self.jan, self.ewa = company.id, jan.id, ewa.id

    def in_request(self, function: Callable[[Any], object]) -> tuple[float, float]:
        """Milliseconds of the function inside a request of its own: passed, and of this process's processor."""
        with Transaction().start(DATABASE, self.ewa, context={"company": self.company_id}):
            return timed(lambda: function(self.pool.get("company.company")(self.company_id)))

    def authorised_call(self, company: Any) -> None:
        """As the ERP makes it."""
        session = Authorisation.for_use(company, gateway.ASK)
        gateway.order_status(session, company, "G-1", account=None)

    def choose(self, company: Any) -> None:
        """The session alone."""
        self.chosen = Authorisation.for_use(company, gateway.ASK)

    def open_token(self, _company: Any) -> None:
        """The token of the session alone."""
        self.pool.get("mbank.session")(self.chosen.id).open_token()

    def audit(self, company: Any) -> None:
        """The rows of the audit alone: names read, row written, row completed."""
        call = self.pool.get("mbank.call")
        parties = call.parties(company.id, self.jan, self.chosen.id)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        row = independent.run(
            call.begin, time=now, operation="getStatus", purpose="getStatus", reference=uuid.uuid4().hex, dik=DIK,
            **parties,
        )  # fmt: skip
        independent.run(call.end, row, "accepted", duration=dt.timedelta(seconds=0.1))

    def open_list(self, domain: list[Any]) -> float:
        """Milliseconds in which the auditor's client has a page of the list and its count."""
        call = self.pool.get("mbank.call")
        with Transaction().start(DATABASE, self.ewa, context={"company": self.company_id}), check_access():
            started = time.perf_counter()
            ids = [record.id for record in call.search(domain, limit=100)]
            call.read(ids, ["time", "operation", "company_name", "dik", "authoriser_name", "outcome"])
            call.search_count(domain, 0, 1000)
            return (time.perf_counter() - started) * 1000

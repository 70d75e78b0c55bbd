"""The main job, step by step, each read back before the next begins."""

import datetime as dt
import secrets
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from trytond.modules.mbank.sharing.target import grants

from companynet_sandbox.customers import demo_data, demo_day
from companynet_sandbox.testing import make_identity
from demo import firms, installation
from demo.erp import Person
from demo.report import Report, StepFailed, expect
from demo.templates import make_templates
from demo.world import World

PIN = "123456"
ENTRIES_A_DAY = 60
PAID_SUPPLIERS = 5


class Job:
    """The demonstration's way through the product."""

    def __init__(self, world: World, report: Report, today: dt.date) -> None:
        self.world = world
        self.report = report
        self.today = today
        self.day = today - dt.timedelta(days=1)
        self.identity = Path()

    def run(self) -> None:
        """All steps.

        Raises:
            StepFailed: something read back is not what it should be.
            RuntimeError: a process or a tool failed.
        """
        step = self.report.step
        with step("two databases with a day's work waiting"):
            self.make_databases()
        with step("the bank: a sandbox, with 60 entries on each main account"):
            self.open_bank()
        with step("the plugin archive and its licence"):
            self.build_plugin()
        with step("the host: web client, worker, cron"):
            self.world.start_host(*firms.FIRMS)
            self.report.say(f"web client on {self.world.web_url}")
        for firm in firms.FIRMS.values():
            with step(f"installation on {firm.database}, under service mode"):
                self.install(firm)
        with step("settings: DIK numbers, rights, accounts, the payment method"):
            for firm in firms.FIRMS.values():
                self.configure(firm)
        with step("Jan signs: the long-lived session"):
            self.create_session()
        with step("Anna, who has no session, downloads the statements"):
            self.download(firms.ALFA, "anna")
        with step("the entries are settled against invoices"):
            self.settle(firms.ALFA, "anna")
        with step("Anna pays suppliers; the bank's states come back"):
            self.pay()
        with step("Jan shares the session with the second database"):
            self.share()
        with step("Ewa works with it there"):
            self.download(firms.BETA, "ewa")
            self.settle(firms.BETA, "ewa")

    # The steps

    def make_databases(self) -> None:
        """Copy the templates; make them first if they are not there."""
        installation.clear(self.world)
        self.world.write_configuration()
        templates = make_templates(self.world.cluster, self.today, self.world.config_file, self.report.say)
        for database, template in templates.items():
            self.world.cluster.drop(database)
            self.world.cluster.create(database, template)
        self.report.say(", ".join(firms.FIRMS) + f": {40} open invoices each")

    def open_bank(self) -> None:
        """Start the sandbox, register Jan's certificate, book the day's entries."""
        self.world.start_bank()
        made = make_identity(
            "Jan Kowalski",
            dt.datetime.combine(self.today, dt.time(), dt.UTC) - dt.timedelta(days=30),
            dt.datetime.combine(self.today, dt.time(), dt.UTC) + dt.timedelta(days=700),
            PIN,
        )
        self.identity = self.world.directory / "jan-kowalski.p12"
        self.identity.write_bytes(made.p12)
        self.world.control("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem})
        for firm in firms.FIRMS.values():
            receivables, payables = self._open_invoices(firm)
            account = demo_data.ACCOUNTS_BY_DIK[firm.companies[0].dik]["PLN"]
            entries = demo_day.demo_entries(account, self.day, receivables, payables)
            self.world.control("/entries", entries)
            codes = len({entry["code"] for entry in entries})
            self.report.say(f"{firm.database}: {len(entries)} entries with {codes} codes on {self.day}")

    def build_plugin(self) -> None:
        """Build and sign the archive, issue a licence."""
        self.vendor = installation.Vendor(self.world)
        self.report.say(self.vendor.build())
        company = firms.ALFA.companies[0]
        self.licence = self.vendor.license("alfa", company.name, company.nip, dt.date(self.today.year + 1, 12, 31))

    def install(self, firm: firms.Firm) -> None:
        """Install while a user of the database goes on working."""
        database = firm.database
        with installation.Visitor(self.person(firm, firm.people[0].login)) as visitor:
            output = installation.install(self.world, self.vendor.archive, self.licence, database)
        for line in output.strip().splitlines():
            self.report.say(line)
        if not visitor.refused:
            raise StepFailed("nobody was told of the service mode during the installation")
        expect(visitor.served_after, True, "users are served again after the installation")
        self.report.say(f"meanwhile {visitor.refused} requests were told: {visitor.sentence[:150]}")
        with self.world.cluster.connect(database) as connection:
            state = connection.execute("SELECT state FROM ir_module WHERE name = 'mbank'").fetchone()
        expect(state, ("activated",), f"the state of the module on {database}")

    def configure(self, firm: firms.Firm) -> None:
        """What an administrator does once."""
        admin = self.person(firm, "admin")
        rights = {
            "anna": ("group_statement_download", "group_payment_send", "group_payment_approve"),
            "ewa": ("group_session_create", "group_statement_download", "group_payment_send"),
            "jan": ("group_session_create", "group_share"),
        }
        for who in firm.people:
            user = admin.one("res.user", ("login", "=", who.login))
            for right in rights.get(who.login, ()):
                user.groups.append(admin.model("res.group")(admin.xml_id(f"mbank.{right}")))
            user.save()
        for company_data in firm.companies:
            company = admin.in_company(company_data.name)
            company.mbank_dik = company_data.dik
            company.save()
            self._configure_accounts(admin, company)
        if firm is firms.ALFA:
            admin.in_company(firm.companies[0].name)
            configuration = admin.model("mbank.configuration")(1)
            configuration.default_authorising_user = admin.one("res.user", ("login", "=", "jan"))
            configuration.save()

    def _configure_accounts(self, admin: Person, company: Any) -> None:
        accounts = admin.model("mbank.statement.account")
        for journal in admin.find("account.statement.journal", ("company", "=", company.id)):
            accounts(company=company, journal=journal, first_day=self.day).save()
            for payment_journal in admin.find(
                "account.payment.journal", ("name", "=", journal.name), ("company", "=", company.id)
            ):
                payment_journal.process_method = "mbank"
                payment_journal.mbank_account_number = journal.bank_account.numbers[0]
                payment_journal.save()

    def create_session(self) -> None:
        """Register the certificate, then the dialog: DIKs, bank user, certificate, expiry, PIN."""
        jan = self.person(firms.ALFA, "jan")
        register = jan.wizard("mbank.certificate.register")
        register.form.file_ = self.identity.read_bytes()
        register.form.file_name = self.identity.name
        register.form.pin_password = PIN
        register.execute("register")
        dialog = jan.wizard("mbank.session.create")
        for row in dialog.form.diks:
            row.covered = True
        typed = dialog.form.diks.new()
        typed.covered = True
        typed.dik = firms.BETA.companies[0].dik
        dialog.form.bank_user = demo_data.USER_ALFA
        dialog.form.way = "server"
        dialog.execute("review_")
        dialog.form.pin_password = PIN
        dialog.execute("create_")
        session = jan.one("mbank.session", ("state", "=", "active"))
        granted = sorted(row.dik for row in session.diks if row.granted)
        expect(granted, ["10000001", "10000002", "20000001"], "the DIKs the bank granted")
        at_bank = [row for row in self.world.control("/sessions") if not row.get("ended")]
        expect(len(at_bank), 1, "sessions at the bank")
        self.report.say(f"active until {session.end:%Y-%m-%d}, for the DIKs {', '.join(granted)}")
        self._check_secrecy()

    def _check_secrecy(self) -> None:
        with self.world.cluster.connect("alfa") as connection:
            rows = connection.execute("SELECT data FROM ir_session_wizard").fetchall()
            sealed = connection.execute("SELECT token FROM mbank_session WHERE token IS NOT NULL").fetchall()
        if any(PIN in str(row) for row in rows):
            raise StepFailed("the PIN was left in the table of wizards")
        expect(len(sealed), 1, "sealed tokens in the database")

    def download(self, firm: firms.Firm, login: str) -> None:
        """Every head office's statements of the day, by somebody without a session."""
        person = self.person(firm, login)
        before = len(person.find("account.statement"))
        for company_data in firm.companies:
            person.in_company(company_data.name)
            wizard = person.wizard("mbank.statement.download")
            wizard.form.date_from = wizard.form.date_to = self.day
            wizard.execute("download")
        person.in_company(firm.companies[0].name)
        statements = person.find("account.statement")
        if len(statements) == before:
            raise StepFailed(f"no statement came to {firm.database}")
        entries = sum(len(statement.origins) for statement in statements)
        if entries < ENTRIES_A_DAY:
            raise StepFailed(f"{entries} entries came to {firm.database}, {ENTRIES_A_DAY} were booked")
        admin = self.person(firm, "admin")
        calls = admin.find("mbank.call", ("operation", "=", "getMT940Ex"), ("requester.login", "=", login))
        authorisers = {call.authoriser.login for call in calls}
        expect(authorisers, {"jan" if firm is firms.ALFA else login}, "who authorised the download")
        self.report.say(
            f"{len(statements)} statements, {entries} entries; authorised by {', '.join(sorted(authorisers))}"
        )

    def settle(self, firm: firms.Firm, login: str) -> None:
        """What was settled by itself and why; the rest by hand; then the books."""
        person = self.person(firm, login)
        statement = max(person.find("account.statement"), key=lambda record: len(record.origins))
        statement = self._settled(person, statement)
        decisions = Counter(origin.settlement_decision or "none" for origin in statement.origins)
        self.report.say(", ".join(f"{count} {decision}" for decision, count in sorted(decisions.items())))
        if decisions["automatic"] < ENTRIES_A_DAY // 3:
            raise StepFailed("too few entries were settled by themselves")
        for origin in statement.origins:
            if origin.settlement_decision == "automatic" and not origin.settlement_reasons:
                raise StepFailed(f"the entry {origin.rec_name} is settled without a reason")
        example = next(o for o in statement.origins if o.settlement_decision == "automatic")
        self.report.say(f"why, for one: {' / '.join(example.settlement_reasons.splitlines()[:3])}")
        proposed = [o for o in statement.origins if o.settlement_decision == "propose"]
        open_before = self._open_count(person)
        if proposed:
            person.model("account.statement.origin").click(proposed[:1], "accept_proposal")
        statement.click("settle_remaining")
        statement.click("validate_statement")
        statement.click("post")
        statement.reload()
        expect(statement.state, "posted", "the state of the statement")
        balance = statement.start_balance + sum((line.amount for line in statement.lines), Decimal(0))
        expect(balance, statement.end_balance, "opening balance and lines against the closing balance")
        paid = open_before - self._open_count(person)
        if paid < ENTRIES_A_DAY // 3:
            raise StepFailed(f"only {paid} invoices are paid after the statement was posted")
        self.report.say(f"posted; {paid} of {open_before} open invoices are paid")

    def _settled(self, person: Person, statement: Any) -> Any:
        """The statement once the worker has settled it."""
        for _ in range(300):
            statement = person.model("account.statement")(statement.id)
            if any(origin.settlement_decision for origin in statement.origins):
                return statement
            self.wait(0.2)
        raise StepFailed("the worker did not settle the statement within a minute")

    @staticmethod
    def _open_count(person: Person) -> int:
        return len(person.find("account.invoice", ("state", "=", "posted")))

    def pay(self) -> None:
        """Five invoices of suppliers, paid by the method „mBank”; the bank's people authorise, the bank books."""
        anna = self.person(firms.ALFA, "anna")
        invoices = anna.find("account.invoice", ("type", "=", "in"), ("state", "=", "posted"))[:PAID_SUPPLIERS]
        expect(len(invoices), PAID_SUPPLIERS, "open invoices of suppliers")
        company = anna.in_company(firms.ALFA.companies[0].name)
        journal = anna.one("account.payment.journal", ("currency.code", "=", "PLN"), ("company", "=", company.id))
        payments = []
        for invoice in invoices:
            line = next(line for line in invoice.lines_to_pay if not line.reconciliation)
            payment = anna.model("account.payment")(journal=journal, kind="payable", date=self.today)
            payment.party = invoice.party
            payment.line = anna.model("account.move.line")(line.id)
            payment.amount = invoice.amount_to_pay
            payment.date = self.today
            payment.mbank_title = invoice.reference
            payment.save()
            payments.append(payment)
        model = anna.model("account.payment")
        model.click(payments, "submit")
        model.click(payments, "approve")
        anna.wizard("account.payment.process", payments)
        batch = anna.one("mbank.order.batch", ("state", "not in", ["executed", "cancelled"]))
        if batch.state == "prepared":
            batch.click("send")
        # Sent with the task the bank gave; what the bank made of it follows.
        batch = self._batch_in(anna, batch.id, {"sent", "accepted"}, of_bank=True)
        total = sum((payment.amount for payment in payments), Decimal(0))
        self.report.say(f"paczka {batch.message_id}: {batch.order_count} orders, {total} PLN, sent")
        self.world.control("/authorise", {"group_id": batch.bank_group_id})
        self.world.control("/book", {})
        batch.click("check_status")
        batch = self._batch_in(anna, batch.id, {"executed"})
        for payment in payments:
            payment.reload()
        expect({payment.state for payment in payments}, {"succeeded"}, "the states of the payments")
        at_bank = [
            order
            for group in self.world.control("/orders")
            for order in group["orders"]
            if order["status"] == "REALIZED"
        ]
        expect(len(at_bank), PAID_SUPPLIERS, "orders the bank carried out")
        self.report.say(f"the bank says {batch.status_key}; {len(payments)} payments succeeded")

    def _batch_in(self, person: Person, batch_id: int, states: set[str], *, of_bank: bool = False) -> Any:
        for _ in range(300):
            batch = person.model("mbank.order.batch")(batch_id)
            if batch.state in states and (batch.bank_group_id or not of_bank):
                return batch
            self.wait(0.2)
        raise StepFailed(f"the batch is {batch.state}, not {' or '.join(sorted(states))}: {batch.message}")

    def share(self) -> None:
        """The connection, the trust, the share, and its opening in the other database."""
        source = self.person(firms.ALFA, "admin")
        target = self.person(firms.BETA, "admin")
        own = source.one("mbank.database")
        trusted = target.model("mbank.trusted_source")(name="alfa", public_identity=own.public_identity)
        profile = source.model("mbank.external_database")(code="BETA", name="Beta Handel", kind="postgres")
        profile.connection_secret = self._connection_string()
        profile.save()
        profile.click("check_connection")
        # Each administrator reads the fingerprint of the own database to the other, who types it in.
        for record, read_out in ((trusted, own), (profile, target.one("mbank.database"))):
            record.told_fingerprint = read_out.fingerprint
            record.save()
            record.click("fingerprints_agree")
            self.report.say(
                f"{record.rec_name}: fingerprint {read_out.fingerprint} compared by {record.compared_by.login}"
            )
        profile.click("check_connection")
        profile.reload()
        expect(profile.check_passed, True, f"the check of the connection ({profile.check_result})")
        jan = self.person(firms.ALFA, "jan")
        wizard = jan.wizard("mbank.session.share")
        wizard.execute("connect")
        wizard.form.user = "ewa"
        wizard.execute("share_")
        share = jan.model("mbank.share")(wizard.form.share_id)
        expect(share.state, "shared", f"the state of the share ({wizard.form.message})")
        ewa = self.person(firms.BETA, "ewa")
        received = ewa.wizard("mbank.share.receive")
        expect(received.form.opened, 1, "shares opened in the second database")
        session = ewa.one("mbank.session", ("state", "=", "active"))
        granted = [row.dik for row in session.diks if row.granted]
        expect(granted, [firms.BETA.companies[0].dik], "the DIKs of the shared session")
        expect(bool(session.shared_from), True, "the session is marked as shared")
        self.report.say(f"opened in {firms.BETA.database} for Ewa, DIK {granted[0]}, until {session.end:%Y-%m-%d}")

    def _connection_string(self) -> str:
        """A role with the documented minimum of rights, and the way to the second database."""
        role, password = "alfa_share", secrets.token_hex(12)
        with self.world.cluster.connect(firms.BETA.database) as connection:
            there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            connection.execute(f"{'ALTER' if there else 'CREATE'} ROLE {role} LOGIN PASSWORD '{password}'")
            for grant in grants(role):
                connection.execute(grant)
        return (
            f"host={self.world.cluster.directory};port=5432;username={role};"
            f"password={password};Database={firms.BETA.database}"
        )

    # What steps share

    def person(self, firm: firms.Firm, login: str) -> Person:
        """A fresh login."""
        return Person(self.world.web_url, firm.database, login, firms.PASSWORD)

    @staticmethod
    def wait(seconds: float) -> None:
        """Give the worker a moment."""
        time.sleep(seconds)

    def _open_invoices(self, firm: firms.Firm) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """What customers and suppliers are owed, read from the books by SQL: the plugin is not there yet."""
        parties = {who.name: who for who in firm.customers + firm.suppliers}
        with self.world.cluster.connect(firm.database) as connection:
            rows = connection.execute(
                "SELECT invoice.type, invoice.number, invoice.reference, party.name, invoice.total_amount_cache "
                "FROM account_invoice invoice JOIN party_party party ON party.id = invoice.party "
                "WHERE invoice.state = 'posted' ORDER BY invoice.number"
            ).fetchall()
        made: dict[str, list[dict[str, str]]] = {"out": [], "in": []}
        for kind, number, reference, name, amount in rows:
            who = parties[name]
            made[kind].append(
                {
                    "number": number if kind == "out" else reference,
                    "amount": str(amount),
                    "party_name": f"{who.name} {who.street} {who.postal_code} {who.city}",
                    "party_account": who.account,
                }
            )
        return made["out"], made["in"]

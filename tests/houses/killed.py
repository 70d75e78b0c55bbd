"""A house whose processes are killed: where they are held until then, how time passes, what must hold at any time.

Nothing of the product is changed. In the database a process is held by a trigger that waits for a lock of the test,
as it would wait for a busy row; at the bank by an answer that is late.
"""

# ruff: noqa: S608 -- statements of the test's own

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from demo.erp import Person

from companynet_sandbox import testing
from companynet_sandbox.customers import demo_data
from tests.houses.house import House, give
from tests.softhsm import OWNER, SoftToken

P12_PIN, P12_OWNER = "123456", "Jan Kowalski"
#: The session ends within the days of the renewal by itself.
DAYS = 20
LIVE = "('active', 'expiring')"
#: What the house does by itself for sessions.
_JOBS = ("mbank.session|check_all", "mbank.session|finish_all", "mbank.call|clean", "mbank.share|deliver_all")
_PATIENCE = 90
_LATE = 30

_TRIGGERS = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1);
    RETURN NEW;
END $$;
CREATE TABLE live_log (live integer);
CREATE FUNCTION log_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_log SELECT count(*) FROM mbank_session
        WHERE "user" = NEW."user" AND context_key = NEW.context_key AND state IN {LIVE};
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER log_live AFTER INSERT OR UPDATE ON mbank_session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION log_live();
UPDATE ir_cron SET next_call = '2999-01-01';
"""


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait for what comes in its time, however long the machine takes; its value."""
    end = time.monotonic() + _PATIENCE
    while not (value := true()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class InDatabase:
    """A process is held when it writes such a row, before its transaction can commit."""

    event: str
    table: str
    when: str = "true"

    @contextmanager
    def ordered(self, house: "KilledHouse") -> Iterator[Callable[[], Any]]:
        """Hold the next; yields whether one is held."""
        waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with house.world.cluster.connect(house.database) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            connection.execute(
                f"CREATE TRIGGER a_hold BEFORE {self.event} ON {self.table} "
                f"FOR EACH ROW WHEN ({self.when}) EXECUTE FUNCTION hold()"
            )
            try:
                yield lambda: house.sql(waiting)
            finally:
                # The server sees that a client is gone only when it is to answer it.
                connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) AS held")
                connection.execute(f"DROP TRIGGER a_hold ON {self.table}")


@dataclass(frozen=True)
class AtTheBank:
    """The bank has done what it was asked for, and its answer is under way."""

    operation: str

    @contextmanager
    def ordered(self, house: "KilledHouse") -> Iterator[Callable[[], Any]]:
        """Hold the next; yields whether one is held."""
        before = house.asked(self.operation)
        late = {"operation": self.operation, "kind": "slow", "seconds": _LATE, "count": 1}
        house.world.control("/faults", late)
        yield lambda: house.asked(self.operation) > before
        house.world.control("/faults", {"clear": True})


@dataclass
class KilledHouse(House):
    """Jan's sessions, made with a key on a token of the server, or with a file; its PIN is kept there."""

    token: SoftToken
    _lost: list[int] = field(default_factory=list)
    """Tasks that died with their worker."""

    _people: dict[str, Person] = field(default_factory=dict)

    # Once

    def furnish(self) -> None:
        """Register the keys with the ERP and the bank; watch how many sessions are in force at each commit."""
        self.sql(_TRIGGERS)
        admin = self.person("admin")
        give(admin, "jan", "group_statement_download", "group_share")
        dialog = admin.wizard("mbank.server_key.register")
        dialog.form.module = "hsm"
        dialog.execute("next_")
        dialog.form.pin_password = self.token.pin
        dialog.execute("register")
        key = admin.one("mbank.server_key")
        key.users.append(admin.one("res.user", ("login", "=", "jan")))
        key.save()
        now = dt.datetime.now(dt.UTC)
        made = testing.make_identity(P12_OWNER, now - dt.timedelta(days=1), now + dt.timedelta(days=90), P12_PIN)
        certificate = {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem}
        self.world.control("/certificates", certificate)
        register = self.person("jan").wizard("mbank.certificate.register")
        register.form.file_ = made.p12
        register.form.file_name = "jan.p12"
        register.form.pin_password = P12_PIN
        register.execute("register")

    # People

    def person(self, login: str) -> Person:
        """The person, logged in; that is stored, and lasts longer than the processes."""
        if login not in self._people:
            self._people[login] = super().person(login)
        return self._people[login]

    def begin(self, signed_by: str = OWNER) -> int:
        """Jan makes a session that ends soon; nothing of before is left. Its number."""
        self.world.control("/faults", {"clear": True})
        self.world.control("/sessions/end", {"all": True})
        self.sql("UPDATE mbank_session SET state = 'superseded', finish_pending = false")
        self.sql("DELETE FROM res_notification")
        self.sql("UPDATE mbank_server_key SET claim = NULL, claimed = NULL, pin_tried = false")
        dialog = self.dialog(signed_by)
        dialog.form.expires = dt.date.today() + dt.timedelta(days=DAYS)
        self.press(dialog)
        self.sql("DELETE FROM live_log")
        [session] = self.live()
        self.settle()
        return session

    def dialog(self, signed_by: str, renewed: int | None = None) -> Any:
        """The dialog with the key, opened from the session to be renewed if there is one."""
        jan = self.person("jan")
        opened_from = [] if renewed is None else [jan.model("mbank.session")(renewed)]
        dialog = jan.wizard("mbank.session.create", opened_from)
        dialog.form.bank_user = demo_data.USER_ALFA
        dialog.form.way = "server"
        dialog.form.certificate = jan.one("mbank.certificate", ("name", "=", signed_by), ("key_kept", "=", True))
        if renewed is None:
            typed = dialog.form.diks.new()
            typed.covered = True
            typed.dik = demo_data.DIK_BETA
        return dialog

    def press(self, dialog: Any) -> None:
        """Have the dialog make the session."""
        dialog.execute("review_")
        if dialog.form.pin_asked:
            dialog.form.pin_password = P12_PIN
        dialog.execute("create_")

    # The house's own work

    def check(self) -> None:
        """The regular check, at once, by the button that Tryton has for it; and what it queued."""
        self.run_job("mbank.session|check_all")
        self.settle()

    def run_job(self, method: str) -> None:
        """Have a regular job run now."""
        self.person("admin").one("ir.cron", ("method", "=", method)).click("run_once")

    def settle(self) -> None:
        """Wait until the queue is empty."""
        lost = ",".join(map(str, [-1, *self._lost]))
        undone = f"FROM ir_queue WHERE finished_at IS NULL AND id NOT IN ({lost})"
        last = "the last of the queue is not done: " + str(self.sql(f"SELECT data {undone} ORDER BY id DESC"))
        until(lambda: not self.sql(f"SELECT id {undone}"), last)

    def kill(self) -> None:
        """End the host as a crash does; the tasks its worker had begun are not begun again."""
        super().kill()
        unfinished = self.sql("SELECT id FROM ir_queue WHERE dequeued_at IS NOT NULL AND finished_at IS NULL")
        self._lost = [task for (task,) in unfinished]

    def begin_again(self) -> None:
        """Start the server; its cron does what is due."""
        jobs = "(" + ", ".join(f"'{job}'" for job in _JOBS) + ")"
        self.sql(f"UPDATE ir_cron SET next_call = '2000-01-01' WHERE method IN {jobs}")
        self.start()
        due = "SELECT 1 FROM ir_cron WHERE next_call < '2001-01-01'"
        until(lambda: not self.sql(due), "the cron does not what is due")
        self.settle()
        self.sql("UPDATE ir_cron SET next_call = '2999-01-01'")

    def kill_when_held(self, held: InDatabase | AtTheBank, act: Callable[[], None]) -> None:
        """Kill all processes as soon as what somebody does is held."""

        def without_an_answer() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - its connection may break anyhow
                failed.append(error)

        failed: list[Exception] = []
        with held.ordered(self) as is_held:
            actor = threading.Thread(target=without_an_answer)
            actor.start()
            until(is_held, f"nothing is held: {failed}")
            self.kill()
            actor.join()

    def pass_time(self, hours: int) -> None:
        """Let time pass for all that waits for it."""
        ago = f"- interval '{hours} hours 1 minute'"
        self.sql(
            f"UPDATE mbank_session SET requested = requested {ago}, renewal_tried = renewal_tried {ago}, "
            f"finish_next = finish_next {ago}"
        )
        self.sql(f"UPDATE mbank_server_key SET claimed = claimed {ago}")
        self.sql("ALTER TABLE mbank_call DISABLE TRIGGER ALL")
        self.sql(f"UPDATE mbank_call SET time = time {ago}")
        self.sql("ALTER TABLE mbank_call ENABLE TRIGGER ALL")

    # What is there

    def live(self) -> list[int]:
        """Jan's sessions in force."""
        return [session for (session,) in self.sql(f"SELECT id FROM mbank_session WHERE state IN {LIVE}")]

    def at_the_bank(self) -> list[int]:
        """The sessions that live at the bank, the oldest first, by its numbers."""
        return [int(session["session_id"]) for session in self.world.control("/sessions") if not session["ended"]]

    def asked(self, operation: str) -> int:
        """The number of the last call of an operation the bank had."""
        calls = self.world.control(f"/calls?operation={operation}&order=newest&limit=1")
        return int(calls[0]["id"]) if calls else 0

    def told(self, login: str = "jan") -> list[str]:
        """What a person's bell says, the first first: each label with its text."""
        return [
            f"{label} {text or ''}"
            for label, text in self.sql(
                'SELECT label, description FROM res_notification n JOIN res_user u ON u.id = n."user" '
                f"WHERE u.login = '{login}' ORDER BY n.id"
            )
        ]

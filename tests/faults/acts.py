"""What a caller does with each operation: how it is prepared, made, looked up in the bank's books, and settled."""

import contextlib
from typing import Final

from companynet.client import CompanyNet
from companynet.domain.session import Secret
from companynet.errors import BankError, DuplicateOrder, Outcome, SessionInvalid
from tests.faults.side import DAY, DIK, USER, Side, is_with_the_bank, learn_result, pay_carefully


class Act:
    """One call of an operation, with fresh ids.

    Args:
        side: the bank and its caller.
        operation: what is called.
    """

    token: Secret | None = None
    """Of the session or login that the call is made on."""

    error: BankError
    """How the call failed, once it has."""

    def __init__(self, side: Side, operation: str) -> None:
        self.side = side
        self.operation = operation
        self.prepare()

    def prepare(self) -> None:
        """Do what comes before the call; nothing has gone wrong yet."""

    def call(self, client: CompanyNet) -> None:
        """Make the call."""
        raise NotImplementedError

    def done(self) -> bool:
        """Whether the bank did what the call asks for, after its books; what only reads leaves nothing to see."""
        (newest,) = self.side.bank.get(f"/calls?operation={self.operation}&order=newest&limit=1")
        return bool(newest["outcome"] == "OK")

    def renew(self) -> None:
        """Log in anew, or make a new session, after the bank ended the one the call was made on."""

    def settle(self) -> None:
        """Act on the failure as the table advises; nothing goes wrong any more. The session still lives."""
        raise NotImplementedError


class OnSession(Act):
    """A call on a long-lived session."""

    token: Secret

    def prepare(self) -> None:
        self.token = self.side.session().token
        self.session_id = self.side.sessions()[-1]["session_id"]

    def renew(self) -> None:
        self.token = self.side.session().token

    def ended(self) -> bool:
        """Whether the session has ended, after the bank's books."""
        return any(item["session_id"] == self.session_id and item["ended"] for item in self.side.sessions())


class PasswordLogin(Act):
    def prepare(self) -> None:
        self.password = self.side.password()

    def call(self, client: CompanyNet) -> None:
        client.sessions.login_with_password(DIK, USER, self.password)

    def settle(self) -> None:
        assert self.side.lives(self.side.login().token)


class LoginChallenge(Act):
    def call(self, client: CompanyNet) -> None:
        client.sessions.login_challenge(DIK, USER)

    def settle(self) -> None:
        text = self.side.client.sessions.login_challenge(DIK, USER)
        assert self.side.client.sessions.login(DIK, USER, self.side.sign(text))


class SignatureLogin(Act):
    def prepare(self) -> None:
        self.signature = self.side.sign(self.side.client.sessions.login_challenge(DIK, USER))

    def call(self, client: CompanyNet) -> None:
        client.sessions.login(DIK, USER, self.signature)

    def settle(self) -> None:
        text = self.side.client.sessions.login_challenge(DIK, USER)
        assert self.side.lives(self.side.client.sessions.login(DIK, USER, self.side.sign(text)).token)


class Logout(Act):
    token: Secret

    def prepare(self) -> None:
        self.token = self.side.login().token

    def call(self, client: CompanyNet) -> None:
        client.sessions.logout(self.token)

    def done(self) -> bool:
        return not self.side.lives(self.token)

    def settle(self) -> None:
        with contextlib.suppress(SessionInvalid):
            self.side.client.sessions.logout(self.token)
        assert not self.side.lives(self.token)


class SessionText(Act):
    token: Secret

    def prepare(self) -> None:
        self.login = self.side.login()
        self.token = self.login.token
        self.config = self.side.config()

    def call(self, client: CompanyNet) -> None:
        client.sessions.session_text(self.login, DIK, self.config)

    def renew(self) -> None:
        self.prepare()

    def settle(self) -> None:
        text = self.side.client.sessions.session_text(self.login, DIK, self.config)
        assert self.side.client.sessions.create(self.login, DIK, self.config, self.side.sign(text))


class CreateSession(SessionText):
    def prepare(self) -> None:
        super().prepare()
        text = self.side.client.sessions.session_text(self.login, DIK, self.config)
        self.signature = self.side.sign(text)
        self.before = len(self.side.sessions())

    def call(self, client: CompanyNet) -> None:
        client.sessions.create(self.login, DIK, self.config, self.signature)

    def done(self) -> bool:
        return len(self.side.sessions()) > self.before

    def settle(self) -> None:
        """A new one is made; one made unseen is a session of nobody, which the bank's own page shows."""
        unseen = self.side.sessions()[self.before :]
        session = self.side.session()
        assert self.side.lives(session.token)
        assert len(self.side.sessions()) == self.before + len(unseen) + 1
        for item in unseen:
            self.side.bank.post("/sessions/end", {"session_id": item["session_id"]})


class FinishSession(OnSession):
    def call(self, client: CompanyNet) -> None:
        client.sessions.finish(self.token)

    def done(self) -> bool:
        return self.ended()

    def settle(self) -> None:
        with contextlib.suppress(SessionInvalid):
            self.side.client.sessions.finish(self.token)
        assert self.ended()


class AskForStatements(OnSession):
    def prepare(self) -> None:
        super().prepare()
        self.before = len(self.side.bank.get("/tasks"))

    def call(self, client: CompanyNet) -> None:
        client.statements.request(self.token, DIK, DAY, DAY)

    def done(self) -> bool:
        return len(self.side.bank.get("/tasks")) > self.before

    def settle(self) -> None:
        assert len(self.side.client.statements.fetch(self.token, DIK, DAY, DAY).reports) == 1


class FetchStatements(OnSession):
    def prepare(self) -> None:
        super().prepare()
        self.task_id = self.side.client.statements.request(self.token, DIK, DAY, DAY)

    def call(self, client: CompanyNet) -> None:
        client.statements.result(self.token, DIK, self.task_id)

    def settle(self) -> None:
        package = self.side.client.statements.result(self.token, DIK, self.task_id)
        assert package.reports == self.side.client.statements.fetch(self.token, DIK, DAY, DAY).reports


class Confirm(FetchStatements):
    def call(self, client: CompanyNet) -> None:
        client.statements.confirm(self.token, DIK, self.task_id)

    def done(self) -> bool:
        return any(task["task_id"] == self.task_id and task["confirmed"] for task in self.side.bank.get("/tasks"))

    def settle(self) -> None:
        self.side.client.statements.confirm(self.token, DIK, self.task_id)
        assert self.done()


class SendOrders(OnSession):
    def prepare(self) -> None:
        super().prepare()
        self.file = self.side.order_file()

    def call(self, client: CompanyNet) -> None:
        client.orders.hand_in(self.token, DIK, self.file)

    def done(self) -> bool:
        return bool(self.side.groups(self.file))

    def settle(self) -> None:
        client = self.side.client
        if isinstance(self.error, DuplicateOrder) or self.error.outcome is Outcome.UNKNOWN:
            # What asking tells is what is in the books.
            assert is_with_the_bank(client, self.token, self.file) == self.done()
        if not self.done():
            assert self.side.payments(self.file) == 0
            pay_carefully(client, self.token, self.file, self.side.profile)
        assert self.side.paid_once(self.file)


class LearnResult(SendOrders):
    def prepare(self) -> None:
        super().prepare()
        self.task_id = self.side.client.orders.hand_in(self.token, DIK, self.file)

    def call(self, client: CompanyNet) -> None:
        client.orders.result(self.token, DIK, self.task_id)

    def settle(self) -> None:
        learn_result(self.side.client, self.token, self.file, self.task_id)
        assert is_with_the_bank(self.side.client, self.token, self.file)
        assert self.side.paid_once(self.file)


class AskStatus(SendOrders):
    def prepare(self) -> None:
        super().prepare()
        self.side.client.orders.result(self.token, DIK, self.side.client.orders.hand_in(self.token, DIK, self.file))

    def call(self, client: CompanyNet) -> None:
        client.orders.status(self.token, DIK, self.file.client_order_group_id)

    def settle(self) -> None:
        assert is_with_the_bank(self.side.client, self.token, self.file)
        assert self.side.paid_once(self.file)


ACTS: Final[dict[str, type[Act]]] = {
    "login": PasswordLogin,
    "initLoginWithSignature": LoginChallenge,
    "loginWithSignature": SignatureLogin,
    "logout": Logout,
    "initCreateBackgroundSessionWithSignature": SessionText,
    "createBackgroundSessionWithSignature": CreateSession,
    "finishBackgroundSession": FinishSession,
    "getMT940Ex": AskForStatements,
    "checkGetMT940Result": FetchStatements,
    "confirmResponseReceived": Confirm,
    "universalPaymentSend": SendOrders,
    "checkPaymentSendResult": LearnResult,
    "getStatus": AskStatus,
}

"""Logins and long-lived sessions."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from companynet.clock import BANK_ZONE
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.session import BackgroundSession, Login, Permission, PermissionConfig, Secret
from companynet.errors import BankError, LoginRefused, OrderGroupUnknown
from companynet.signing import Signer, SigningPolicy, signature_for_bank
from companynet.signing.policy import PLAIN_POLICY
from companynet.soap.call import Caller, new_reference
from companynet.soap.needs import Unreadable

#: An order group no bank has: asking for it changes nothing, and the answer shows whether the session lives.
_NO_GROUP: Final = "companynet-proof"

#: The operations that can prove a session, the one that makes the bank do least first.  # L-160, L-168
_PROOFS: Final = ("getStatus", "getMT940Ex")


def proof_of(operations: Collection[str]) -> str | None:
    """The operation by which a session that was granted these is proven; None if none of them proves it."""
    return next((name for name in _PROOFS if name in operations), None)


class Sessions:
    """Logs in, and makes, proves and ends long-lived sessions.  # L-021

    A whole session is :meth:`open`, or :meth:`open_with_password` where the login is by one-time password. The steps
    are public too, for a signature that is made elsewhere, and later: :meth:`login_challenge`, sign,
    :meth:`begin_session`, sign, :meth:`create`, store the token, :meth:`logout`.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def login_challenge(self, dik: str, bank_user: str) -> str:
        """Ask for the text whose signature logs a user in.

        Args:
            dik: the customer number given by the bank.
            bank_user: the user's id or alias at the bank.

        Raises:
            BankError: no text came; the bank has not acted.
        """
        text: str = self._caller.call("initLoginWithSignature", {"userLogin": bank_user}, dik=dik)
        return text

    def login(self, dik: str, bank_user: str, signature: str) -> Login:
        """Log in with the signed challenge.

        Args:
            dik: as for the challenge.
            bank_user: as for the challenge.
            signature: in the bank's form, see :func:`companynet.signing.signature_for_bank`.

        Raises:
            LoginRefused, CertificateRefused, SignatureRefused, DikRefused: the bank said no.
            BankError: as its outcome says; a login that was made unseen ends by itself.
        """
        arguments = {"userLogin": bank_user, "signature": signature}
        login: Login = self._caller.call("loginWithSignature", arguments, dik=dik, read=_login)
        return login

    def login_with_password(self, dik: str, bank_user: str, password: Secret) -> Login:
        """Log in with a one-time password.

        Raises:
            LoginRefused, DikRefused: the bank said no. Do not try the same password again.
            BankError: as its outcome says.
        """
        arguments = {"userLogin": bank_user, "token": password.reveal()}
        login: Login = self._caller.call("login", arguments, dik=dik, secrets=(password,), read=_login)
        return login

    def session_text(self, login: Login, dik: str, config: PermissionConfig) -> str:
        """Ask for the text whose signature makes a long-lived session.

        Raises:
            BankError: no text came; the bank has not acted.
        """
        operation = "initCreateBackgroundSessionWithSignature"
        text: str = self._caller.call(operation, {"permissionConfig": _to_bank(config)}, dik=dik, token=login.token)
        return text

    def create(
        self, login: Login, dik: str, config: PermissionConfig, signature: str, *, reference: str | None = None
    ) -> BackgroundSession:
        """Make a long-lived session with the signed session text.

        Args:
            login: as for the text.
            dik: as for the text.
            config: the same as for the text.
            signature: in the bank's form.
            reference: of this call, where it was written down before; None for a new one.

        Returns:
            The session with what the bank granted, which may be less than was asked for.

        Raises:
            CertificateRefused, SignatureRefused, DikRefused, PermissionRefused, SessionInvalid: the bank said no.
            BankError: as its outcome says. When unknown, the bank may have a session whose token never came: it
                works for nobody and ends at the time asked for.
        """
        # L-022
        made: BackgroundSession = self._caller.call(
            "createBackgroundSessionWithSignature",
            {"signature": signature, "permissionConfig": _to_bank(config)},
            dik=dik,
            token=login.token,
            reference=reference,
            read=lambda answer: _session(answer, config),
        )
        return made

    def begin_session(self, dik: str, bank_user: str, signature: str, config: PermissionConfig) -> tuple[Login, str]:
        """Log in with the signed challenge, alone, and ask for the text whose signature makes a long-lived session.

        Args:
            dik: as for the challenge.
            bank_user: as for the challenge.
            signature: in the bank's form.
            config: what to ask for.

        Returns:
            The login, which is the caller's to close, and the text. After an error there is no login, or one that
            ends by itself.

        Raises:
            BankError: as for :meth:`login` and :meth:`session_text`. A login that waits for more people is a
                :class:`~companynet.errors.LoginRefused`.
        """
        login = self.login(dik, bank_user, signature)
        self._check_alone(login, bank_user, "loginWithSignature")
        try:
            return login, self.session_text(login, dik, config)
        except BaseException:
            self._logout_quietly(login.token)
            raise

    def open(
        self,
        dik: str,
        bank_user: str,
        config: PermissionConfig,
        signer: Signer,
        *,
        keep: Callable[[BackgroundSession], None],
        before_create: Callable[[str], None] | None = None,
        policy: SigningPolicy = PLAIN_POLICY,
    ) -> BackgroundSession:
        """Make a long-lived session in one go: log in, sign twice with one entry of the PIN, log out again.

        Args:
            dik: the customer the user logs in for.
            bank_user: the user's id or alias at the bank.
            config: what to ask for.
            signer: holds the key.
            keep: is given the session as soon as the bank has answered, before anything else is asked of it: the
                moment to store the token. What it raises goes on to the caller, the login being closed first; the
                session lives at the bank then, and whoever could not keep it ends it there by :meth:`finish`.
            before_create: is given our reference of the call that makes the session, right before it leaves: the
                moment to write down that from now on the bank may have one. What it raises goes on to the caller,
                and no session is made.
            policy: what is asked of the certificate.

        Raises:
            SigningError: no signature was made (its subclasses say why); no session was made.
            ProfileError: the encoding of the profile cannot hold a text of the bank; no session was made.
            BankError: as its outcome says, see :meth:`login` and :meth:`create`. A login that waits for more people
                is a :class:`~companynet.errors.LoginRefused`.
        """
        making = _Making(dik, config, signer, policy, keep, before_create)
        policy.check(signer.certificate, self._caller.clock.now())
        signature = self._sign(making, self.login_challenge(dik, bank_user))
        login, text = self.begin_session(dik, bank_user, signature, config)
        with self._closing(login):
            return self._create(login, text, making)

    def open_with_password(
        self,
        dik: str,
        bank_user: str,
        password: Secret,
        config: PermissionConfig,
        signer: Signer,
        *,
        keep: Callable[[BackgroundSession], None],
        before_create: Callable[[str], None] | None = None,
        policy: SigningPolicy = PLAIN_POLICY,
    ) -> BackgroundSession:
        """Make a long-lived session after a login by one-time password: one signature, over its text.  # L-162

        Args:
            dik: the customer the user logs in for.
            bank_user: the user's id or alias at the bank.
            password: serves once, whether or not the session is made.
            config: what to ask for.
            signer: holds the key.
            keep: as for :meth:`open`.
            before_create: as for :meth:`open`.
            policy: as for :meth:`open`.

        Raises:
            SigningError, ProfileError, BankError: as for :meth:`open`.
        """
        making = _Making(dik, config, signer, policy, keep, before_create)
        policy.check(signer.certificate, self._caller.clock.now())
        with self.logged_in(dik, bank_user, password) as login:
            return self._create(login, self.session_text(login, dik, config), making)

    @contextmanager
    def logged_in(self, dik: str, bank_user: str, password: Secret) -> Iterator[Login]:
        """Log in by one-time password for the calls of a ``with`` block, and out again at its end.

        The token of the login authorises statements and orders of the user's DIKs as that of a long-lived session
        does.  # L-163

        Raises:
            LoginRefused, DikRefused: the bank said no, or wants more people to confirm.
            BankError: as its outcome says.
        """
        with self._closing(self.login_alone(dik, bank_user, password)) as login:
            yield login

    def login_alone(self, dik: str, bank_user: str, password: Secret) -> Login:
        """Log in by one-time password and stay so: :meth:`logout` is the caller's.

        Raises:
            LoginRefused, DikRefused: the bank said no, or wants more people to confirm; the login is closed then.
            BankError: as its outcome says.
        """
        login = self.login_with_password(dik, bank_user, password)
        self._check_alone(login, bank_user, "login")
        return login

    def prove(self, token: Secret, dik: str, operations: frozenset[str] = ERP_OPERATIONS) -> None:
        """Show that a session lives and may be used for a DIK, by one call that changes nothing.

        It asks for the states of an order group that no bank has; that the bank looked for it and found none is the
        proof.  # L-160
        Where the session may not ask for states it asks for the statements of yesterday, and leaves them.  # L-168

        Args:
            token: of the session.
            dik: one that it shall cover.
            operations: what it was granted for the DIK; see :func:`proof_of`.

        Raises:
            SessionInvalid: it ended, or never was.
            PermissionRefused, DikRefused: it lives and does not cover this.
            BankError: nothing is proven; it may be asked again.
            ValueError: nothing that was granted proves it; nothing was sent.
        """
        proof = proof_of(operations)
        if proof is None:
            raise ValueError(f"DIK {dik}: a session is proven by one of {', '.join(_PROOFS)}, and was granted none")
        day = self._caller.clock.now().astimezone(BANK_ZONE).date() - timedelta(days=1)
        arguments: dict[str, dict[str, object]] = {
            "getStatus": {"orderGroupId": _NO_GROUP},
            "getMT940Ex": {"from": day, "to": day, "compressed": False},
        }
        with suppress(OrderGroupUnknown):
            self._caller.call(proof, arguments[proof], dik=dik, token=token)

    def finish(self, token: Secret) -> None:
        """End a long-lived session at the bank. Its token alone says which: no DIK goes with it.  # L-017

        Raises:
            SessionInvalid: it had ended before, or never was.
            BankError: as its outcome says; it is safe to ask again.
        """
        self._caller.call("finishBackgroundSession", token=token, cleaning=True)

    def logout(self, token: Secret) -> None:
        """End a login.

        Raises:
            BankError: as its outcome says; a login ends by itself too.
        """
        self._caller.call("logout", token=token, cleaning=True)

    def _create(self, login: Login, text: str, making: "_Making") -> BackgroundSession:
        signature = self._sign(making, text)
        reference = new_reference()
        if making.before_create is not None:
            making.before_create(reference)
        made = self.create(login, making.dik, making.config, signature, reference=reference)
        making.keep(made)
        return made

    def _sign(self, making: "_Making", text: str) -> str:
        return signature_for_bank(
            making.signer, text, self._caller.profile, clock=self._caller.clock, policy=making.policy
        )

    def _check_alone(self, login: Login, bank_user: str, operation: str) -> None:
        """Close and refuse a login that waits for other people.  # L-019"""
        if not login.confirmations_required:
            return
        self._logout_quietly(login.token)
        raise LoginRefused(
            f"the bank wants {login.confirmations_required} more people to confirm the login of {bank_user}; "
            "ask the bank for a user who may sign alone",
            operation=operation,
        )

    @contextmanager
    def _closing(self, login: Login) -> Iterator[Login]:
        """The time of a login; it is closed at the end, whatever happens."""
        try:
            yield login
        finally:
            self._logout_quietly(login.token)

    def _logout_quietly(self, token: Secret) -> None:
        try:
            self.logout(token)
        except BankError:
            # The login ends by itself, and the record of the call tells.
            return


@dataclass(frozen=True)
class _Making:
    """A session that is being made in one go."""

    dik: str
    config: PermissionConfig
    signer: Signer
    policy: SigningPolicy
    keep: Callable[[BackgroundSession], None]
    before_create: Callable[[str], None] | None


def _session(answer: dict[str, Any], asked: PermissionConfig) -> BackgroundSession:
    """The session of an answer: what was granted may be hard to read, its token must not be lost for that.

    Where the bank says nothing of it, what was asked counts as granted.  # L-022
    """
    token, granted = Secret(answer["sessionToken"]), answer["permissionConfig"]
    if granted is None:
        return BackgroundSession(token, asked)
    if isinstance(granted, Unreadable):
        problem = granted.reason
    else:
        try:
            return BackgroundSession(token, _from_bank(granted))
        except (ValueError, ArithmeticError) as error:
            problem = type(error).__name__
    return BackgroundSession(token, asked, f"what the bank granted cannot be read ({problem}): taken as asked")


def _login(answer: dict[str, Any]) -> Login:
    # L-018, L-032
    return Login(token=Secret(answer["generatedToken"]), confirmations_required=answer["confirmationsRequired"] or 0)


def _to_bank(config: PermissionConfig) -> dict[str, object]:
    # L-020
    return {
        "endTime": config.end_time_utc.replace(microsecond=0),
        "permissionsEntries": [
            {"DIK": permission.dik, "allowedOperations": sorted(permission.operations)}
            for permission in config.permissions
        ],
    }


def _from_bank(answer: dict[str, Any]) -> PermissionConfig:
    """What was granted, taken as it is: the session exists, and its token must not be lost.

    Raises:
        ValueError, OverflowError: it makes no permissions.
    """
    end_time: datetime = answer["endTime"]
    if end_time.tzinfo is None:
        # Without a zone the bank's own is the earlier reading.  # L-155
        end_time = end_time.replace(tzinfo=BANK_ZONE)
    operations: dict[str, set[str]] = {}
    for entry in answer["permissionsEntries"]:
        operations.setdefault(entry["DIK"], set()).update(entry["allowedOperations"])
    return PermissionConfig(
        end_time=end_time.astimezone(UTC),
        permissions=tuple(Permission(dik, frozenset(names)) for dik, names in operations.items()),
    )

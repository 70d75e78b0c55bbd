"""One job with its server, from the code to the granted session. Blocks: run it beside what the person sees."""

import contextlib
import threading

from companynet.clock import Clock
from companynet.domain.session import Secret
from companynet.errors import SigningDeclined
from companynet.signing import check_signature
from companynet.signing_reasons import ReasonCode
from companynet_signer.errors import ManyKeys, ServerRefused, ServerUnreachable, SignerError
from companynet_signer.job import ROUNDS, Granted, Job, Task, read_granted, read_job, read_second, read_ticket
from companynet_signer.keys import Choice, KeyRack, check_certificate, the_one
from companynet_signer.link import Link
from companynet_signer.server import SigningServer


class Revealed(ManyKeys):
    """A token showed its certificates after its PIN, and one of them must be chosen.

    Args:
        choices: what it showed.
    """

    def __init__(self, key: str, choices: tuple[Choice, ...]) -> None:
        super().__init__(key)
        self.choices = choices


class Conversation:
    """One job. Its methods are called one at a time; :meth:`cancel` at any time.

    Args:
        link: that started it.
        server: to talk to.
        rack: the keys.
        clock: tells whether a certificate is in its time.
    """

    def __init__(self, link: Link, server: SigningServer, rack: KeyRack, clock: Clock) -> None:
        self.link = link
        self.rack = rack
        self._server = server
        self._clock = clock
        self._ticket: Secret | None = None
        self._task: Task | None = None
        self._cancelled = threading.Event()
        self.job: Job | None = None
        """What was shown to the person."""
        self.signed: tuple[Task, ...] = ()
        """The texts that were signed and sent, in order."""
        self.perhaps_made = False
        """Whether the server may have made the session: the last signature left."""

    def fetch(self) -> Job:
        """Change the code for the job.

        Raises:
            ServerUnreachable: nothing was sent; it may be tried again.
            SignerError: there is no job that can be shown.
        """
        answer = self._server.change_code()
        # First of all, so that a job that cannot be shown can be declined.
        self._ticket = read_ticket(answer)
        self.job = read_job(answer, self.link.database)
        self._task = self.job.task
        return self.job

    def sign(self, choice: Choice, pin: Secret | None) -> Granted:
        """Make the signatures that are due, with one use of the PIN, and send them.

        After an error that leaves the round unsent it may be called again and goes on with that round.

        Args:
            choice: the key.
            pin: None where none is asked for.

        Returns:
            What the bank granted.

        Raises:
            SigningError: the key did not sign.
            NoKey: its certificate cannot be used.
            Revealed: one of several certificates must be chosen first.
            ServerUnreachable: the signature was not sent.
            SignerError: the job cannot go on.
            RuntimeError: there is no job.
        """
        if self.job is None or self._task is None:
            raise RuntimeError("there is no job to sign")
        wanted = self.job.content.certificate
        choice = self._the_one(choice, pin, wanted)
        with self.rack.opened(choice, pin, signatures=ROUNDS + 1 - self._task.round) as signer:
            check_certificate(signer.certificate, wanted, self._clock.now())
            while True:
                self._check_cancelled()
                signature = signer.sign_detached(self._task.data)
                check_signature(signature, self._task.data, signer.certificate)
                self._check_cancelled()
                answer = self._send(self._task, signature)
                if self._task.round == ROUNDS:
                    return read_granted(answer)
                self._task = read_second(answer, self.job)

    def decline(self, reason: str) -> None:
        """Tell the server, if it gave a job and can be reached, that nothing more will be signed."""
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            # The job ends by itself if this does not arrive.
            with contextlib.suppress(SignerError):
                self._server.decline(ticket, reason)

    def cancel(self) -> None:
        """Have no further signature made or sent."""
        self._cancelled.set()

    def _the_one(self, choice: Choice, pin: Secret | None, wanted: str | None) -> Choice:
        shown = self.rack.reveal(choice, pin, wanted)
        try:
            return choice if shown == (choice,) else the_one(shown)
        except ManyKeys as error:
            key = error.sentence.key
        raise Revealed(key, shown)

    def _send(self, task: Task, signature: bytes) -> dict[str, object]:
        if self._ticket is None:
            raise RuntimeError("the job was declined")
        self.perhaps_made = task.round == ROUNDS
        try:
            answer = self._server.send_signature(self._ticket, task.round, signature)
        except (ServerUnreachable, ServerRefused):
            # Nothing was sent, or the server told how it ended.
            self.perhaps_made = False
            raise
        self.signed = (*self.signed, task)
        return answer

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise SigningDeclined("the person declined", reason_code=ReasonCode.DECLINED)

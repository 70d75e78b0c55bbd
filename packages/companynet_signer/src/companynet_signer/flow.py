"""The stages of a conversation with the person, whatever shows them: the window, the terminal, a test."""

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from companynet.domain.session import Secret
from companynet.signing import Listing, load_signing
from companynet_signer.conversation import Conversation, Revealed
from companynet_signer.errors import SignerError
from companynet_signer.failure import DECLINED, Failure, failure_of
from companynet_signer.job import Granted, Job
from companynet_signer.keys import Choice, PinQuestion
from companynet_signer.language import sentence
from companynet_signer.opening import Opening

T = TypeVar("T")


class Stage(enum.Enum):
    """Where the conversation is."""

    SERVER = "server"
    """The server is not on the list: the person is asked."""

    FETCHING = "fetching"
    """The job is being fetched."""

    JOB = "job"
    """What will be signed is shown."""

    KEYS = "keys"
    """A certificate is chosen and its PIN asked for."""

    SIGNING = "signing"
    """The signatures are made and sent."""

    GRANTED = "granted"
    """The session was made."""

    FAILED = "failed"
    """It ended without a session."""

    CLOSING = "closing"
    """The person left; the server is told."""

    CLOSED = "closed"
    """Over."""


class Background(Protocol):
    """Runs what blocks, and calls back where the person is served."""

    def submit(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Run the work; call ``done`` with its result, or ``failed`` with its error."""


class AtOnce:
    """Runs the work there and then."""

    def submit(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the person is told
            failed(error)
            return
        done(result)


def _nothing(_outcome: object) -> None:
    """Whoever signs loads it again, and finds what is wrong."""


class Flow:
    """A conversation with the person. All methods are called from one thread.

    Args:
        url: the link.
        opening: makes the conversation with the server.
        background: runs what blocks.
        changed: called after each change.
    """

    def __init__(
        self,
        url: str,
        opening: Opening,
        background: Background,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._opening = opening
        self._background = background
        self._changed = changed
        self._conversation: Conversation | None = None
        self._listing: Listing | None = None
        self._telling = False
        self.stage = Stage.FETCHING
        """Where it is."""
        self.leaving = False
        """The person wants to leave while the signatures are on their way."""
        self.failure: Failure | None = None
        """What went wrong last; in :attr:`Stage.KEYS` it may be tried again."""
        self.choices: tuple[Choice, ...] | None = None
        """The keys; None while they are looked for."""
        self.chosen: int | None = None
        """Which of them."""
        self.question: PinQuestion | None = None
        """What the chosen one asks; None while that is found out."""
        self.granted: Granted | None = None
        """What came of it."""

    @property
    def conversation(self) -> Conversation:
        """The conversation with the server.

        Raises:
            RuntimeError: the link was not right, there is none.
        """
        if self._conversation is None:
            raise RuntimeError("there is no conversation")
        return self._conversation

    @property
    def job(self) -> Job | None:
        """What is to be signed."""
        return self._conversation.job if self._conversation else None

    @property
    def listing(self) -> Listing | None:
        """What the modules showed last; None while they are asked."""
        return self._listing

    @property
    def may_sign(self) -> bool:
        """Whether a key is chosen that can sign."""
        return (
            self.stage is Stage.KEYS
            and self.choices is not None
            and self.chosen is not None
            and self.choices[self.chosen].blocked is None
            and self.question is not None
            and self.question.blocked is None
        )

    def start(self) -> None:
        """Begin: read the link, then ask about the server or fetch the job."""
        try:
            self._conversation = self._opening.conversation(self._url)
            allowed = self._opening.allows(self._conversation.link.server)
        except SignerError as error:
            self._fail(failure_of(error))
            return
        if allowed:
            self._fetch()
        else:
            self._go(Stage.SERVER)

    def trust_server(self) -> None:
        """The person trusts the server: put it on the list and go on."""
        if self.stage is not Stage.SERVER:
            return
        try:
            self._opening.allow(self.conversation.link.server)
        except SignerError as error:
            self._fail(failure_of(error))
            return
        self._fetch()

    def accept(self) -> None:
        """The person has read what will be signed and goes on to the keys."""
        if self.stage is Stage.JOB:
            self._go(Stage.KEYS)

    def look_for_keys(self) -> None:
        """Look for keys anew: a card was put in, a reader plugged."""
        self.choices, self.chosen, self.question, self._listing = None, None, None, None
        self._background.submit(self.conversation.rack.listing, self._listed, self._not_listed)
        self._changed()

    def add_file(self, path: Path) -> None:
        """Have a PKCS#12 file to choose from, and choose it."""
        self.conversation.rack.add_file(path)
        if self._listing is not None:
            self._offer(self._listing)
            self._choose_where(lambda choice: choice.key == path)

    def choose(self, index: int) -> None:
        """The person chooses a key."""
        self.failure = None
        self._choose(index)

    def sign(self, pin: Secret | None) -> None:
        """Sign with the chosen key.

        Args:
            pin: what was asked for; None if nothing was.
        """
        if not self.may_sign or self.choices is None or self.chosen is None:
            return
        choice = self.choices[self.chosen]
        self.failure = None
        self._go(Stage.SIGNING)
        self._background.submit(lambda: self.conversation.sign(choice, pin), self._signed, self._not_signed)

    def again(self) -> None:
        """Try once more to reach the server, where nothing was sent."""
        if self.stage is Stage.FAILED and self.failure is not None and self.failure.again:
            self._fetch()

    def close(self) -> None:
        """The person leaves: the job is declined, unless it is over. A second time it does not wait."""
        if self.stage in (Stage.CLOSING, Stage.CLOSED) or self.leaving:
            self._go(Stage.CLOSED)
        elif self.stage in (Stage.SIGNING, Stage.FETCHING):
            self.leaving = True
            self.conversation.cancel()
            self._changed()
        elif self.stage in (Stage.JOB, Stage.KEYS):
            self._leave(self.failure.reason if self.failure else DECLINED)
        else:
            self._go(Stage.CLOSING if self._telling else Stage.CLOSED)

    def _go(self, stage: Stage) -> None:
        self.stage = stage
        self._changed()

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._go(Stage.FAILED)

    def _leave(self, reason: str) -> None:
        """Tell the server and close."""
        self._go(Stage.CLOSING)
        self._tell(reason)

    def _tell(self, reason: str) -> None:
        """Tell the server that nothing more will be signed; a window that was closed meanwhile waits for that."""
        self._telling = True

        def told(_outcome: object) -> None:
            self._telling = False
            if self.stage is Stage.CLOSING:
                self._go(Stage.CLOSED)

        self._background.submit(lambda: self.conversation.decline(reason), told, told)

    def _fetch(self) -> None:
        self.failure = None
        self._go(Stage.FETCHING)
        self._background.submit(self.conversation.fetch, self._fetched, self._not_fetched)

    def _fetched(self, _job: Job) -> None:
        if self.stage is Stage.CLOSED:
            return
        if self.leaving:
            self._leave(DECLINED)
            return
        self._go(Stage.JOB)
        # While the person reads.
        self.look_for_keys()
        self._background.submit(load_signing, _nothing, _nothing)

    def _not_fetched(self, error: Exception) -> None:
        if self.stage is not Stage.CLOSED:
            self._end(failure_of(error))

    def _listed(self, listing: Listing) -> None:
        if self.choices is None:
            choices = self._offer(listing)
            if sum(choice.blocked is None for choice in choices) == 1:
                self._choose_where(lambda choice: choice.blocked is None)

    def _not_listed(self, error: Exception) -> None:
        self.failure = failure_of(error)
        self._offer(Listing((), (), ()))

    def _offer(self, listing: Listing) -> tuple[Choice, ...]:
        wanted = self.job.content.certificate if self.job else None
        choices = self.conversation.rack.choices(listing, wanted)
        self._listing, self.choices, self.chosen, self.question = listing, choices, None, None
        self._changed()
        return choices

    def _choose(self, index: int) -> None:
        if self.choices is None or not 0 <= index < len(self.choices):
            return
        self.chosen, self.question = index, None
        choice = self.choices[index]
        if choice.blocked is None:

            def asked(question: PinQuestion) -> None:
                if self._is_chosen(choice):
                    self.question = question
                    self._changed()

            def failed(error: Exception) -> None:
                if self._is_chosen(choice):
                    self.failure = failure_of(error)
                    self._changed()

            self._background.submit(lambda: self.conversation.rack.ask(choice), asked, failed)
        self._changed()

    def _choose_where(self, fits: Callable[[Choice], bool]) -> None:
        for index, choice in enumerate(self.choices or ()):
            if fits(choice):
                self._choose(index)
                return

    def _is_chosen(self, choice: Choice) -> bool:
        return self.choices is not None and self.chosen is not None and self.choices[self.chosen] is choice

    def _signed(self, granted: Granted) -> None:
        if self.stage is not Stage.CLOSED:
            # Also for who wanted to leave: the session is there.
            self.granted, self.leaving = granted, False
            self._go(Stage.GRANTED)

    def _not_signed(self, error: Exception) -> None:
        if self.stage is Stage.CLOSED:
            return
        failure = failure_of(error)
        if isinstance(error, Revealed):
            self.failure, self.choices, self.chosen, self.question = failure, error.choices, None, None
            self._go(Stage.KEYS)
        elif self.leaving or not failure.again:
            self._end(failure)
        else:
            self.failure = failure
            self._go(Stage.KEYS)
            self._choose_again(failure)

    def _choose_again(self, failure: Failure) -> None:
        """The same key, asked anew what it asks; a token that has gone is looked for."""
        if failure.reason == "no_token":
            self.look_for_keys()
        elif self.chosen is not None:
            self._choose(self.chosen)

    def _end(self, failure: Failure) -> None:
        """The job cannot go on: tell the server, and the person unless they left."""
        if self.leaving and not self.conversation.perhaps_made:
            self._leave(DECLINED if failure.again else failure.reason)
            return
        self.leaving = False
        if self.conversation.perhaps_made:
            said = sentence("perhaps_made", why=failure.sentence)
            failure = Failure(said, failure.detail, failure.reason, again=False)
        self._fail(failure)
        self._tell(failure.reason)

"""What each stage of a conversation shows, in the person's language; the window and the terminal only draw it."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from companynet_signer.describe import Row, granted_rows, job_meaning, job_rows
from companynet_signer.failure import Failure, failure_of
from companynet_signer.flow import Flow, Stage
from companynet_signer.keys import Choice, PinKind, PinQuestion
from companynet_signer.language import Sentence, say, sentence

_QUESTIONS: Final = {
    PinKind.PIN: "ask_pin",
    PinKind.PASSWORD: "ask_password",
    PinKind.PAD: "ask_pad",
    PinKind.NONE: "ask_none",
}
#: When a certificate that is not seen yet will be: of a token, of a file.
_LATER: Final = {False: "after_pin", True: "after_password"}
#: Headings of failures after which a session may exist, or only the server knows.
_FAILED: Final = {"perhaps_made": "unknown_heading", "server_says": "refused_heading"}


@dataclass(frozen=True)
class KeyLine:
    """A key as it is offered."""

    name: str
    """Whose."""

    valid_to: str
    """The last day of its certificate; empty if that shows later."""

    issuer: str
    """Who issued the certificate, or when it will be seen."""

    place: str
    """Where it is."""

    why_not: str
    """Why it cannot be chosen; empty if it can."""


@dataclass(frozen=True)
class PinLine:
    """What is asked for of the chosen key."""

    label: str
    """The question, or what to do where nothing is typed."""

    typed: bool
    """Whether something is typed."""

    warning: str
    """To be seen before anything is typed; empty if there is none."""


class Views:
    """Puts a flow in words.

    Args:
        flow: the conversation.
        language: ``pl`` or ``en``; may be changed at any time.
        zone: of the person; None for the system's.
    """

    def __init__(self, flow: Flow, language: str, zone: tzinfo | None = None) -> None:
        self._flow = flow
        self._zone = zone
        self.language = language
        """Of all that is said."""

    def say(self, key: str, **values: object) -> str:
        """A sentence of the table."""
        return say(sentence(key, **values), self.language)

    @property
    def heading(self) -> str:
        """Of the stage."""
        flow = self._flow
        if flow.stage is Stage.FAILED:
            return self.say(_FAILED.get(flow.failure.sentence.key if flow.failure else "", "failed_heading"))
        keys = {
            Stage.SERVER: "server_heading",
            Stage.SIGNING: "signing_heading",
            Stage.JOB: "job_heading",
            Stage.KEYS: "keys_heading",
            Stage.GRANTED: "granted_heading",
        }
        return self.say(keys.get(flow.stage, "fetching_heading"))

    @property
    def text(self) -> str:
        """What stands below the heading, before any rows."""
        flow = self._flow
        if flow.leaving:
            return self.say("leaving")
        if flow.stage is Stage.SERVER:
            return self.say("server_question", server=flow.conversation.link.server.shown)
        if flow.stage is Stage.FETCHING:
            return self.say("fetching")
        if flow.stage is Stage.SIGNING:
            pad = flow.question is not None and flow.question.kind is PinKind.PAD
            return self.say("signing_pad" if pad else "signing")
        if flow.stage is Stage.JOB and flow.job is not None:
            return job_meaning(flow.job, flow.conversation.link, self.language, self._zone)
        return self.failure

    @property
    def rows(self) -> tuple[Row, ...]:
        """The job, or how it ended."""
        flow = self._flow
        if flow.job is None:
            return ()
        if flow.stage is Stage.JOB:
            return job_rows(flow.job, flow.conversation.link, self.language, self._zone)
        if flow.granted is not None:
            return granted_rows(flow.granted, flow.job, flow.conversation.signed, self.language, self._zone)
        return ()

    @property
    def failure(self) -> str:
        """What went wrong last; empty if nothing did."""
        return failure_text(self._flow.failure, self.language) if self._flow.failure else ""

    @property
    def keys(self) -> tuple[KeyLine, ...]:
        """The keys to choose from."""
        return tuple(self._key(choice) for choice in self._flow.choices or ())

    @property
    def keys_note(self) -> str:
        """Of the list as a whole: that it is being made, what to do if it is empty, what failed."""
        flow = self._flow
        if flow.choices is None:
            return self.say("keys_looking")
        lines = [] if flow.choices else [self.say("keys_empty")]
        for problem in flow.listing.problems if flow.listing else ():
            why = failure_text(failure_of(problem.error), self.language)
            lines.append(self.say("keys_problem", where=problem.where, why=why))
        return "\n".join(lines)

    @property
    def chosen_note(self) -> str:
        """Why the chosen key cannot sign; empty if it can, or none is chosen."""
        flow = self._flow
        if flow.choices is None or flow.chosen is None:
            return ""
        why = flow.choices[flow.chosen].blocked
        if why is not None:
            return self.say("blocked_because", why=why)
        if flow.question is not None and flow.question.blocked is not None:
            return say(flow.question.blocked, self.language)
        return ""

    @property
    def pin(self) -> PinLine | None:
        """What is asked for; None if nothing can be."""
        flow = self._flow
        if flow.choices is None or flow.chosen is None or self.chosen_note:
            return None
        if flow.question is None:
            return None if flow.failure else PinLine(self.say("ask_wait"), typed=False, warning="")
        return self._pin(flow.question)

    def _pin(self, question: PinQuestion) -> PinLine:
        return PinLine(
            label=self.say(_QUESTIONS[question.kind]),
            typed=question.kind in (PinKind.PIN, PinKind.PASSWORD),
            warning="" if self._is_said(question.warning) else self._said(question.warning),
        )

    def _is_said(self, warning: Sentence | None) -> bool:
        """Whether the failure above it says the same: fewer tries are left."""
        failure = self._flow.failure
        return bool(warning and failure and (warning.key, failure.sentence.key) == ("pin_low", "wrong_pin_low"))

    def _key(self, choice: Choice) -> KeyLine:
        certificate = choice.certificate
        return KeyLine(
            name=choice.name,
            valid_to=f"{certificate.valid_to.astimezone(self._zone):%Y-%m-%d}" if certificate else "",
            issuer=_common_name(certificate.issuer) if certificate else self.say(_LATER[choice.is_file]),
            place=say(choice.place, self.language),
            why_not=self._said(choice.blocked),
        )

    def _said(self, words: Sentence | None) -> str:
        return say(words, self.language) if words else ""


def failure_text(failure: Failure, language: str) -> str:
    """A failure with what helps who helps.

    Args:
        failure: what went wrong.
        language: ``pl`` or ``en``.
    """
    text = say(failure.sentence, language)
    return f"{text}\n{say(sentence('detail', detail=failure.detail), language)}" if failure.detail else text


def _common_name(name: str) -> str:
    """The part of an RFC 4514 name that people know; the whole if it has none."""
    parts = [part.removeprefix("CN=") for part in name.split(",") if part.startswith("CN=")]
    return parts[0] if parts else name

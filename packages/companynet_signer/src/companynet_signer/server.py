"""The server of the ERP, as the protocol has it: three messages, each sent once.  See docs/signer-protocol.md."""

import base64
import io
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import requests
import urllib3

from companynet.clock import Clock
from companynet.domain.session import Secret
from companynet.soap.root_cause import root_cause
from companynet_signer import __version__
from companynet_signer.errors import AnswerLost, AnswerRefused, ServerRefused, ServerUnreachable, SignerError
from companynet_signer.job import read_sentences
from companynet_signer.language import sentence
from companynet_signer.link import VERSION, Link

#: Bytes a message has at most, either way.
LONGEST: Final = 64 * 1024

_CLIENT: Final = f"companynet-signer {__version__}"
_CHUNK: Final = 8 * 1024


@dataclass(frozen=True)
class Limits:
    """How long to wait for the server."""

    connect: float = 15.0
    """Seconds for a connection."""

    read: float = 120.0
    """Seconds without anything coming; the server asks the bank meanwhile."""

    whole: float = 180.0
    """Seconds for a whole answer once it began."""


DEFAULT_LIMITS: Final = Limits()
#: Whether the server learns that the person declined changes nothing here: do not wait long for it.
_DECLINE_LIMITS: Final = Limits(connect=5.0, read=10.0, whole=10.0)


class _Body(io.BytesIO):
    """A message that knows whether any of it was given to a connection."""

    taken = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.taken = True
        return super().read(size)


class SigningServer:
    """Talks to the server a link names.

    The environment is ignored: no proxy, no netrc (it would put a password in the ticket's place), no other roots.
    Each message has a connection of its own and is sent once; redirects are not followed.

    Args:
        link: names the server and the database.
        clock: measures how long an answer takes.
        roots: a PEM file with the TLS roots to trust; None for those of :mod:`requests`.
        limits: how long to wait.
    """

    def __init__(self, link: Link, clock: Clock, roots: Path | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self._link = link
        self._clock = clock
        self._roots = roots
        self._limits = limits

    def change_code(self) -> dict[str, object]:
        """Change the link's code for the job. The code serves once.

        Returns:
            The answer; only that it is of this version was checked.

        Raises:
            ServerUnreachable: nothing was sent; the code is good still.
            ServerRefused: the server said no.
            AnswerLost, AnswerRefused: there is no answer that can be used.
        """
        message = {"code": self._link.code, "client": _CLIENT}
        return self._post("job", message, None, self._limits)

    def send_signature(self, ticket: Secret, number: int, signature: bytes) -> dict[str, object]:
        """Send the signature of a round.

        Args:
            ticket: of the job.
            number: of the round.
            signature: detached CMS, DER.

        Returns:
            The answer; only that it is of this version was checked.

        Raises:
            ServerUnreachable: nothing was sent; it may be sent again.
            ServerRefused: the server said no.
            AnswerLost, AnswerRefused: there is no answer that can be used. The server may have acted.
        """
        message = {"round": number, "signature": base64.b64encode(signature).decode("ascii")}
        return self._post("signature", message, ticket, self._limits)

    def decline(self, ticket: Secret, reason: str) -> None:
        """Tell the server that nothing will be signed.

        Args:
            ticket: of the job.
            reason: one of the protocol's words.

        Raises:
            SignerError: the server does not know; the job ends by itself.
        """
        self._post("declined", {"reason": reason}, ticket, _DECLINE_LIMITS)

    def _post(
        self, name: str, message: Mapping[str, object], ticket: Secret | None, limits: Limits
    ) -> dict[str, object]:
        body = _Body(json.dumps({"v": VERSION, **message}, default=Secret.reveal).encode("utf-8"))
        answer: tuple[int, bytes] | None = None
        failure: SignerError
        # Raised outside: the exceptions of requests hold the whole request, secrets included.
        try:
            answer = self._exchange(name, body, ticket, limits)
        except SignerError as error:
            failure = error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            failure = self._failure(error, sent=body.taken)
        if answer is None:
            failure.__context__ = None
            raise failure.with_traceback(None)
        return self._read(*answer)

    def _exchange(self, name: str, body: _Body, ticket: Secret | None, limits: Limits) -> tuple[int, bytes]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            # A packed answer could unfold to any size.
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": _CLIENT,
        }
        if ticket is not None:
            headers["Authorization"] = f"Bearer {ticket.reveal()}"
        with requests.Session() as session:
            session.trust_env = False
            with session.post(
                f"{self._link.server}/{self._link.database}/mbank/signing/{name}",
                data=body,
                headers=headers,
                timeout=(limits.connect, limits.read),
                verify=str(self._roots) if self._roots else True,
                allow_redirects=False,
                stream=True,
            ) as response:
                if 300 <= response.status_code < 400:
                    raise AnswerRefused("redirect")
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise AnswerRefused("answer_wrong", where="Content-Encoding")
                return response.status_code, self._content(response, limits)

    def _content(self, response: requests.Response, limits: Limits) -> bytes:
        started = self._clock.monotonic()
        content = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > LONGEST:
                raise AnswerRefused("answer_long")
            if self._clock.monotonic() - started > limits.whole:
                raise AnswerLost("answer_lost")
        length = response.headers.get("Content-Length")
        if length is not None and length.isdigit() and int(length) != len(content):
            raise AnswerLost("answer_lost")
        return bytes(content)

    def _failure(self, error: Exception, *, sent: bool) -> SignerError:
        root = root_cause(error)
        server = self._link.server.shown
        if isinstance(root, ssl.SSLCertVerificationError):
            return ServerUnreachable("server_untrusted", server=server, why=root.verify_message)
        if not sent:
            return ServerUnreachable("server_unreachable", server=server, why=type(root).__name__)
        return AnswerLost("answer_lost")

    def _read(self, status: int, content: bytes) -> dict[str, object]:
        answer: object = None
        readable = True
        try:
            answer = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError):
            readable = False
        if not readable or not isinstance(answer, dict):
            raise AnswerRefused("not_json") if status == requests.codes.ok else _without_words(status)
        if type(answer.get("v")) is not int or answer["v"] != VERSION:
            raise AnswerRefused("answer_version")
        if status != requests.codes.ok:
            raise _refusal(answer, status)
        return answer


def _refusal(answer: Mapping[str, object], status: int) -> SignerError:
    """The no of a server, in its own words."""
    try:
        polish, english = read_sentences(answer)
    except AnswerRefused:
        return _without_words(status)
    words = sentence("in_both", pl=polish, en=english)
    return ServerRefused("server_says", goes_on=status == requests.codes.bad_request, words=words)


def _without_words(status: int) -> AnswerRefused:
    """A no outside the protocol; who said it, and whether the server acted, cannot be told."""
    return AnswerRefused("server_status", status=status)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are there once each: two readers of one that repeats them could see two things."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name is there twice")
    return values


def _no_number(_text: str) -> NoReturn:
    raise ValueError("this is no number in JSON")

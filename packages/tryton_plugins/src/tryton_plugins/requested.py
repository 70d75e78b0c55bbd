"""Installations asked for in the ERP: files the ERP writes and the supervisor carries out.

`requests/<id>.json` is the wish, `requests/<id>.state.json` what became of it. The ERP's transaction may
be run again or rolled back, so the wish is written with the commit (see the module `plugins`).
"""

import contextlib
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tryton_plugins.errors import ConfigurationError, RequestUnknown
from tryton_plugins.files import read_json, write_json

_ID = re.compile(r"[0-9a-f]{32}")

REQUESTED = "requested"
RUNNING = "running"
DONE = "done"
FAILED = "failed"


@dataclass(frozen=True)
class Request:
    """The wish."""

    id: str
    """32 hexadecimal digits, chosen by whoever asks."""
    archive: str
    """File name in the store's `archives/`."""
    database: str
    requested_by: str
    """For the log."""
    requested_at: str
    """ISO time with zone."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or Path(self.archive).name != self.archive:
            raise ValueError("A request needs a 32 digit id and the plain name of an archive.")


@dataclass(frozen=True)
class RequestState:
    """What became of a wish."""

    state: str = REQUESTED
    """requested, running, done or failed."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """`{code, text, seconds}` of each finished step."""
    error: dict[str, Any] | None = None
    """`{code, parameters, text}` of the refusal."""


class Requests:
    """The folder `requests` of a store."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "requests"

    def add(self, request: Request) -> None:
        """Ask for an installation; asking twice with one id is asking once."""
        write_json(self._folder / f"{request.id}.json", asdict(request))

    def get(self, request_id: str) -> Request:
        """The wish of an id. Raises: RequestUnknown."""
        try:
            # The id is checked by Request; a path cannot be read that way.
            return Request(**read_json(self._folder / f"{Path(request_id).name}.json"))
        except (TypeError, ValueError) as error:
            raise RequestUnknown(request=request_id) from error

    def waiting(self) -> list[Request]:
        """Wishes nobody has begun, oldest first; a file that is none is passed over, for the others' sake."""
        found = []
        for name in [path.stem for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem)]:
            with contextlib.suppress(RequestUnknown):
                request = self.get(name)
                if self.state(name).state == REQUESTED:
                    found.append(request)
        return sorted(found, key=lambda request: request.requested_at)

    def state(self, request_id: str) -> RequestState:
        """What became of a wish; `requested` if nothing yet, `failed` if its file is none of ours."""
        path = self._folder / f"{request_id}.state.json"
        try:
            return RequestState(**read_json(path))
        except TypeError:
            error = ConfigurationError(reason=f"{path.name} in the store is not the state of an installation.")
            return RequestState(
                FAILED, error={"code": error.code, "parameters": error.parameters, "text": str(error)}
            )

    def running(self) -> list[str]:
        """Ids of wishes that were begun and not ended: after a crash of the supervisor nobody works on them."""
        names = [path.name.split(".")[0] for path in self._folder.glob("*.state.json")]
        return [name for name in names if self.state(name).state == RUNNING]

    def set_state(self, request_id: str, state: RequestState) -> None:
        """Write what became of a wish."""
        write_json(self._folder / f"{request_id}.state.json", asdict(state))

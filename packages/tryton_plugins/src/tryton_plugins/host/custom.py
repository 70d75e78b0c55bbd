"""`/custom.js` and `/custom.css`: the one slot the web client has for additions, shared by all.

Our own part comes first, then `static/custom.js` and `static/custom.css` of each Tryton module that has
them, then a file of that name in the web root, if an administrator put one there.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

_OWN = Path(__file__).parent / "static"
_KINDS = {
    "/custom.js": ("custom.js", "service.js", "text/javascript; charset=utf-8"),
    "/custom.css": ("custom.css", "service.css", "text/css; charset=utf-8"),
}


class CustomFile:
    """One joined file, kept in memory: code changes come with new processes."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self._content = content
        self._type = content_type
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    def respond(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a GET or HEAD; an unchanged file is not sent again."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            return []
        headers = [("ETag", self._tag), ("Cache-Control", "no-cache")]
        if environ.get("HTTP_IF_NONE_MATCH") == self._tag:
            start_response("304 Not Modified", headers)
            return []
        headers += [("Content-Type", self._type), ("Content-Length", str(len(self._content)))]
        start_response("200 OK", headers)
        return [self._content] if environ["REQUEST_METHOD"] == "GET" else []


class CustomFiles:
    """The joined files of one process."""

    def __init__(self, modules: Sequence[tuple[str, Path]], web_root: Path | None) -> None:
        """*modules* are names and folders, in the order their scripts are to run."""
        self._files: dict[str, CustomFile] = {}
        for path, (name, own, content_type) in _KINDS.items():
            sources = [("tryton_plugins", _OWN / own)]
            sources += [(module, folder / "static" / name) for module, folder in modules]
            if web_root is not None:
                sources.append(("web root", web_root / name))
            joined = b"\n".join(
                f"/* {origin} */\n".encode() + source.read_bytes() for origin, source in sources if source.is_file()
            )
            self._files[path] = CustomFile(joined + b"\n", content_type)

    def get(self, path: str) -> CustomFile | None:
        """The file of a request's path, None for all other paths."""
        return self._files.get(path)


def module_folders() -> list[tuple[str, Path]]:
    """The modules Tryton has registered in this process, in dependency order."""
    from trytond.modules import MODULES  # noqa: PLC0415 - filled by Pool.start
    from trytond.tools import import_module  # noqa: PLC0415

    folders = []
    for name in MODULES:
        if name not in ("ir", "res", "tests"):
            file = import_module(name).__file__
            folders.append((name, Path(file).parent))
    return folders

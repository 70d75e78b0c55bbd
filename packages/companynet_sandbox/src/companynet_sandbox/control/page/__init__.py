"""The control plane's page: three files, served as they are. All they show and do goes through the JSON routes."""

from importlib.resources import files
from typing import Final

#: Path to file and content type.
FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}


def read(path: str) -> tuple[bytes, str]:
    """Bytes and content type of one of :data:`FILES`."""
    name, content_type = FILES[path]
    return files(__package__).joinpath(name).read_bytes(), content_type

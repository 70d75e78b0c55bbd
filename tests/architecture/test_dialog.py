"""The dialog that makes a session is two parts, joined by what the docstring of the part for signing says, and no more.

What it says is held to the code in both directions: nothing is used that is not stated, nothing stated that is not used.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[2] / "modules" / "mbank" / "dialog"
DIALOG = "session_create.py"
PART = "session_signing.py"
STATED = re.compile(r"^\s*\* ``(\w+)\(", re.MULTILINE)


def only_class(path: Path) -> ast.ClassDef:
    [found] = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    return found


def names_in(part: ast.ClassDef) -> set[str]:
    """What the class itself defines: methods and states."""
    targets = [target for node in part.body if isinstance(node, ast.Assign) for target in node.targets]
    return {node.name for node in part.body if isinstance(node, ast.FunctionDef)} | {ast.unparse(t) for t in targets}


def used_by(part: ast.AST) -> set[str]:
    """The attributes of self and super() that are used."""
    return {
        node.attr
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "super()", "cls"}
    }


def gives_itself_away(part: ast.ClassDef) -> bool:
    """Whether self is handed to something else, which could use any of it."""
    attributes = [node.value for node in ast.walk(part) if isinstance(node, ast.Attribute)]
    selves = [node for node in ast.walk(part) if isinstance(node, ast.Name) and node.id == "self"]
    return any(node not in attributes for node in selves)


def faults(room: Path) -> Iterator[str]:
    """What joins the two parts without being stated, or is stated and joins nothing."""
    dialog, part = only_class(room / DIALOG), only_class(room / PART)
    offers, asks = (set(STATED.findall(text)) for text in (ast.get_docstring(part) or "").split("It asks of"))
    yield from (f"{PART} uses {name} unstated" for name in used_by(part) - names_in(part) - asks)
    yield from (f"{PART} does not use {name}" for name in asks - used_by(part))
    yield from (f"{PART} does not have {name}" for name in offers - names_in(part))
    yield from (f"{DIALOG} uses {name} unstated" for name in used_by(dialog) & names_in(part) - offers)
    yield from (f"{DIALOG} does not use {name}" for name in offers - used_by(dialog))
    yield from (f"{DIALOG} redefines {name}" for name in names_in(dialog) & names_in(part))
    for asked in (node for node in dialog.body if isinstance(node, ast.FunctionDef) and node.name in asks):
        yield from (f"{asked.name} goes back to {name}" for name in used_by(asked) & names_in(part))
    if [ast.unparse(base) for base in dialog.bases] != ["SigningMixin", "EntitledMixin", "ForgetfulMixin", "Wizard"]:
        yield f"{DIALOG} has other parts"
    yield from (f"{name} gives itself away" for name in (DIALOG, PART) if gives_itself_away(only_class(room / name)))
    for path in sorted(room.glob("*.py")):
        imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        if any(node.module == "trytond.wizard" for node in imports) != (path.name in {DIALOG, PART}):
            yield f"{path.name} knows wizards"
        if any(node.level == 1 and node.module == "session_signing" for node in imports) != (path.name == DIALOG):
            yield f"{path.name} knows the part"
        if path.name == PART and any(node.level == 1 for node in imports):
            yield f"{PART} knows files of the dialog"


def test_the_parts_of_the_dialog_are_joined_by_what_is_stated() -> None:
    assert list(faults(ROOM)) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (PART, "return self._show_result(", "return self._choice(", "session_signing.py uses _choice unstated"),
        (PART, "self._forget()\n", "pass\n", "session_signing.py does not use _forget"),
        (PART, "    def _open_job(", "    def _opened(", "session_signing.py does not have _open_job"),
        (PART, "job = self._job()", "job = self._place", "session_signing.py uses _place unstated"),
        (PART, "_make_job(choice", "_make_job(self, choice", "session_signing.py gives itself away"),
        (
            PART,
            "from ..rights",
            "from .session_choice import read_choice\nfrom ..rights",
            "knows files of the dialog",
        ),
        (DIALOG, "return self._show_result(done)", "return self._job()", "session_create.py uses _job unstated"),
        (DIALOG, "self._show_result(done)", "self.waiting", "session_create.py uses waiting unstated"),
        (DIALOG, "self._start_signing(", "self._choice(", "session_create.py does not use _start_signing"),
        (DIALOG, "self.result.session_id = s", "self._hold(s); s = s", "_show_result goes back to _hold"),
        (DIALOG, "def _choice(", "def _job(", "session_create.py redefines _job"),
        (DIALOG, "(SigningMixin,", "(SigningMixin, ChoiceMixin,", "session_create.py has other parts"),
        (DIALOG, "review_values(self._choice()", "review_values(self", "session_create.py gives itself away"),
        ("session_review.py", "from .. import", "from trytond.wizard import Wizard\nfrom .. import", "knows wizards"),
        ("session_again.py", "from ..rights", "from .session_signing import LINK\nfrom ..rights", "knows the part"),
    ],
)
def test_a_planted_join_is_found(tmp_path: Path, file: str, before: str, after: str, said: str) -> None:
    """The test above can fail, for each way in which the parts could grow together again."""
    room = tmp_path / "dialog"
    shutil.copytree(ROOM, room, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    text = (room / file).read_text()
    assert before in text
    (room / file).write_text(text.replace(before, after, 1))
    assert any(said in fault for fault in faults(room))

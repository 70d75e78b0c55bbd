"""No pattern of the product hangs on a text somebody else wrote: its work grows with the text, not with its square.

The patterns are found in the sources, so a new one is timed as soon as it is there. Each is given texts made from
itself: what it wants up to one of its runs, then one piece over and over, then something it does not want. The texts
are doubled until the pattern takes noticeable time; a pattern that takes more than three times as long for twice the
text is told with the text that did it.
"""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# The standard library has no other way to look into a pattern.
from re import _constants as sre  # type: ignore[attr-defined]  # isort: skip
from re import _parser  # type: ignore[attr-defined]  # isort: skip

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for part in ("packages/*/src", "modules")
    for folder in ROOT.glob(part)
    for path in folder.rglob("*.py")
    if "tests" not in path.parts and "build" not in path.parts
)

#: Characters that payers, banks and people write, beside those the pattern itself names.
PIECES = ("1", "A", "a", " ", "/", "-", ";", ":", ".", ",", "ą", "\n", "\r", "<", "=", "A1", "1/", "; ", "A: ")
#: What hardly any pattern wants.
STOP = "\x00"
#: Characters of the texts tried, from few on: the work of the worst patterns doubles with each.
SIZES = (16, 20, 24, 32, 64, 256, 1024, 4096)
#: Seconds of the processor from which growth can be told.
NOTICEABLE = 0.003
#: Twice the text may take three times as long; a square takes four.
GROWTH = 3.0

_WALK = {"search", "sub", "subn", "finditer", "findall", "split"}
_AT_START = {"match", "fullmatch"}


@dataclass(frozen=True)
class Pattern:
    """A pattern of a source, and how it is used."""

    place: str
    text: str | bytes
    flags: int
    method: str

    def run(self, text: str) -> None:
        """Use it on a text as the product does."""
        given: Any = text if isinstance(self.text, str) else text.encode()
        compiled: re.Pattern[Any] = re.compile(self.text, self.flags)
        if self.method in _AT_START:
            getattr(compiled, self.method)(given)
        else:
            for _ in compiled.finditer(given):
                pass


def _literal(node: ast.expr, names: dict[str, Any]) -> Any:  # noqa: PLR0911 -- one a kind of node
    """A text that is written out, also with the names of its file in it; else None. Of two texts both are tried."""
    match node:
        case ast.Constant(value=str() | bytes() as value):
            return value
        case ast.Name(id=name):
            return names.get(name)
        case ast.IfExp(body=one, orelse=other):
            return _together([one, other], names, "|")
        case ast.Call(func=ast.Attribute(attr="escape")) | ast.Subscript():
            # What it stands for is met letter by letter.
            return "x1"
        case ast.Call(func=ast.Attribute(attr="join", value=between), args=[ast.Name()]):
            return _together([between, ast.Constant("1")] * 9, names)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _together([left, right], names)
        case ast.JoinedStr(values=values):
            return _together([v.value if isinstance(v, ast.FormattedValue) else v for v in values], names)
    return None


def _together(nodes: list[ast.expr], names: dict[str, Any], between: str = "") -> Any:
    parts = [_literal(node, names) for node in nodes]
    if all(isinstance(part, bytes) for part in parts):
        return between.encode().join(parts)
    return between.join(parts) if all(isinstance(part, str) for part in parts) else None


def _made(path: Path, name: str) -> Any:
    """The text of the pattern that a file makes under a name when it is imported, or None."""
    parts = path.relative_to(ROOT).parts
    dotted = parts[parts.index("src") + 1 :] if "src" in parts else ("trytond", *parts)
    module = importlib.import_module(".".join(dotted).removesuffix(".py"))
    return getattr(getattr(module, name, None), "pattern", None)


def _flags(call: ast.Call, position: int) -> int:
    found = call.args[position] if len(call.args) > position else None
    for keyword in call.keywords:
        if keyword.arg == "flags":
            found = keyword.value
    names = [node.attr for node in ast.walk(found) if isinstance(node, ast.Attribute)] if found else []
    return sum(int(getattr(re, name)) for name in names if hasattr(re, name))


@dataclass(frozen=True)
class _Names:
    """What the names of a file stand for."""

    texts: dict[str, Any]
    """Those of texts."""
    uses: dict[str, set[str]]
    """What is called on each name: ``X.search(…)``."""
    owners: dict[int, str]
    """The name that a call's result is given, by the call's ``id``."""


def _names_of(tree: ast.Module) -> _Names:
    names = _Names({}, {}, {})
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # Constants of another file of ours
            for alias in node.names:
                if alias.name.isupper():
                    names.texts[alias.name] = getattr(importlib.import_module(node.module), alias.name, None)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.uses.setdefault(node.value.id, set()).add(node.attr)
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                names.texts[target.id] = _literal(node.value, names.texts)
                names.owners.update({id(call): target.id for call in ast.walk(node.value)})
    return names


def patterns_of(path: Path) -> Iterator[Pattern]:
    """The patterns of a file: those it compiles, and those it gives to a function of ``re`` at once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = _names_of(tree)
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[given, *_]):
                if method in _WALK | _AT_START | {"compile"}:
                    yield _pattern(path, call, method, given, names)


def _pattern(path: Path, call: ast.Call, method: str, given: ast.expr, names: _Names) -> Pattern:
    place = f"{path.relative_to(ROOT)}:{call.lineno}"
    owner = names.owners.get(id(call))
    text = _literal(given, names.texts)
    if text is None and owner:
        text = _made(path, owner)
    if text is None:
        return Pattern(place, "", 0, "unreadable")
    flags = _flags(call, {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(method, 2))
    if method == "compile":
        uses = names.uses.get(owner or "", set()) & (_WALK | _AT_START)
        # A pattern that is used elsewhere, or by way of a list, may be searched for.
        method = uses.pop() if len(uses) == 1 and uses <= _AT_START else "search"
    return Pattern(place, text, flags, method)


def _sample(nodes: Any) -> str:
    """A shortest text that a piece of a pattern wants, near enough."""
    text = ""
    for kind, value in nodes:
        if kind is sre.LITERAL:
            text += chr(value)
        elif kind is sre.IN:
            text += _one_of(value)
        elif kind in (sre.ANY, sre.NOT_LITERAL):
            text += "x"
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            text += _sample(value[2]) * max(value[0], 1)
        elif kind is sre.SUBPATTERN:
            text += _sample(value[-1])
        elif kind is sre.BRANCH:
            text += _sample(value[1][0])
        elif kind is sre.ATOMIC_GROUP:
            text += _sample(value)
    return text


def _one_of(choices: Any) -> str:
    categories = {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_WORD: "a", sre.CATEGORY_SPACE: " "}
    for kind, value in choices:
        if kind is sre.NEGATE:
            return "x"
        if kind is sre.LITERAL:
            return chr(value)
        if kind is sre.RANGE:
            return chr(value[0])
        if kind is sre.CATEGORY:
            return categories.get(value, "x")
    return "x"


def _runs(nodes: Any, before: str) -> Iterator[tuple[str, str]]:
    """Each run of a pattern: what comes before it, and one piece of it."""
    for kind, value in nodes:
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            if value[1] is sre.MAXREPEAT or value[1] > 64:
                yield before, _sample(value[2])
            yield from _runs(value[2], before)
        elif kind is sre.SUBPATTERN:
            yield from _runs(value[-1], before)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from _runs(branch, before)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _runs(value[1], before)
        before += _sample([(kind, value)])


def hostile_texts(pattern: Pattern) -> Iterator[Callable[[int], str]]:
    """Texts of about a number of characters that a pattern may be slow at."""
    text = pattern.text if isinstance(pattern.text, str) else pattern.text.decode("latin-1")
    parsed = _parser.parse(text, pattern.flags)
    runs = [("", ""), *_runs(parsed, "")]
    whole = _sample(parsed)
    # A run with its own piece, and each beginning with what is written everywhere.
    tried = {("", whole), *runs, *((head, piece) for head, _ in runs for piece in PIECES)}
    for head, piece in sorted(tried):
        if piece:
            yield lambda size, head=head, piece=piece: (  # type: ignore[misc]
                head + piece * (size // len(piece)) + STOP
            )


def _seconds(pattern: Pattern, text: str) -> float:
    begun = time.process_time()
    pattern.run(text)
    return time.process_time() - begun


def slow_text(pattern: Pattern) -> str | None:
    """The beginning of a text at which the pattern's work grows faster than the text; None if there is none."""
    for text in hostile_texts(pattern):
        for size in SIZES:
            if _seconds(pattern, text(size)) <= NOTICEABLE:
                continue
            # The shortest of some tries: another process may have been in the way.
            least = [min(_seconds(pattern, text(part)) for _ in range(5)) for part in (size // 4, size // 2, size)]
            if least[2] <= NOTICEABLE:
                continue
            if least[2] > GROWTH * least[1] and least[1] > GROWTH * least[0]:
                return f"{size} characters like {text(48)!r} take {least[2] * 1000:.0f} ms"
            break
    return None


def all_patterns() -> list[Pattern]:
    """Of the whole product."""
    return [pattern for path in SOURCES for pattern in patterns_of(path)]


@pytest.mark.parametrize("pattern", all_patterns(), ids=lambda pattern: pattern.place)
def test_work_of_a_pattern_grows_with_the_text_and_not_with_its_square(pattern: Pattern) -> None:
    assert pattern.method != "unreadable", "write the pattern out, or as a name of its file, so that it can be timed"
    slow = slow_text(pattern)
    assert slow is None, slow


@pytest.mark.parametrize(
    ("text", "method", "slow"),
    [
        (r"(a+)+b", "match", True),
        (r"\s+$", "search", True),
        (r"\d+/\d+", "search", True),
        (r"(?<!\d)\d{1,20}/\d{1,20}", "search", False),
        (r"\d+", "fullmatch", False),
        (r"[A-Z. ]+: ", "search", True),
        (r"; ([A-Z. ]+): ", "search", False),
    ],
)
def test_patterns_that_grow_and_those_that_do_not_are_told_apart(text: str, method: str, slow: bool) -> None:
    assert (slow_text(Pattern("here", text, 0, method)) is not None) is slow


def test_patterns_are_found_however_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    file = tmp_path / "sample.py"
    file.write_text(
        "import re\nPART = 'x+'\nA = re.compile(PART + '$', re.IGNORECASE)\nB = re.compile(f'{PART}y')\n"
        "def f(t):\n    B.fullmatch(t)\n    re.compile(t())\n    return re.sub('z+', '', t)\n"
    )
    assert {(pattern.text, pattern.method) for pattern in patterns_of(file)} == {
        ("x+$", "search"),
        ("x+y", "fullmatch"),
        ("", "unreadable"),
        ("z+", "sub"),
    }

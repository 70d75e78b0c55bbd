"""Tryton couples by names in its pool, which an import linter cannot see: these tests can."""

import ast
import configparser
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import pytest

MODULES = Path(__file__).resolve().parents[2] / "modules"
OURS = ("plugins", "automatic_settlement", "mbank")
PREFIXES = {"plugins": "plugins.", "automatic_settlement": "automatic_settlement.", "mbank": "mbank."}
NAME = re.compile(r"__name__ = ['\"]([a-z_.0-9-]+)['\"]")
MESSAGE = re.compile(r"['\"](plugins|automatic_settlement|mbank)\.(msg_[a-z0-9_]+)['\"]")


def sources(module: str) -> list[Path]:
    return sorted(path for path in (MODULES / module).rglob("*.py") if "tests" not in path.parts)


def tryton_cfg(module: str, room: str = "") -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(MODULES / module / room / "tryton.cfg")
    return parser


def rooms(module: str) -> list[str]:
    """The folders with a tryton.cfg of their own, the module's own first, as ""."""
    return ["", *tryton_cfg(module)["tryton"].get("include_dirs", "").split()]


@pytest.mark.parametrize("module", OURS)
def test_new_models_carry_the_prefix_of_their_module(module: str) -> None:
    """A pool name is ours, or it belongs to a module we extend."""
    depends = set(tryton_cfg(module)["tryton"]["depends"].split()) | {"account_payment", "account_statement"}
    for path in sources(module):
        text = path.read_text()
        for name in NAME.findall(text):
            if name.startswith(PREFIXES[module]):
                continue
            extended = "PoolMeta" in text
            assert extended, f"{path.name}: {name} has not the prefix {PREFIXES[module]}"
            first = name.split(".")[0]
            assert any(depend.split("_")[0] == first for depend in depends | {"ir", "res"}), (
                f"{path.name}: {name} belongs to a module that tryton.cfg does not name"
            )


@pytest.mark.parametrize("module", OURS)
def test_pool_names_of_our_other_modules_are_declared(module: str) -> None:
    """Who uses a name of another of our modules names that module in tryton.cfg."""
    depends = set(tryton_cfg(module)["tryton"]["depends"].split())
    for path in sources(module):
        for other in OURS:
            if other == module or other in depends:
                continue
            assert not re.search(rf"['\"]{other}\.[a-z]", path.read_text()), f"{path.name} uses names of {other}"


@pytest.mark.parametrize("module", OURS)
def test_each_message_exists_and_is_used(module: str) -> None:
    """A sentence without a use is dead; a use without a sentence shows its id to the user."""
    used = set()
    for path in [p for m in OURS for p in sources(m)]:
        used |= {identifier for name, identifier in MESSAGE.findall(path.read_text()) if name == module}
    # The gateway puts the module's name before an id it took from its table.
    for path in sources(module):
        used |= set(re.findall(r"['\"](msg_[a-z0-9_]+)['\"]", path.read_text()))
    there = [
        record.get("id")
        for room in rooms(module)
        if (path := MODULES / module / room / "message.xml").exists()
        for record in ET.parse(path).iter("record")  # noqa: S314 - our own file
        if record.get("model") == "ir.message"
    ]
    assert sorted(used) == sorted(there)


def unused_exceptions(exceptions: str, others: Iterable[str]) -> set[str]:
    """The classes of an exceptions.py that neither the other sources name nor another class of it comes of."""
    classes = [node for node in ast.parse(exceptions).body if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base) for node in classes for base in node.bases}
    named = {word for text in others for word in re.findall(r"\w+", text)}
    return {node.name for node in classes} - bases - named


@pytest.mark.parametrize("module", OURS)
def test_each_exception_is_used(module: str) -> None:
    """A class that nothing raises is dead; its sentence went with whoever raised it."""
    own = MODULES / module / "exceptions.py"
    others = [path.read_text() for path in sources(module) if path != own]
    assert unused_exceptions(own.read_text(), others) == set()


def test_an_unused_exception_is_found() -> None:
    exceptions = "class A(Exception): pass\nclass B(A): pass\nclass C(A): pass"
    assert unused_exceptions(exceptions, ["raise B()", "raise CC()"]) == {"C"}


@pytest.mark.parametrize("module", OURS)
def test_every_registered_class_exists(module: str) -> None:
    """tryton.cfg names classes that their files define, and every pool class is registered."""
    registered = []
    for room in rooms(module):
        parser = tryton_cfg(module, room)
        for section in parser.sections():
            if section.startswith("register"):
                for kind in ("model", "wizard", "report"):
                    names = parser.get(section, kind, fallback="").split()
                    registered += [".".join(filter(None, [room, name])) for name in names]
    defined = []
    for path in sources(module):
        place = ".".join(path.relative_to(MODULES / module).with_suffix("").parts)
        for name, body in re.findall(r"^class (\w+)\(.*?\):\n(.*?)(?=^class |\Z)", path.read_text(), re.M | re.S):
            if NAME.search(body):
                defined.append(f"{place}.{name}")
    assert sorted(registered) == sorted(defined)


@pytest.mark.parametrize("module", OURS)
def test_every_data_file_is_loaded(module: str) -> None:
    """XML that no tryton.cfg names does nothing, without a word."""
    for room in rooms(module):
        named = tryton_cfg(module, room)["tryton"].get("xml", "").split()
        assert sorted(named) == sorted(path.name for path in (MODULES / module / room).glob("*.xml"))


@pytest.mark.parametrize("module", OURS)
def test_every_folder_is_in_the_wheel(module: str) -> None:
    """A room that pyproject.toml forgets is missing where the plugin is installed, and only there."""
    project = tomllib.loads((MODULES / module / "pyproject.toml").read_text())
    packed = project["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(MODULES / module) for path in (MODULES / module).rglob("__init__.py")}
    assert sorted(packed) == sorted(".".join(("trytond", "modules", module, *folder.parts)) for folder in folders)


def test_expressions_are_not_written_into_views() -> None:
    """The web client reads them as JSON, and shows no row otherwise: they belong into ``view_attributes``."""
    wrong = [
        str(path.relative_to(MODULES))
        for path in sorted(MODULES.glob("*/view/**/*.xml"))
        if re.search(r"=\s*['\"](If|Eval|Bool|Not)\(", path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize("module", OURS)
def test_every_text_has_its_polish(module: str) -> None:
    """No message of the module is without a Polish text."""
    catalogue = (MODULES / module / "locale" / "pl.po").read_text()
    blocks = catalogue.split("\n\n")
    missing = [
        block
        for block in blocks
        if re.search(r'^msgid "[^"]', block, re.M) and re.search(r'^msgstr ""\s*\Z', block, re.M)
    ]
    assert not missing

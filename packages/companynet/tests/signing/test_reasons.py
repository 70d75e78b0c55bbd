"""Every error of a signature has a code with its parameters, so that a caller can say it in another language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import companynet.signing
from companynet import errors
from companynet.errors import CertificateUnusable, SigningError, UnusableReason
from companynet.signing_reasons import ReasonCode

SIGNING = Path(companynet.signing.__file__).parent
TREE = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, SigningError)}
#: What companynet.signing raises beside: of files that are no signatures, of the profile, and of its callers' faults.
OTHERS = {"FormatError", "ProfileError", "ValueError", "AssertionError"}
SOURCES = sorted(SIGNING.glob("*.py"))


def makers() -> set[str]:
    """The functions of companynet.signing that return such an error and nothing else; they are looked into too."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                kinds = {part.id for part in ast.walk(node.returns) if isinstance(part, ast.Name)}
                if kinds and kinds <= TREE:
                    found.add(node.name)
    return found


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def code_of(value: ast.expr | None) -> ReasonCode | None:
    """The member that is written there; None for a variable."""
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == "ReasonCode":
        return ReasonCode[value.attr]
    return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_raise_has_a_code(path: Path) -> None:
    """What is raised is made there with a code, is of another tree, or was made with a code elsewhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or named(node.exc) in OTHERS:
            continue
        if named(node.exc) in TREE:
            assert {"reason_code", "reason"} & {word.arg for word in node.exc.keywords}, ast.unparse(node)
        else:
            assert named(node.exc) in makers() or isinstance(node.exc.func, ast.Attribute), ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_code_that_is_written_out_has_just_its_parameters(path: Path) -> None:
    for call in calls(path):
        given = {word.arg: word.value for word in call.keywords if word.arg}
        code = code_of(given.pop("reason_code", None))
        if code is None and len(call.args) == 2:
            code = code_of(call.args[1])
        if code is not None:
            wanted = set(code.parameters) - ({"tries_left"} if code is ReasonCode.PASSWORD_WRONG else set())
            assert set(given) == wanted, ast.unparse(call)


def test_no_code_is_unused_and_none_doubled() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    by_reason = {ReasonCode(f"certificate_{reason.value}") for reason in UnusableReason}
    # Of the person who says no in the signer's window; nobody else can.
    elsewhere = {ReasonCode.DECLINED}
    unused = {code for code in ReasonCode if f"ReasonCode.{code.name}" not in text} - by_reason - elsewhere
    assert unused == set()
    assert len({code.value for code in ReasonCode}) == len(ReasonCode.__members__)


@pytest.mark.parametrize("reason", UnusableReason)
def test_a_certificate_that_cannot_be_used_has_the_code_of_its_reason(reason: UnusableReason) -> None:
    code = ReasonCode(f"certificate_{reason.value}")
    error = CertificateUnusable("words", reason=reason, **dict.fromkeys(code.parameters))
    assert error.reason_code is code
    assert str(error) == "words"

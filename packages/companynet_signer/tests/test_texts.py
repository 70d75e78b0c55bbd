"""The table of texts: both languages whole, nothing missing, nothing unused."""

import re
import string
from pathlib import Path

import pytest

import companynet_signer
from companynet.domain.kind import ERP_OPERATIONS, Kind
from companynet.errors import UnusableReason
from companynet.profile import PRESET_ENDPOINTS
from companynet.signing_reasons import ReasonCode
from companynet_signer.language import say, sentence, system_language
from companynet_signer.texts import TEXTS

SOURCES = [
    path.read_text(encoding="utf-8")
    for path in Path(companynet_signer.__file__).parent.glob("*.py")
    if path.name != "__init__.py"
]
#: Keys made of a part and a value.
MADE = (
    {f"operation_{name}" for name in ERP_OPERATIONS}
    | {f"{form}_{kind.value}" for form in ("kind", "part") for kind in Kind}
    | {f"endpoint_{name}" for name in PRESET_ENDPOINTS}
    | {f"column_{name}" for name in ("name", "valid", "issuer", "place")}
)


def places(text: str) -> set[str]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_values(key) -> None:
    polish, english = TEXTS[key]
    assert polish
    assert english
    if key != "in_both":
        assert places(polish) == places(english)


def test_no_text_is_unused() -> None:
    quoted = {text for source in SOURCES for text in re.findall(r"[\"']([A-Za-z0-9_]+)[\"']", source)}
    unusable = {f"unusable_{reason.value}" for reason in UnusableReason}
    reasons = {f"reason_{code.value}" for code in ReasonCode}
    assert sorted(TEXTS.keys() - quoted - MADE - unusable - reasons) == []


def test_what_is_made_of_a_value_has_its_text() -> None:
    by_certificate = {"not_yet_valid", "expired", "usage", "key_kind"}
    assert MADE | {f"unusable_{name}" for name in by_certificate} <= TEXTS.keys()


@pytest.mark.parametrize("code", [code for code in ReasonCode if f"reason_{code.value}" in TEXTS])
def test_a_reason_is_said_with_its_own_parameters(code) -> None:
    assert all(places(text) <= set(code.parameters) for text in TEXTS[f"reason_{code.value}"])


def test_every_text_that_is_said_is_there() -> None:
    calls = r"(?:say|sentence|SignerError|LinkRefused|SettingsError|SchemeError|NoKey|ManyKeys|ServerUnreachable)"
    more = r"(?:AnswerLost|AnswerRefused|ServerRefused|JobChanged|_button|row|label)"
    said = {key for source in SOURCES for key in re.findall(rf'\b(?:{calls}|{more})\(\s*"([a-z0-9_]+)"', source)}
    assert len(said) > 60
    assert said <= TEXTS.keys()


def test_a_sentence_inside_a_sentence_is_said_in_the_same_language() -> None:
    inner = sentence("qualified_no")
    assert say(sentence("no_because", why=inner), "pl") == "nie: nie"
    assert say(sentence("no_because", why=inner), "en") == "no: no"


def test_braces_in_a_value_are_only_text() -> None:
    assert say(sentence("plain", text="{text.__class__}"), "pl") == "{text.__class__}"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "pl_PL.UTF-8"}, "pl"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "pl_PL.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "pl:en"}, "pl"),
        ({"LANG": "C", "LC_MESSAGES": "pl_PL"}, "pl"),
    ],
)
def test_the_language_is_the_systems(environment, language) -> None:
    assert system_language(environment) == language

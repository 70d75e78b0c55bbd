"""Sentences in the person's language: a key and its values, said in Polish or English at the last moment."""

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from companynet_signer.texts import TEXTS

POLISH: Final = "pl"
ENGLISH: Final = "en"
LANGUAGES: Final = (POLISH, ENGLISH)

#: What names the language of messages, the strongest first.  # S-270
_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True)
class Sentence:
    """Something to say, in no language yet."""

    key: str
    """Of the table of texts."""

    values: Mapping[str, object] = field(default_factory=dict)
    """For the places in the text; a :class:`Sentence` among them is said in the same language."""


def sentence(key: str, **values: object) -> Sentence:
    """Something to say."""
    return Sentence(key, values)


def say(what: Sentence, language: str) -> str:
    """A sentence in a language.

    Args:
        what: the sentence.
        language: ``pl`` or ``en``.
    """
    values = {
        name: say(value, language) if isinstance(value, Sentence) else value for name, value in what.values.items()
    }
    return TEXTS[what.key][LANGUAGES.index(language)].format(**values)


def system_language(environment: Mapping[str, str] | None = None) -> str:
    """The language the person's system is set to, Polish or, for all others, English.

    Args:
        environment: None for the process's own.
    """
    variables = os.environ if environment is None else environment
    for name in _VARIABLES:
        if value := variables.get(name):
            return POLISH if value.lower().startswith("pl") else ENGLISH
    name = locale.getlocale()[0] or ""
    return POLISH if name.lower().startswith(("pl_", "polish")) else ENGLISH

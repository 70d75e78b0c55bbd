"""What is wanted is taken out of an answer that fits its WSDL."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from companynet.domain.session import PermissionConfig
from companynet.errors import AnswerInvalid, Outcome
from companynet.soap.reading import read_value


@pytest.mark.parametrize(
    "reader",
    [
        lambda: object().sessionToken,  # type: ignore[attr-defined]
        lambda: int(None),  # type: ignore[call-overload]
        lambda: int("none"),
        lambda: PermissionConfig(datetime(2026, 3, 1, tzinfo=UTC), ()),
    ],
    ids=["an element less", "nothing where a number is wanted", "a word there", "a session that covers no DIK"],
)
def test_what_a_customers_wsdl_allows_and_we_cannot_take_is_an_invalid_answer(reader: Callable[[], object]) -> None:
    """The bank may have acted: the outcome is unknown, and no foreign exception goes on, which could hold a token."""
    with pytest.raises(AnswerInvalid, match="createX") as caught:
        read_value("createX", reader)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.__context__ is None

"""The machine of sending at a bank that does the work and then answers anything, and one that finds no own ids."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from companynet.client import CompanyNet, OrderFile
from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.session import Secret
from companynet.errors import BankError, Outcome
from companynet_sandbox.access.demands import KINDS
from tests.faults.side import Side, intent_of

#: Slow is a matter of patience: the matrix has it.
DONE = sorted(kind for kind, words in KINDS.items() if "the work is done" in words and kind != "slow")


@pytest.fixture
def blind(side: Side) -> Iterator[Side]:
    """A bank that knows its groups by its own ids alone."""
    side.bank.post("/settings", {"finds_own_ids": False})
    yield side
    side.bank.post("/settings", {"finds_own_ids": True})


class Sender:
    """A caller that stores what the machine gives it, and reads on in what it stored."""

    def __init__(self, side: Side, token: Secret, *, believing: bool) -> None:
        profile = replace(side.profile, absence_by_client_id=believing)
        self._client, self._token, self._side = CompanyNet(profile), token, side
        self.file: OrderFile = side.order_file()
        self.kept = [intent_of(self.file, profile)]

    @property
    def newest(self) -> OrderIntent:
        return self.kept[-1]

    def send(self) -> BankError:
        """Send; it fails."""
        with pytest.raises(BankError) as caught:
            self._client.sending.send(self._token, self.newest, self.file.data, self.kept.append)
        return caught.value

    def ask(self) -> None:
        """Ask; what goes wrong is in what is kept."""
        with contextlib.suppress(BankError):
            self._client.sending.ask(self._token, self.newest, self.kept.append)

    def is_free(self) -> bool:
        """Whether what it pays might be paid a second time."""
        return self.newest.may_be_sent or self.newest.may_be_cancelled

    def paid_once(self) -> bool:
        return self._side.paid_once(self.file)


@pytest.mark.parametrize("kind", DONE)
def test_orders_taken_with_any_answer_are_found_by_our_own_id(side: Side, kind: str) -> None:
    sender = Sender(side, side.session().token, believing=True)
    side.fault("universalPaymentSend", kind)
    assert sender.send().outcome is Outcome.UNKNOWN
    assert (sender.newest.fate, sender.is_free()) == (Fate.UNKNOWN, False)
    sender.ask()
    assert sender.newest.fate is Fate.TAKEN
    assert sender.paid_once()


def test_at_a_bank_that_finds_no_own_ids_a_lost_answer_waits_for_a_person(blind: Side) -> None:
    """Whatever the answer was: "not known" is not believed."""
    token = blind.session().token
    for kind in DONE:
        sender = Sender(blind, token, believing=False)
        blind.fault("universalPaymentSend", kind)
        sender.send()
        sender.ask()
        assert (kind, sender.newest.fate, sender.is_free()) == (kind, Fate.UNKNOWN, False)
        assert sender.newest.not_known_at is not None


def test_a_task_once_known_finds_the_orders_whatever_the_question_brought(blind: Side) -> None:
    """The bank finds no own ids, and a profile that says it would know is not believed of what has a task."""
    token = blind.session().token
    for kind in DONE:
        sender = Sender(blind, token, believing=True)
        blind.fault("checkPaymentSendResult", kind)
        sender.send()
        assert (kind, sender.newest.fate, sender.is_free()) == (kind, Fate.HANDED_IN, False)
        blind.fault("checkPaymentSendResult", kind)
        sender.ask()
        assert (kind, sender.newest.fate, sender.is_free()) == (kind, Fate.HANDED_IN, False)
        blind.fault("getStatus", kind)
        sender.ask()
        assert (kind, sender.newest.fate, sender.is_free()) == (kind, Fate.TAKEN, False)
        sender.ask()
        assert sender.newest.states is not None
        assert sender.paid_once()

"""Every fault the sandbox bank knows in every operation, over real HTTP: what the caller is told fits the table of
outcomes, and what it may believe afterwards fits the bank's books.
"""

from typing import Final

import pytest

from companynet.errors import BankError, Outcome
from companynet.outcomes import OPERATIONS, TABLE, Failure, row
from companynet_sandbox.access.demands import KINDS
from companynet_sandbox.service.handlers import HANDLERS as SERVED
from tests.faults.acts import ACTS
from tests.faults.side import Side, pay_carefully

FAILURES: Final = {
    "slow": Failure.TIMEOUT,
    "cut": Failure.LOST,
    "lost_answer": Failure.LOST,
    "closed": Failure.LOST,
    "garbage": Failure.INVALID,
    "http500": Failure.SERVER_FAILED,
    "http429": Failure.BUSY,
    "http503": Failure.BUSY,
    "done_empty_fault": Failure.UNLISTED,
    "done_unknown_fault": Failure.UNLISTED,
    "done_client_fault": Failure.UNLISTED,
    "done_server_fault": Failure.SERVER_FAILED,
    "done_http404": Failure.SERVER_FAILED,
    "done_http429": Failure.BUSY,
    "done_http502": Failure.SERVER_FAILED,
    "done_http503": Failure.BUSY,
    "done_redirect": Failure.SERVER_FAILED,
    "done_page": Failure.SERVER_FAILED,
    "unknown_fault": Failure.UNLISTED,
    "throttled": Failure.THROTTLED,
    "session_ended": Failure.SESSION_INVALID,
    "certificate_refused": Failure.CERTIFICATE_REFUSED,
    "duplicate": Failure.DUPLICATE_ORDER,
}
#: Faults after which the work is done all the same.
DONE: Final = frozenset(kind for kind in FAILURES if kind.startswith("done_")) | {
    "slow", "cut", "lost_answer", "garbage",
}  # fmt: skip
#: Operations whose orders are with the bank before they are called.
AFTER_SENDING: Final = frozenset({"checkPaymentSendResult", "getStatus"})
#: Operations that do nothing but end what they are called on.
ENDING: Final = frozenset({"logout", "finishBackgroundSession"})


def test_the_matrix_is_whole() -> None:
    """A fault or an operation that comes to be known is missed here."""
    assert set(FAILURES) == set(KINDS)
    assert set(ACTS) == set(OPERATIONS) == set(SERVED)
    assert {kind for kind, words in KINDS.items() if "the work is done" in words} == DONE


def expected(operation: str, kind: str) -> tuple[type[BankError], Outcome]:
    """Class and outcome by the table; a refusal it does not list for the operation keeps its class."""
    failure = FAILURES[kind]
    try:
        found = row(operation, failure)
    except LookupError:
        error = next(item.error for item in TABLE if item.failure is failure)
        return error, row(operation, Failure.REFUSED).outcome
    return found.error, found.outcome


#: Operations after which money, or a session, may be where nobody looks for it: each sort of answer is tried.
CRITICAL: Final = (
    "loginWithSignature", "createBackgroundSessionWithSignature", "finishBackgroundSession", "universalPaymentSend",
    "checkPaymentSendResult", "getStatus",
)  # fmt: skip
#: Of the others a sort of each; tests/outcomes of the library has every one.
SAMPLES: Final = {kind for kind in KINDS if not kind.startswith("done_")} | {"done_unknown_fault", "done_http503"}
CASES: Final = [(operation, kind) for operation in ACTS for kind in KINDS if operation in CRITICAL or kind in SAMPLES]


@pytest.mark.parametrize(("operation", "kind"), CASES)
def test_what_the_caller_believes_is_so(side: Side, operation: str, kind: str) -> None:
    """Told that nothing was done, nothing was; told that a session has ended, it has; told nothing, asking tells."""
    act = ACTS[operation](side, operation)
    side.fault(operation, kind, **({"seconds": 0.6} if kind == "slow" else {}))
    with pytest.raises(BankError) as caught:
        act.call(side.impatient if kind == "slow" else side.client)
    error, done = caught.value, act.done()
    act.error = error
    assert (type(error), error.outcome) == expected(operation, kind)
    assert error.operation == operation
    assert side.bank.get("/faults") == []

    if operation in AFTER_SENDING:
        # Whatever became of the question, the orders are there.
        assert done
    elif error.outcome in {Outcome.NOT_SENT, Outcome.REFUSED}:
        assert done == (kind == "session_ended" and operation in ENDING)
    elif error.outcome is Outcome.UNKNOWN:
        assert done == (kind in DONE)
    if act.token is not None:
        assert side.lives(act.token) == (kind != "session_ended" and not (done and operation in ENDING))
    if kind == "session_ended":
        act.renew()
    act.settle()


#: A few always, more of them in the proof.
SEEDS: Final = ["a", "b", "c", *(pytest.param(f"seed-{number}", marks=pytest.mark.proof) for number in range(40))]


@pytest.mark.parametrize("operation", ACTS)
def test_a_late_answer_is_an_answer(side: Side, operation: str) -> None:
    """Slow within the caller's patience is no failure."""
    act = ACTS[operation](side, operation)
    side.fault(operation, "slow", seconds=0.1)
    act.call(side.client)
    assert act.done()


@pytest.mark.parametrize("seed", SEEDS)
def test_at_a_bank_that_fails_half_the_time_each_order_is_paid_once(side: Side, seed: str) -> None:
    """All kinds of faults by chance, in sending and asking alike, and a caller that follows the advice."""
    token = side.session().token
    files = [side.order_file(f"{seed}-") for _number in range(8)]
    faults = sorted(set(FAILURES) - {"slow", "session_ended", "certificate_refused"})
    side.bank.post("/faults", [{"kind": kind, "probability": 0.03, "seed": f"{seed} {kind}"} for kind in faults])
    for file in files:
        pay_carefully(side.client, token, file, side.profile)
    struck = [call for call in side.bank.get("/calls") if call["fault"]]
    side.bank.post("/faults", {"clear": True})
    assert len(struck) >= len(files) / 2
    assert [file.client_order_group_id for file in files if not side.paid_once(file)] == []

"""The one machine of sending: an order file leaves once, and everything the bank may know of it is asked for.

Values go in and values come out; what lasts is the caller's, who stores each :class:`OrderIntent` it is given through
``keep`` (a committed transaction, a synced file) *before it returns*. The next call to the bank leaves only after
that. What may become of an intent is the table in :mod:`companynet.domain.order_fate`.

In one go::

    intent = OrderIntent(..., begun_at=now, fate=Fate.SENDING)   # or stored.begin(now), if stored.may_be_sent
    store(intent)                                               # committed: from here on it may have left
    intent = bank.sending.send(token, intent, data, store)
    ...
    if intent.is_open:
        intent = bank.sending.ask(token, intent, store)

Or in steps, each on whatever session or transaction the caller has by then: :meth:`OrderSending.hand_in` (one call),
:meth:`OrderSending.learn` (asks for the task, where ``Question.TASK in intent.questions(profile)``) and
:meth:`OrderSending.look_up` (asks for the states, by the bank's id and by our own).

A step that fails has stored what is known before its error is raised, so a caller that lost the error reads on in
what it stored. What a caller decides by: ``may_be_sent``, ``may_be_cancelled``, ``may_be_declared_absent``,
``is_open``, ``questions``. What a killed process left as ``SENDING`` is ``in_doubt``; so is everything in a database
that was restored.
"""

from collections.abc import Callable
from typing import Final

from companynet.domain.order_fate import Event, Fate
from companynet.domain.order_intent import OrderIntent, Question
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.domain.session import Secret
from companynet.errors import (
    BankError,
    Cancelled,
    CompanyNetError,
    DikRefused,
    DuplicateOrder,
    IntentError,
    OrderGroupUnknown,
    OrderRefused,
    Outcome,
    PermissionRefused,
    PollingExpired,
    ProfileError,
    SessionInvalid,
)
from companynet.orders import Orders
from companynet.soap.call import Caller

Keep = Callable[[OrderIntent], None]
"""Stores an intent, for good, before it returns. What it raises goes on to the caller of the step, unchanged."""

#: After these another question on the same session is useless, or the answer is there: it is being worked on.
_END_OF_ASKING: Final = (SessionInvalid, PermissionRefused, DikRefused, PollingExpired, Cancelled)


class OrderSending:
    """Sends order files and asks what became of them."""

    def __init__(self, caller: Caller, orders: Orders) -> None:
        self._caller = caller
        self._orders = orders

    def send(self, token: Secret, intent: OrderIntent, data: bytes, keep: Keep) -> OrderIntent:
        """Hand a file in and wait for the bank's word: :meth:`hand_in` and :meth:`learn`.

        Raises:
            As these two.
        """
        return self.learn(token, self.hand_in(token, intent, data, keep), keep)

    def hand_in(self, token: Secret, intent: OrderIntent, data: bytes, keep: Keep) -> OrderIntent:
        """Hand a file in: one call.

        Args:
            token: of the session.
            intent: ``SENDING``, and stored by the caller before.
            data: the file.
            keep: is given what is known after the call, before anything else leaves.

        Returns:
            The intent, ``HANDED_IN`` with the bank's task id, kept.

        Raises:
            IntentError, ProfileError: it is not stored as about to leave, its data are others, or it is of another
                bank. Nothing was sent, nothing kept.
            CompanyNetError: the call failed. What follows for the file is kept: ``NOT_SENT`` where it provably never
                left or was turned away, ``REFUSED`` where the bank refused the orders, else ``UNKNOWN``.
        """
        self._check_bank(intent)
        if intent.fate is not Fate.SENDING:
            raise IntentError(
                f"order file {intent.client_order_group_id} is {intent.fate.value}: what is handed in is stored as "
                "sending before"
            )
        file = intent.file(data)
        try:
            task_id = self._orders.hand_in(token, intent.dik, file)
        except CompanyNetError as error:
            keep(intent.after(_event_of(error), str(error)))
            raise
        handed_in = intent.after(Event.HANDED_IN, task_id=task_id)
        keep(handed_in)
        return handed_in

    def learn(self, token: Secret, intent: OrderIntent, keep: Keep) -> OrderIntent:
        """Ask for the task until the bank tells what came of it. An intent without a task comes back as it is.

        Returns:
            The intent, ``TAKEN``, kept.

        Raises:
            OrderRefused: the bank took none of the orders; ``REFUSED`` is kept.
            ProfileError: the file is of another bank; it was not asked.
            BankError: the question failed or brought nothing; the fate stays, the reason is kept.
        """
        self._check_bank(intent)
        if not intent.task_id:
            return intent
        try:
            sent = self._orders.result(token, intent.dik, intent.task_id)
        except OrderRefused as error:
            refused = intent.after(Event.REFUSED, str(error))
            keep(refused)
            if refused.fate is Fate.REFUSED:
                raise
            # It was seen at the bank before: that holds.
            return refused
        except BankError as error:
            keep(intent.after(Event.NOTHING, str(error)))
            raise
        taken = intent.after(Event.TAKEN, sent.errors, group_id=sent.group_id)
        keep(taken)
        return taken

    def look_up(self, token: Secret, intent: OrderIntent, keep: Keep) -> OrderIntent:
        """Ask for the states of the orders: by the bank's id of the group, then by our own where the bank finds it.

        Returns:
            The intent, kept: ``TAKEN`` with the states; or with its fate and why it stays so, where the bank does not
            know the group or names no order of it. ``NOT_SENT`` only where its "not known" is believed, see
            :meth:`OrderIntent.not_known`. As it was, where nothing can be asked.

        Raises:
            ProfileError: the file is of another bank; it was not asked.
            BankError: a question failed; the fate stays, the reason is kept.
        """
        self._check_bank(intent)
        questions = intent.questions(self._caller.profile)
        for question in (Question.GROUP, Question.OWN_ID):
            if question in questions:
                intent, seen = self._look_up_by(question, token, intent, keep)
                if seen:
                    break
        return intent

    def _look_up_by(
        self, question: Question, token: Secret, intent: OrderIntent, keep: Keep
    ) -> tuple[OrderIntent, bool]:
        """One question; the intent after it, kept, and whether the bank named orders."""
        own = question is Question.OWN_ID
        asked_for = intent.client_order_group_id if own else intent.group_id or ""
        now = self._caller.clock.now()
        seen = False
        try:
            found = self._orders.snapshot(token, intent.dik, asked_for)
        except OrderGroupUnknown as error:
            words = str(error)
            intent = intent.not_known(now, self._caller.profile, words) if own else intent.after(Event.NOTHING, words)
        except BankError as error:
            keep(intent.after(Event.NOTHING, str(error)))
            raise
        else:
            seen = bool(found.states)
            intent = _told(intent, found)
        keep(intent)
        return intent, seen

    def ask(self, token: Secret, intent: OrderIntent, keep: Keep) -> OrderIntent:
        """Ask by everything that is held: the task first, then the bank's id of the group, then our own.

        Returns:
            The intent as :meth:`look_up` leaves it.

        Raises:
            OrderRefused: the bank took none of the orders; ``REFUSED`` is kept.
            ProfileError: the file is of another bank; it was not asked.
            BankError: the bank still works on the task, or it is not known more than before; the reason is kept.
        """
        self._check_bank(intent)
        failure: BankError | None = None
        if Question.TASK in intent.questions(self._caller.profile):
            try:
                intent = self.learn(token, intent, keep)
            except (OrderRefused, *_END_OF_ASKING):
                raise
            except BankError as error:
                # The bank may not keep its tasks for ever; an id of the group finds the orders then.
                failure = error
        intent = self.look_up(token, intent, keep)
        if failure is not None and intent.fate is not Fate.TAKEN:
            raise failure
        return intent

    def _check_bank(self, intent: OrderIntent) -> None:
        endpoint = self._caller.profile.endpoint
        if intent.endpoint != endpoint:
            # Another bank would truly not know it.
            raise ProfileError(
                f"order file {intent.client_order_group_id} is of the bank at {intent.endpoint}, the profile is of "
                f"{endpoint}"
            )


def _told(intent: OrderIntent, found: OrderGroupSnapshot) -> OrderIntent:
    """The intent after the bank's answer about a group."""
    if not found.states:
        # A group without orders proves neither that they are there nor that they are not.
        return intent.after(Event.NOTHING, f"getStatus: the bank names no order of group {found.asked_for}")
    ids = {state.group_id for state in found.states if state.group_id}
    group_id = intent.group_id or (ids.pop() if len(ids) == 1 else None)
    return intent.after(Event.TAKEN, group_id=group_id, states=found)


def _event_of(error: CompanyNetError) -> Event:
    """What a failed handing-in says of the file."""
    if not isinstance(error, BankError):
        # It was not even an envelope.
        return Event.NOT_SENT
    if isinstance(error, OrderRefused):
        return Event.REFUSED
    # An id was used before: perhaps by a sending of this very file that arrived unseen.
    if isinstance(error, DuplicateOrder):
        return Event.DOUBT
    return Event.NOT_SENT if error.outcome in {Outcome.NOT_SENT, Outcome.REFUSED} else Event.DOUBT

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sending a batch once.

The intent is committed before the call and the outcome after it, each in a
transaction of its own. An answer that was lost, or a process that was killed
in between, leaves the batch unknown, which only the bank can resolve. Nothing
is sent again by itself.
"""
import datetime as dt

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .. import gateway, independent
from ..clock import utcnow
from ..keyring import restored
from ..rights import context_of, error_text
from ..sessions.authorisation import Authorisation
from . import order_asking, order_keeping, order_leaving
from .order_history import note
from .order_states import PREPARED, SENDING, UNKNOWN, WAITING

# Longer than any call with its questions may take
CALL_LIMIT = dt.timedelta(minutes=30)
# A task of the queue that a killed worker took is never run again
TASK_LIMIT = dt.timedelta(minutes=10)


def send(batch):
    "Send a batch that waits; does nothing if another has taken it"
    if batch.state != WAITING:
        return
    user = order_asking.requester(batch)
    try:
        session = Authorisation.for_use(
            batch.company, gateway.SEND, user=user)
        # Asked once more before the same orders leave a second time
        if batch.absent_at and not order_asking.still_absent(batch, user):
            independent.run(_put_back, batch.id, None)
            return
    except UserError as error:
        independent.run(_put_back, batch.id, error_text(error))
        return
    try:
        taken = independent.run(take, batch.id, session.user.id)
    except UserError as error:
        independent.run(_put_back, batch.id, error_text(error))
        return
    if not taken:
        return
    attempt, intent, number = taken
    keeper = order_keeping.Keeper(
        batch.id, attempt, gateway.load_intent(intent))
    text = None
    try:
        _keep_count(keeper, number)
        gateway.send_orders(
            session, batch.company, keeper.known, bytes(batch.data), keeper,
            account=batch.debited_account)
    except UserError as error:
        text = error_text(error)
        independent.run(_tell, batch.id, attempt, text)
    if keeper.known.fate.value == 'refused':
        independent.run(order_asking.fail_payments, batch.id, text)


def _keep_count(keeper, number):
    "Keep outside the database that the intent is committed; then it may leave"
    try:
        restored.keep_intent(number)
    except UserError as error:
        keeper(gateway.not_sent(keeper.known, error_text(error)))
        raise


def take(batch_id, authoriser):
    """Store the intent to send: the number of the attempt, the intent and its
    number in the database's count.

    authoriser is the id of the user whose session it is sent on. Returns None
    if the batch does not wait any more, or if one of its orders may not
    leave: what it may is decided here, in the transaction that commits the
    intent, and nowhere else.
    """
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    order_leaving.lock(batch)
    if batch.state != WAITING:
        return None
    if found := order_leaving.obstacles(batch):
        _put_back(batch_id, sentence(found))
        return None
    number = restored.count_intent()
    intent = None
    if batch.intent:
        intent = gateway.begin_again(gateway.load_intent(batch.intent))
    if not batch.absent_at:
        # It never left: the bank's address may be another by now
        intent = order_keeping.new_intent(batch)
    batch.intent = gateway.dump_intent(intent)
    batch.attempts += 1
    batch.state = SENDING
    batch.sending_since = utcnow()
    batch.authorised_by = authoriser
    batch.message = None
    batch.save()
    note(batch, text=gettext('mbank.msg_batch_sending', n=batch.attempts))
    return batch.attempts, batch.intent, number


def sentence(obstacles):
    "Why a batch may not leave, for its form"
    return '\n'.join([gettext('mbank.msg_leaving'), *obstacles])


def _put_back(batch_id, text):
    "The batch waits no more: it is as it was before it was to be sent"
    batch = order_keeping.locked(batch_id)
    if batch.state == WAITING:
        order_keeping.change(
            batch, text, state=UNKNOWN if batch.absent_at else PREPARED,
            message=text)


def _tell(batch_id, attempt, text):
    "Say what went wrong, unless the batch has gone on since"
    batch = order_keeping.locked(batch_id)
    if batch.attempts == attempt:
        order_keeping.change(batch, text, message=text)


def mark_interrupted():
    "What a killed process left is unknown"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([
                ('state', '=', SENDING),
                ('sending_since', '<', utcnow() - CALL_LIMIT),
                ]):
        with Transaction().set_context(context_of(batch.company)):
            text = gettext('mbank.msg_batch_interrupted')
            order_keeping.follow(batch, gateway.in_doubt(
                    gateway.load_intent(batch.intent), text))
            order_keeping.change(batch, text, message=text)


def ask_first():
    "What this database takes for unsent may be with the bank: ask for it"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([
                ('state', 'in', [PREPARED, WAITING, SENDING, UNKNOWN]),
                ]):
        with Transaction().set_context(context_of(batch.company)):
            order_keeping.doubt(batch, gettext('mbank.msg_batch_restored'))


def queue_lost():
    "Queue again the batches whose task was lost before it took them"
    Batch = Pool().get('mbank.order.batch')
    now = utcnow()
    batches = Batch.search([
            ('state', '=', WAITING),
            ('waiting_since', '<', now - TASK_LIMIT),
            ])
    Batch.write(batches, {'waiting_since': now})
    for batch in batches:
        Batch.__queue__.send_waiting([batch])

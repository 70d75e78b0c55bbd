# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sending a batch once.

The intent is committed before the call and the outcome after it, each in a
transaction of its own. An answer that was lost, or a process that was killed
in between, leaves the batch unknown, which only the bank can resolve. Nothing
is sent again by itself.

Operations have the names of the contract  # L-015
"""
import datetime as dt

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from . import gateway, independent, order_asking, order_leaving
from .authorisation import Authorisation
from .exceptions import DuplicateOrderError, OrderRefusedError
from .order_history import note
from .order_states import (
    PREPARED, REFUSED, SENDING, SENT, UNKNOWN, WAITING)
from .rights import context_of, error_text

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
        session = Authorisation.for_operation(
            batch.company, 'universalPaymentSend', user=user)
        if batch.absent_at:
            # Ask once more before the same orders leave a second time
            answer = order_asking.inquire(batch, user)
            if not answer.absent:
                independent.run(_put_back, batch.id, None)
                order_asking.store(batch.id, answer)
                return
    except UserError as error:
        independent.run(_put_back, batch.id, error_text(error))
        return
    attempt = independent.run(take, batch.id, session.user.id)
    if not attempt:
        return
    try:
        sent = gateway.send_orders(
            session, batch.company,
            client_order_group_id=batch.client_order_group_id,
            file_name=batch.file_name,
            data=bytes(batch.data),
            modified_at=batch.created_at.replace(tzinfo=dt.timezone.utc),
            account=batch.debited_account)
    except UserError as error:
        _end_failed(batch.id, attempt, error)
    else:
        independent.run(
            _end, batch.id, attempt, _set_sent, sent.task_id, sent.group_id)


def take(batch_id, authoriser):
    """Store the intent to send and return the number of the attempt.

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
    batch.attempts += 1
    batch.state = SENDING
    batch.sending_since = dt.datetime.now()
    batch.authorised_by = authoriser
    batch.message = None
    batch.save()
    note(batch, text=gettext('mbank.msg_batch_sending', n=batch.attempts))
    return batch.attempts


def sentence(obstacles):
    "Why a batch may not leave, for its form"
    return '\n'.join([gettext('mbank.msg_leaving'), *obstacles])


def _end_failed(batch_id, attempt, error):
    text = error_text(error)
    if isinstance(error, OrderRefusedError):
        if independent.run(_end, batch_id, attempt, _set_refused, text):
            independent.run(order_asking.fail_payments, batch_id, text)
    elif isinstance(error, DuplicateOrderError):
        # The bank has these identities already, so it has this batch
        independent.run(_end, batch_id, attempt, _set_unknown, text)
    elif error.outcome == 'accepted':
        # The bank has the task and still works on it
        independent.run(
            _end, batch_id, attempt, _set_sent, error.task_id, None)
    elif error.outcome in {'not_sent', 'refused'}:
        independent.run(_end, batch_id, attempt, _set_back, text)
    else:
        independent.run(_end, batch_id, attempt, _set_unknown, text)


def _end(batch_id, attempt, outcome, *args):
    "Store the outcome of the attempt, unless the batch has gone on since"
    batch = order_asking.locked(batch_id)
    if batch.attempts != attempt or batch.state not in {SENDING, UNKNOWN}:
        return False
    outcome(batch_id, *args)
    return True


def _set_sent(batch_id, task_id, group_id):
    _change(batch_id, gettext(
            'mbank.msg_batch_sent', reference=group_id or task_id),
        state=SENT,
        sent_at=dt.datetime.now(),
        task_id=task_id,
        bank_group_id=group_id,
        absent_at=None,
        message=None)


def _set_unknown(batch_id, text):
    _change(batch_id, text, state=UNKNOWN, message=text)


def _set_refused(batch_id, text):
    _change(batch_id, text, state=REFUSED, message=text)


def _put_back(batch_id, text):
    "The batch waits no more: it is as it was before it was to be sent"
    batch = order_asking.locked(batch_id)
    if batch.state == WAITING:
        order_asking.change(
            batch, text, state=UNKNOWN if batch.absent_at else PREPARED,
            message=text)


def _set_back(batch_id, text):
    """The bank took nothing: the batch is as it was before it was sent

    What was interrupted meanwhile stays unknown until the bank is asked.
    """
    batch = order_asking.locked(batch_id)
    again = batch.absent_at or batch.state == UNKNOWN
    _change(
        batch_id, text, state=UNKNOWN if again else PREPARED, message=text)


def _change(batch_id, text, **values):
    Batch = Pool().get('mbank.order.batch')
    order_asking.change(Batch(batch_id), text, **values)


def mark_interrupted():
    "What a killed process left is unknown"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([
                ('state', '=', SENDING),
                ('sending_since', '<', dt.datetime.now() - CALL_LIMIT),
                ]):
        with Transaction().set_context(context_of(batch.company)):
            _set_unknown(batch.id, gettext('mbank.msg_batch_interrupted'))


def queue_lost():
    "Queue again the batches whose task was lost before it took them"
    Batch = Pool().get('mbank.order.batch')
    now = dt.datetime.now()
    batches = Batch.search([
            ('state', '=', WAITING),
            ('waiting_since', '<', now - TASK_LIMIT),
            ])
    Batch.write(batches, {'waiting_since': now})
    for batch in batches:
        Batch.__queue__.send_waiting([batch])

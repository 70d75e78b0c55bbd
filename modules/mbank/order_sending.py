# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sending a batch once, and asking the bank what became of it.

The intent is committed before the call and the outcome after it, each in a
transaction of its own. An answer that was lost, or a process that was killed
in between, leaves the batch unknown, which only the bank can resolve. Nothing
is sent again by itself.

Operations have the names of the contract  # L-015
"""
import datetime as dt
import logging
from dataclasses import dataclass

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from . import gateway, independent
from .authorisation import Authorisation
from .exceptions import (
    DuplicateOrderError, OrderGroupUnknownError, OrderRefusedError)
from .rights import context_of, error_text
from .session import local_text

logger = logging.getLogger(__name__)

# Longer than any call with its questions may take
CALL_LIMIT = dt.timedelta(minutes=30)
# A task of the queue that a killed worker took is never run again
TASK_LIMIT = dt.timedelta(minutes=10)

# So long after a sending the bank may still be taking the orders in, and its
# "not known" is not believed  # L-164
SETTLING = dt.timedelta(minutes=5)

ASKABLE = ['unknown', 'sent', 'accepted']
OPEN = ['waiting', 'sending'] + ASKABLE


@dataclass(frozen=True)
class Answer:
    "What the bank said when it was asked about a batch"
    statuses: tuple = ()
    group_id: str | None = None
    # The bank's words, if it knows no such batch
    absent: str | None = None
    # The bank's words, if it refused the orders
    refused: str | None = None


def send(batch):
    "Send a batch that waits; does nothing if another has taken it"
    if batch.state != 'waiting':
        return
    user = _requester(batch)
    try:
        session = Authorisation.for_operation(
            batch.company, 'universalPaymentSend', user=user)
        if batch.absent_at:
            # Ask once more before the same orders leave a second time
            answer = inquire(batch, user)
            if not answer.absent:
                store(batch.id, answer)
                return
    except UserError as error:
        independent.run(_set_back, batch.id, error_text(error))
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
    if the batch does not wait any more.
    """
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    Batch.lock([batch])
    if batch.state != 'waiting':
        return None
    batch.attempts += 1
    batch.state = 'sending'
    batch.sending_since = dt.datetime.now()
    batch.authorised_by = authoriser
    batch.message = None
    batch.save()
    note(batch, text=gettext('mbank.msg_batch_sending', n=batch.attempts))
    return batch.attempts


def _end_failed(batch_id, attempt, error):
    text = error_text(error)
    if isinstance(error, OrderRefusedError):
        if independent.run(_end, batch_id, attempt, _set_refused, text):
            independent.run(fail_payments, batch_id, text)
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
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    if batch.attempts != attempt or batch.state not in {'sending', 'unknown'}:
        return False
    outcome(batch_id, *args)
    return True


def _set_sent(batch_id, task_id, group_id):
    _write(batch_id, gettext(
            'mbank.msg_batch_sent', reference=group_id or task_id),
        state='sent',
        sent_at=dt.datetime.now(),
        task_id=task_id,
        bank_group_id=group_id,
        absent_at=None,
        message=None)


def _set_unknown(batch_id, text):
    _write(batch_id, text, state='unknown', message=text)


def _set_refused(batch_id, text):
    _write(batch_id, text, state='refused', message=text)


def _set_back(batch_id, text):
    "The bank took nothing: the batch is as it was before it was sent"
    Batch = Pool().get('mbank.order.batch')
    state = 'unknown' if Batch(batch_id).absent_at else 'prepared'
    _write(batch_id, text, state=state, message=text)


def _write(batch_id, text, **values):
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    Batch.write([batch], values)
    note(batch, text=text)


def ask(batch, user=None):
    "Ask the bank for the state of the batch and store the answer"
    try:
        answer = inquire(batch, user)
    except UserError as error:
        independent.run(_note_failure, batch.id, error_text(error))
        raise
    store(batch.id, answer)


def inquire(batch, user=None):
    "Ask the bank; only reads there, so it may be repeated"
    company = batch.company
    group_id = batch.bank_group_id
    session = Authorisation.for_operation(company, 'getStatus', user=user)
    if batch.task_id and not group_id:
        try:
            group_id = gateway.order_result(
                Authorisation.for_operation(
                    company, 'checkPaymentSendResult', user=user),
                company, batch.task_id,
                account=batch.debited_account).group_id
        except OrderRefusedError as error:
            return Answer(refused=error_text(error))
    try:
        statuses = gateway.order_status(
            session, company, group_id or batch.client_order_group_id,
            account=batch.debited_account)
    except OrderGroupUnknownError as error:
        return Answer(absent=error_text(error), group_id=group_id)
    return Answer(statuses=tuple(statuses), group_id=group_id)


def store(batch_id, answer):
    "Store the answer of the bank, then what follows for the payments"
    if answer.refused:
        independent.run(_set_refused, batch_id, answer.refused)
        independent.run(fail_payments, batch_id, answer.refused)
    elif answer.absent:
        independent.run(_store_absent, batch_id, answer)
    else:
        independent.run(_store_statuses, batch_id, answer)
        try:
            independent.run(_settle_payments, batch_id, answer)
        except UserError as error:
            # The state stays open, so the next question tries again
            independent.run(_note_failure, batch_id, error_text(error))
            raise


def _note_failure(batch_id, text):
    Batch = Pool().get('mbank.order.batch')
    Batch.write([Batch(batch_id)], {
            'asked_at': dt.datetime.now(),
            'message': text,
            })


def _store_absent(batch_id, answer):
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    now = dt.datetime.now()
    values = {'asked_at': now}
    text = gettext('mbank.msg_batch_absent', answer=answer.absent)
    if answer.group_id:
        values['bank_group_id'] = answer.group_id
    elif batch.state == 'unknown':
        settled = batch.sending_since + SETTLING
        if not batch.absent_at and now < settled:
            text = gettext(
                'mbank.msg_batch_absent_yet', answer=answer.absent,
                time=local_text(settled, batch.company))
        elif gateway.knows_own_ids():
            values['absent_at'] = now
        elif not batch.absent_at:
            text = gettext('mbank.msg_batch_look', answer=answer.absent)
    _write(batch_id, text, message=text, **values)


def _store_statuses(batch_id, answer):
    Batch = Pool().get('mbank.order.batch')
    Payment = Pool().get('account.payment')
    batch = Batch(batch_id)
    now = dt.datetime.now()
    keys = sorted({s.key for s in answer.statuses})
    Batch.write([batch], {
            'state': 'accepted' if answer.statuses else 'sent',
            'asked_at': now,
            'absent_at': None,
            'message': None,
            'sent_at': batch.sent_at or batch.sending_since or now,
            'bank_group_id': answer.group_id or next(
                (s.group_id for s in answer.statuses if s.group_id),
                batch.bank_group_id),
            'status_key': ', '.join(keys) or None,
            })
    changed = []
    for payment, status in _by_payment(batch, answer):
        if (payment.mbank_status_key != status.key
                or payment.mbank_status_text != status.text):
            payment.mbank_status_key = status.key
            payment.mbank_status_text = status.text
            changed.append(payment)
            note(batch, status.key, status.text, payment)
    Payment.save(changed)


def _settle_payments(batch_id, answer):
    pool = Pool()
    Batch = pool.get('mbank.order.batch')
    Payment = pool.get('account.payment')
    batch = Batch(batch_id)
    succeeded, failed = [], []
    for payment, status in _by_payment(batch, answer):
        if status.final and payment.state == 'processing':
            (succeeded if status.executed else failed).append(payment)
    with Transaction().set_context(_mbank_answer=True, _skip_warnings=True):
        if succeeded:
            Payment.succeed(succeeded)
        if failed:
            Payment.fail(failed)
    batch.state = _state(answer.statuses)
    batch.save()


def _by_payment(batch, answer):
    by_order = {
        s.end_to_end_id: s for s in answer.statuses if s.end_to_end_id}
    of_group = next((s for s in answer.statuses if not s.end_to_end_id), None)
    for payment in batch.payments:
        status = by_order.get(payment.mbank_end_to_end_id, of_group)
        if status:
            yield payment, status


def _state(statuses):
    if not statuses:
        return 'sent'
    if not all(s.final for s in statuses):
        return 'accepted'
    executed = [s.executed for s in statuses]
    if all(executed):
        return 'executed'
    return 'partial' if any(executed) else 'rejected'


def fail_payments(batch_id, text):
    "None of the batch's orders will be executed"
    pool = Pool()
    Batch = pool.get('mbank.order.batch')
    Payment = pool.get('account.payment')
    payments = [
        p for p in Batch(batch_id).payments if p.state == 'processing']
    Payment.write(payments, {'mbank_status_text': text})
    with Transaction().set_context(_mbank_answer=True, _skip_warnings=True):
        Payment.fail(payments)


def note(batch, key=None, text=None, payment=None):
    "Add to the history of the batch"
    pool = Pool()
    Status = pool.get('mbank.order.batch.status')
    Status.create([{
                'batch': batch.id,
                'at': dt.datetime.now(),
                'payment': payment.id if payment else None,
                'key': key,
                'text': text,
                }])


def _requester(batch):
    return batch.requested_by.id if batch.requested_by else None


def mark_interrupted():
    "What a killed process left is unknown"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([
                ('state', '=', 'sending'),
                ('sending_since', '<', dt.datetime.now() - CALL_LIMIT),
                ]):
        with Transaction().set_context(context_of(batch.company)):
            _set_unknown(batch.id, gettext('mbank.msg_batch_interrupted'))


def queue_lost():
    "Queue again the batches whose task was lost before it took them"
    Batch = Pool().get('mbank.order.batch')
    now = dt.datetime.now()
    batches = Batch.search([
            ('state', '=', 'waiting'),
            ('waiting_since', '<', now - TASK_LIMIT),
            ])
    Batch.write(batches, {'waiting_since': now})
    for batch in batches:
        Batch.__queue__.send_waiting([batch])


def ask_all():
    "Ask the bank for every batch that is open, each answer kept by itself"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([('state', 'in', ASKABLE)]):
        with Transaction().set_context(context_of(batch.company)):
            try:
                ask(batch, user=_requester(batch))
            except UserError as error:
                logger.warning(
                    "the state of batch %s is not known: %s", batch.id, error)

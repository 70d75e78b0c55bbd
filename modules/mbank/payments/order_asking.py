# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Asking the bank what became of a batch, and what follows from its answer.

A payment changes only by a state that names its order; a batch is executed
only when each of its orders is. What can not be assigned changes nothing: it
is kept in the history and shown, and a person asks.
"""
import datetime as dt
import logging
from dataclasses import dataclass

from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.modules.automatic_settlement.apart import warnings_stop
from trytond.pool import Pool
from trytond.transaction import Transaction

from .. import clock, gateway, independent, telling
from ..clock import local_text, utcnow
from ..rights import context_of, error_text
from ..sessions.authorisation import Authorisation
from . import order_answer, order_keeping
from .order_history import note, note_unassigned
from .order_states import (
    ACCEPTED, ASKABLE, EXECUTED, PARTIAL, REJECTED, SENT, UNKNOWN)
from .order_status import in_words, state_name

logger = logging.getLogger(__name__)

# So old may an answer of the bank be for a person to decide upon it
FRESH = dt.timedelta(minutes=10)

# So many lines of what is not assigned are shown, all are in the history
SHOWN = 20

_MESSAGES = {
    order_answer.UNNAMED: 'mbank.msg_answer_unnamed',
    order_answer.STRANGER: 'mbank.msg_answer_stranger',
    order_answer.OTHER_GROUP: 'mbank.msg_answer_other_group',
    order_answer.CONTRADICTION: 'mbank.msg_answer_contradiction',
    order_answer.AFTER_FINAL: 'mbank.msg_answer_after_final',
    }
# What of one of our orders needs a person: the batch is not settled by it
_DOUBTFUL = {order_answer.CONTRADICTION, order_answer.AFTER_FINAL}


@dataclass(frozen=True)
class Answer:
    "What the bank said when it was asked about a batch"
    # The states it gave, None if it gave none
    statuses: tuple | None = None
    # Its words, if it knows no such batch
    absent: str | None = None


def ask(batch, user=None):
    """Ask the bank for the state of the batch and store the answer

    By everything that is held, the bank's task first; it only reads there, so
    it may be repeated. Returns the answer.
    """
    intent = order_keeping.intent_of(batch)
    if not gateway.can_ask(intent):
        independent.run(
            _note_failure, batch.id, gettext('mbank.msg_batch_cannot_ask'))
        return Answer()
    keeper = order_keeping.Keeper(batch.id, batch.attempts, intent)
    session = Authorisation.for_use(batch.company, gateway.ASK, user=user)
    try:
        answer = Answer(*gateway.ask_orders(
                session, batch.company, keeper.known,
                {p.mbank_end_to_end_id for p in batch.payments} - {None},
                keeper,
                account=batch.debited_account))
    except UserError as error:
        text = error_text(error)
        if keeper.known.fate.value != 'refused':
            independent.run(_note_failure, batch.id, text)
            raise
        independent.run(_note_answer, batch.id, text)
        independent.run(fail_payments, batch.id, text)
        return Answer()
    store(batch.id, answer)
    return answer


def still_absent(batch, user):
    "Whether the bank, asked once more, does not know the batch either"
    if not gateway.can_ask(order_keeping.intent_of(batch)):
        # Only a person could find out, and has
        return True
    return bool(ask(batch, user).absent)


def store(batch_id, answer):
    "Store the answer of the bank, then what follows for the payments"
    if answer.statuses is None:
        independent.run(_store_absent, batch_id, answer)
        return
    independent.run(_store_statuses, batch_id, answer)
    try:
        independent.run(_settle_payments, batch_id, answer)
    except (UserError, UserWarning) as error:
        # The state stays open, so the next question tries again
        independent.run(_note_failure, batch_id, error_text(error))
        raise


def _note_failure(batch_id, text):
    Batch = Pool().get('mbank.order.batch')
    Batch.write([Batch(batch_id)], {
            'asked_at': utcnow(),
            'message': text,
            })


def _note_answer(batch_id, text):
    now = utcnow()
    order_keeping.change(
        order_keeping.locked(batch_id), text,
        asked_at=now, answered_at=now, message=text)


def _store_absent(batch_id, answer):
    """The bank named no order; what follows was decided with the intent

    Only a source that would know is believed  # L-700
    """
    batch = order_keeping.locked(batch_id)
    if not answer.absent:
        text = gettext('mbank.msg_batch_no_answer')
    elif batch.state == UNKNOWN and not batch.absent_at:
        intent = order_keeping.intent_of(batch)
        settled = gateway.settled_at(intent)
        if clock.now() < settled:
            text = gettext(
                'mbank.msg_batch_absent_yet', answer=answer.absent,
                time=local_text(settled, batch.company))
        else:
            text = gettext('mbank.msg_batch_look', answer=answer.absent)
    else:
        text = gettext('mbank.msg_batch_absent', answer=answer.absent)
    _note_answer(batch_id, text)


def _read(batch, answer):
    "The answer, assigned to the orders of the batch"
    return order_answer.read(
        answer.statuses,
        {
            p.mbank_end_to_end_id: (
                p.mbank_status_key
                if gateway.is_final(p.mbank_status_key) else None)
            for p in batch.payments if p.mbank_end_to_end_id},
        group_id=batch.bank_group_id,
        own_id=batch.client_order_group_id)


def _store_statuses(batch_id, answer):
    Payment = Pool().get('account.payment')
    batch = order_keeping.locked(batch_id)
    reading = _read(batch, answer)
    payments = {p.mbank_end_to_end_id: p for p in batch.payments}
    changed = []
    for order, status in reading.named.items():
        payment = payments[order]
        if (payment.mbank_status_key != status.key
                or payment.mbank_status_text != status.text):
            payment.mbank_status_key = status.key
            payment.mbank_status_text = status.text
            changed.append(payment)
            note(batch, status.key, status.text, payment)
    Payment.save(changed)
    now = utcnow()
    keys = sorted({s.key for s in reading.named.values()} | {
            f.status.key for f in reading.findings
            if f.kind == order_answer.UNNAMED})
    values = {
        'asked_at': now,
        'answered_at': now,
        'absent_at': None,
        'message': None,
        'status_key': ', '.join(keys) or None,
        'unassigned': _shown(batch, reading, payments),
        }
    if batch.state == SENT and (reading.named or batch.bank_group_id and any(
                f.kind == order_answer.UNNAMED for f in reading.findings)):
        # The bank has the group
        values['state'] = ACCEPTED
    batch.__class__.write([batch], values)


def _shown(batch, reading, payments):
    "What is not assigned, in words; it is added to the history"
    lines, missing, alarming = [], [], []
    for finding in reading.findings:
        payment = payments.get(finding.order)
        if finding.kind == order_answer.MISSING:
            missing.append(payment)
            continue
        lines.append((
                gettext(_MESSAGES[finding.kind],
                    order=finding.order or '-',
                    group=finding.status.group_id or '-',
                    payment=payment.rec_name if payment else '-',
                    states=in_words(', '.join(finding.keys)) or '-',
                    state=in_words(finding.status.key),
                    text=finding.status.text or ''),
                finding.status.key, payment,
                finding.kind in _DOUBTFUL))
    for order, status in reading.named.items():
        payment = payments[order]
        if status.final and payment.state == (
                'failed' if status.executed else 'succeeded'):
            lines.append((
                    gettext('mbank.msg_answer_payment_differs',
                        payment=payment.rec_name,
                        here=state_name(payment),
                        state=in_words(status.key)),
                    status.key, payment, True))
    if missing:
        lines.append((
                gettext('mbank.msg_answer_missing',
                    count=len(missing),
                    payments=', '.join(p.rec_name for p in missing[:SHOWN])),
                None, None, False))
    for text, key, payment, alarms in lines:
        if note_unassigned(batch, text, key, payment) and alarms:
            alarming.append(text)
    if alarming:
        telling.tell(
            batch, [
                u for u in telling.users_of('group_payment_send')
                if batch.company in u.companies],
            lambda batch: gettext(
                'mbank.msg_answer_alarm', batch=batch.rec_name),
            lambda batch: '\n'.join(alarming[:SHOWN]))
    texts = [text for text, *_ in lines]
    if len(texts) > SHOWN:
        texts[SHOWN:] = [gettext(
                'mbank.msg_answer_more', count=len(texts) - SHOWN)]
    return '\n'.join(texts) or None


def _settle_payments(batch_id, answer):
    Payment = Pool().get('account.payment')
    batch = order_keeping.locked(batch_id)
    reading = _read(batch, answer)
    succeeded, failed = [], []
    for payment in batch.payments:
        status = reading.named.get(payment.mbank_end_to_end_id)
        if status and status.final and payment.state == 'processing':
            (succeeded if status.executed else failed).append(payment)
    with Transaction().set_context(_mbank_answer=True), warnings_stop():
        if succeeded:
            Payment.succeed(succeeded)
        if failed:
            Payment.fail(failed)
    if batch.state == ACCEPTED and (state := _settled(batch, reading)):
        batch.state = state
        batch.save()


def _settled(batch, reading):
    "The state of a batch whose orders are all done with, or None"
    keys = [p.mbank_status_key for p in batch.payments]
    if (len(keys) != batch.order_count
            or not all(map(gateway.is_final, keys))
            or any(f.kind in _DOUBTFUL for f in reading.findings)):
        return None
    executed = [gateway.is_executed(k) for k in keys]
    if all(executed):
        return EXECUTED
    return PARTIAL if any(executed) else REJECTED


def fail_payments(batch_id, text):
    "None of the batch's orders will be executed"
    pool = Pool()
    Batch = pool.get('mbank.order.batch')
    Payment = pool.get('account.payment')
    payments = [
        p for p in Batch(batch_id).payments if p.state == 'processing']
    Payment.write(payments, {'mbank_status_text': text})
    with Transaction().set_context(_mbank_answer=True), warnings_stop():
        Payment.fail(payments)


def requester(batch):
    "The id of the user who asked for the batch to be sent, or None"
    return batch.requested_by.id if batch.requested_by else None


def ask_all():
    "Ask the bank for every batch that is open, each answer kept by itself"
    Batch = Pool().get('mbank.order.batch')
    for batch in Batch.search([('state', 'in', sorted(ASKABLE))]):
        with Transaction().set_context(context_of(batch.company)):
            try:
                ask(batch, user=requester(batch))
            except UserError as error:
                logger.warning(
                    "the state of batch %s is not known: %s", batch.id, error)
            except Exception:
                # One batch keeps no other from being asked for
                logger.exception("batch %s was not asked for", batch.id)

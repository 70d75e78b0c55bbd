# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is known of a batch at the bank, stored step by step.

The library decides what may become of an intent; here each intent it gives is
committed before the next call leaves, and the batch follows it.
"""
import datetime as dt

from trytond.i18n import gettext
from trytond.pool import Pool

from . import gateway, independent
from .exceptions import OrderBatchError
from .order_history import note
from .order_states import PREPARED, REFUSED, SENDING, SENT, UNKNOWN, WAITING


class Keeper:
    """Stores the intents of one attempt to send a batch.

    Each is committed when the call returns. known is the intent as it is
    stored, which others may have changed meanwhile.
    """

    def __init__(self, batch_id, attempt, intent):
        self._batch_id = batch_id
        self._attempt = attempt
        self._base = intent
        self.known = intent

    def __call__(self, intent):
        self.known = gateway.load_intent(independent.run(
                _keep, self._batch_id, self._attempt,
                gateway.dump_intent(self._base), gateway.dump_intent(intent)))
        self._base = intent


def _keep(batch_id, attempt, base, told):
    batch = locked(batch_id)
    if batch.attempts != attempt:
        # The bank was asked, and the same orders were sent once more
        raise OrderBatchError(gettext(
                'mbank.msg_batch_gone_on', batch=batch.rec_name))
    intent = gateway.load_intent(told)
    if batch.intent != base:
        intent = gateway.told_late(intent_of(batch), intent)
    follow(batch, intent)
    return batch.intent


def follow(batch, intent):
    "Store the intent; the state of the batch follows"
    now = dt.datetime.now()
    values = {
        'intent': gateway.dump_intent(intent),
        'task_id': intent.task_id,
        'bank_group_id': intent.group_id,
        }
    text = None
    fate = intent.fate.value
    if fate in {'handed_in', 'taken'}:
        if batch.state == WAITING:
            # It was to be sent again, but the bank has it
            batch.__class__.write([batch], {'state': UNKNOWN})
        if batch.state in {SENDING, UNKNOWN}:
            text = gettext('mbank.msg_batch_sent',
                reference=intent.group_id or intent.task_id or '-')
            values.update(
                state=SENT, sent_at=now, absent_at=None)
        # Of orders taken, what the bank found wrong all the same
        values['message'] = intent.reason
    elif fate == 'unknown' and batch.state in {SENDING, UNKNOWN}:
        values['state'] = UNKNOWN
        if batch.state == SENDING:
            # What was known of an earlier sending says nothing of this one
            values['absent_at'] = None
    elif fate == 'refused' and batch.state in {SENDING, UNKNOWN, SENT}:
        values.update(state=REFUSED, absent_at=None)
    elif fate == 'not_sent':
        if batch.state == SENDING and not batch.absent_at:
            values['state'] = PREPARED
        elif batch.state in {SENDING, UNKNOWN}:
            values.update(
                state=UNKNOWN, absent_at=batch.absent_at or now)
    batch.__class__.write([batch], values)
    if text:
        note(batch, text=text)


def new_intent(batch):
    "The intent to send the batch, which is about to leave"
    return gateway.new_intent(
        batch.company,
        client_order_group_id=batch.client_order_group_id,
        file_name=batch.file_name,
        data=bytes(batch.data),
        modified_at=batch.created_at.replace(tzinfo=dt.timezone.utc))


def intent_of(batch):
    "The intent that the batch stores; in doubt if a restored one has none"
    if batch.intent:
        return gateway.load_intent(batch.intent)
    return gateway.in_doubt(
        new_intent(batch), gettext('mbank.msg_batch_restored'))


def doubt(batch, text):
    "Whether the bank has the batch is not known here, whatever was before"
    intent = batch.intent
    if intent:
        intent = gateway.dump_intent(
            gateway.in_doubt(gateway.load_intent(intent), text))
    change(batch, text, state=UNKNOWN, absent_at=None, answered_at=None,
        intent=intent, message=text)


def change(batch, text, **values):
    "Change the batch and tell it in its history"
    batch.__class__.write([batch], values)
    if text:
        note(batch, text=text)


def locked(batch_id):
    "The batch, which nobody else changes until the transaction ends"
    Batch = Pool().get('mbank.order.batch')
    batch = Batch(batch_id)
    Batch.lock([batch])
    return batch

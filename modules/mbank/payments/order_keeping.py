# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is known of a batch at the bank, stored step by step.

The library decides what may become of an intent; here each intent it gives is
committed before the next call leaves, and the batch follows it.
"""

from trytond.i18n import gettext
from trytond.pool import Pool

from .. import gateway, independent, telling
from ..clock import aware, utcnow
from ..exceptions import OrderBatchError
from .order_history import note, note_unassigned
from .order_states import (
    NOT_AT_BANK, PREPARED, REFUSED, SENDING, SENT, UNKNOWN, WAITING)
from .order_status import state_name

# What is known of an intent that the bank has
_AT_BANK = {'handed_in', 'taken'}


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
        stored, error = independent.run(
            _keep, self._batch_id, self._attempt,
            gateway.dump_intent(self._base), gateway.dump_intent(intent))
        if error:
            raise OrderBatchError(error)
        self.known = gateway.load_intent(stored)
        self._base = intent


def _keep(batch_id, attempt, base, told):
    "What is stored now, and None; or None and why nothing was stored"
    batch = locked(batch_id)
    intent = gateway.load_intent(told)
    if batch.attempts != attempt:
        # The bank was asked, and the same orders were sent once more
        if intent.fate.value in _AT_BANK:
            _alarm(batch, 'mbank.msg_batch_late_attempt',
                reference=_reference(intent))
        return None, gettext(
            'mbank.msg_batch_gone_on', batch=batch.rec_name)
    if batch.intent != base:
        intent = gateway.told_late(intent_of(batch), intent)
    follow(batch, intent)
    return batch.intent, None


def _reference(intent):
    "What the bank calls the orders"
    return intent.group_id or intent.task_id or '-'


def _alarm(batch, message, **values):
    "Tell all who send orders of the company what may leave twice, once"
    values.update(batch=batch.rec_name)
    if note_unassigned(batch, gettext(message, **values)):
        telling.tell(
            batch, [
                u for u in telling.users_of('group_payment_send')
                if batch.company in u.companies],
            lambda batch: gettext(
                'mbank.msg_answer_alarm', batch=batch.rec_name),
            lambda batch: gettext(message, **values))


def follow(batch, intent):
    "Store the intent; the state of the batch follows"
    now = utcnow()
    values = {
        'intent': gateway.dump_intent(intent),
        'task_id': intent.task_id,
        'bank_group_id': intent.group_id,
        }
    text = None
    fate = intent.fate.value
    if fate in _AT_BANK:
        if batch.state == WAITING:
            # It was to be sent again, but the bank has it
            batch.__class__.write([batch], {'state': UNKNOWN})
        if batch.state in NOT_AT_BANK:
            # Its payments have failed and may have been paid otherwise
            _alarm(batch, 'mbank.msg_batch_late',
                reference=_reference(intent), state=state_name(batch))
        if batch.state in {SENDING, UNKNOWN} | NOT_AT_BANK:
            text = gettext(
                'mbank.msg_batch_sent', reference=_reference(intent))
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


def new_intent(batch, begun_at=None):
    "The intent to send the batch, which is about to leave"
    return gateway.new_intent(
        batch.company,
        client_order_group_id=batch.client_order_group_id,
        file_name=batch.file_name,
        data=bytes(batch.data),
        modified_at=aware(batch.created_at),
        begun_at=begun_at)


def intent_of(batch):
    "The intent that the batch stores; in doubt if a restored one has none"
    if batch.intent:
        return gateway.load_intent(batch.intent)
    # It left before the database was restored, if it did
    restored = Pool().get('mbank.database').get_singleton().restored
    return gateway.in_doubt(
        new_intent(batch, restored and aware(restored)),
        gettext('mbank.msg_batch_restored'))


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

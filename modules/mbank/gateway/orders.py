# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Orders: written, sent, asked after.

What is known of a batch on its way is an intent of the library: a value that
the batch stores as text, before each call. What may become of it is decided
in the library alone. Operations have the names of the contract  # L-015
"""
import datetime as dt
import hashlib
import json
from dataclasses import replace

from companynet.domain.order import (
    CreditTransfer, OrderBatch, OrderKind, Party)
from companynet.domain.order_intent import Event, Fate, OrderIntent
from companynet.domain.order_state import StatusKeys
from companynet.formats import pain001
from trytond.exceptions import UserError
from trytond.i18n import gettext

from ..clock import now
from ..exceptions import OrderBatchError, ProfileError
from .connection import bank_profile, with_session
from .errors import translated

#: From the decision to the call. When the bank's "not known" may be believed
#: is counted from the decision, so what has waited longer does not leave.
LEAVES_WITHIN = dt.timedelta(minutes=1)

# What a step brought, to be told again to an intent that has changed since
_EVENTS = {
    Fate.UNKNOWN: Event.DOUBT,
    Fate.HANDED_IN: Event.HANDED_IN,
    Fate.TAKEN: Event.TAKEN,
    Fate.REFUSED: Event.REFUSED,
    Fate.NOT_SENT: Event.NOT_SENT,
    }


def new_intent(
        company, *, client_order_group_id, file_name, data, modified_at,
        begun_at=None):
    """The intent to send an order file, which is about to leave.

    modified_at is an aware datetime, and so is begun_at, the time of the
    call if it is not given. It is stored before hand_in.
    """
    profile = bank_profile()
    return OrderIntent(
        endpoint=profile.endpoint,
        dik=company.mbank_dik,
        client_order_group_id=client_order_group_id,
        file_name=file_name,
        format=profile.order_format,
        sha256=hashlib.sha256(data).hexdigest(),
        modified_at=modified_at,
        begun_at=begun_at or now(),
        fate=Fate.SENDING)


def begin_again(intent):
    "The intent to send the same file once more, if the bank has it not"
    with translated():
        return intent.begin(now())


def load_intent(text):
    "The intent that a batch stores"
    with translated():
        return OrderIntent.from_json(json.loads(text), keys=_status_keys())


def dump_intent(intent):
    "The intent as the text that a batch stores"
    return json.dumps(intent.to_json(), ensure_ascii=False, sort_keys=True)


def in_doubt(intent, reason):
    "The intent of a sending whose process was killed"
    with translated():
        return intent.in_doubt(reason)


def not_sent(intent, reason):
    "The intent of a file that provably never left"
    with translated():
        return intent.after(Event.NOT_SENT, reason)


def declared_absent(intent, reason):
    "The intent of a batch that a person did not find in CompanyNet"
    with translated():
        return intent.declared_absent(now(), bank_profile(), reason)


def settled_at(intent):
    "Since when the bank's \"not known\" may be believed, aware"
    return intent.settled_at(bank_profile())


def can_ask(intent):
    "Whether there is anything by which the bank finds the batch"
    return bool(intent.questions(bank_profile()))


def told_late(stored, intent):
    "What a step brought, told to what was stored by others meanwhile"
    event = _EVENTS.get(intent.fate, Event.NOTHING)
    with translated():
        return stored.after(
            event, intent.reason, task_id=intent.task_id,
            group_id=intent.group_id, states=intent.states,
            not_known_at=intent.not_known_at)


def send_orders(session, company, intent, data, keep, *, account):
    """Hand the file of a stored intent in and wait for the bank's word.

    keep commits each intent it is given before it returns; account is the
    number that is debited. An error says nothing of the orders: what was
    kept last does. The bank's task is kept before it is asked about.

    Nothing leaves long after the intent began, for a process that was
    suspended say: by then others may believe that it is not there.
    """
    kept = []

    def send(bank, token, dik):
        if now() >= intent.begun_at + LEAVES_WITHIN:
            raise OrderBatchError(gettext('mbank.msg_batch_too_late'))
        return bank.sending.send(token, intent, data, note)

    def note(told):
        kept.append(told)
        keep(told)
    try:
        return with_session(
            'universalPaymentSend', session, company, send,
            account=account)
    except UserError as error:
        if not kept:
            # Nothing is kept only where no call was made
            keep(not_sent(intent, error.message))
        raise


def ask_orders(session, company, intent, orders, keep, *, account):
    """Ask by everything that is held, the bank's task first.

    orders are the identities of the orders. Returns (states, absent): the
    states the bank gave, None if it gave none; its words, if it said that it
    knows no such group. Only reads there, so it may be repeated.
    """
    states = absent = None
    known = intent

    def note(told):
        nonlocal known, states, absent
        if told.states is not known.states:
            states, absent = told.states.states, None
        elif told.not_known_at != known.not_known_at and told.not_known_at:
            absent = told.reason
        known = _of_orders(known, told, orders)
        keep(known)
    with_session(
        'getStatus', session, company,
        lambda bank, token, dik: bank.sending.ask(token, intent, note),
        account=account)
    return states, absent


def _of_orders(known, told, orders):
    """What was told, as far as it is of our orders.

    By our own identity the bank may find what is not ours: only states that
    name our orders show that it has them, and as which group.
    """
    if told.states is known.states or known.group_id:
        return told
    named = [s for s in told.states.states if s.end_to_end_id in orders]
    groups = {s.group_id for s in named if s.group_id}
    groups.discard(told.client_order_group_id)
    if not named or len(groups) > 1:
        return known.after(
            Event.NOTHING, "the bank names no order of the file",
            states=told.states)
    return replace(told, group_id=groups.pop() if groups else None)


def believes_absence():
    "Whether the bank would know an order group by our identity"  # L-700
    return bank_profile().absence_by_client_id


def _status_keys():
    """What the bank's keys mean.

    Where the profile cannot be read none is final: what is shown, and what a
    person decides, takes the order for one that may be at the bank.
    """
    try:
        return StatusKeys.of(bank_profile())
    except ProfileError:
        return StatusKeys(frozenset(), frozenset())


def is_final(key):
    "Whether an order does not change any more after the bank's key"
    return key in _status_keys().final


def is_executed(key):
    "Whether the bank's key says that the money left"
    return key in _status_keys().executed


def write_orders(batch):
    """The bytes of an order file, validated.

    batch is a dictionary named as the library's OrderBatch, its orders and
    their parties, with dates, Decimals and an aware created_at.
    """
    with translated():
        return pain001.write(OrderBatch(
                message_id=batch['message_id'],
                created_at=batch['created_at'],
                initiating_party=batch['initiating_party'],
                orders=tuple(map(_order, batch['orders']))))


def _order(values):
    return CreditTransfer(**{
            **values,
            'kind': OrderKind[values['kind'].upper()],
            'debtor': _party(values['debtor']),
            'creditor': _party(values['creditor']),
            })


def _party(values):
    return Party(**{
            **values,
            'address_lines': tuple(values.get('address_lines') or ()),
            })

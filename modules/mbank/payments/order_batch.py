# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Order batches: the file that leaves, its states, what people may do."""
import hashlib
import uuid

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.modules.currency.fields import Monetary
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import clock, gateway, independent
from ..clock import aware, local_text, utcnow
from ..exceptions import OrderBatchError
from ..keyring import restored
from ..rights import check_right, context_of, has_right
from ..sessions.authorisation import Authorisation
from ..transitions import MovingMixin
from . import (
    order_asking, order_keeping, order_leaving, order_sending, payment_order)
from .order_history import note_deed
from .order_states import (
    ASKABLE, CANCELLED, HERE, OPEN, PREPARED, SETTLED, STATES,
    TRANSITIONS, UNKNOWN, WAITING)
from .order_status import in_words, state_name

# What the bank is given is never changed: a resend is the same order
_fixed = {
    'company', 'group', 'client_order_group_id', 'message_id', 'file_name',
    'data', 'md5', 'created_at', 'debited_account', 'order_count', 'amount'}


class OrderBatch(MovingMixin, ModelSQL, ModelView):
    __name__ = 'mbank.order.batch'
    _rec_name = 'message_id'
    _transitions = TRANSITIONS
    _first_states = frozenset([PREPARED])
    _transition_error = OrderBatchError

    company = fields.Many2One(
        'company.company', "Head Office", required=True, readonly=True)
    group = fields.Many2One(
        'account.payment.group', "Payment Group", required=True,
        readonly=True, ondelete='RESTRICT')
    currency = fields.Function(fields.Many2One(
            'currency.currency', "Currency"), 'on_change_with_currency')
    payments = fields.One2Many(
        'account.payment', 'mbank_batch', "Payments", readonly=True)
    order_count = fields.Integer("Orders", required=True, readonly=True)
    amount = Monetary(
        "Amount", currency='currency', digits='currency', required=True,
        readonly=True)
    client_order_group_id = fields.Char(
        "Our Group Identity", required=True, readonly=True)
    message_id = fields.Char("Message Identity", required=True, readonly=True)
    file_name = fields.Char("File Name", required=True, readonly=True)
    data = fields.Binary(
        "Orders File", required=True, readonly=True, filename='file_name')
    md5 = fields.Char("MD5", required=True, readonly=True)
    debited_account = fields.Char("Debited Account", readonly=True)
    created_at = fields.DateTime("Made at", required=True, readonly=True)
    state = fields.Selection(
        STATES, "State", required=True, readonly=True, sort=False)
    message = fields.Text(
        "Message", readonly=True,
        states={
            'invisible': ~Eval('message'),
            })
    requested_by = fields.Many2One(
        'res.user', "Sent by", readonly=True, ondelete='RESTRICT')
    authorised_by = fields.Many2One(
        'res.user', "Authorised by", readonly=True, ondelete='RESTRICT',
        help="The user whose session the orders were sent on.")
    authorisation = fields.Function(fields.Text(
            "Authorisation",
            states={
                'invisible': ~Eval('authorisation'),
                },
            help="Whose session would authorise the sending by you."),
        'get_authorisation')
    waiting_since = fields.DateTime("Waiting since", readonly=True)
    attempts = fields.Integer("Attempts", required=True, readonly=True)
    sending_since = fields.DateTime("Sending since", readonly=True)
    sent_at = fields.DateTime("Sent at", readonly=True)
    absent_at = fields.DateTime(
        "Not Known to the Bank at", readonly=True,
        states={'invisible': ~Eval('absent_at')},
        help="When the bank said that it does not know this batch.")
    asked_at = fields.DateTime("Bank Asked at", readonly=True)
    answered_at = fields.DateTime("Bank Answered at", readonly=True)
    unassigned = fields.Text(
        "Not Assigned", readonly=True,
        states={
            'invisible': ~Eval('unassigned'),
            },
        help="What the bank said last that changed nothing: "
        "ask it, and look in CompanyNet.")
    intent = fields.Text(
        "Intent", readonly=True,
        help="What is known of the orders on their way, for the program.")
    task_id = fields.Char("Task at the Bank", readonly=True)
    bank_group_id = fields.Char("Bank's Group Identity", readonly=True)
    status_key = fields.Char("Key of State at the Bank", readonly=True)
    status = fields.Function(
        fields.Char("State at the Bank"), 'get_status')
    history = fields.One2Many(
        'mbank.order.batch.status', 'batch', "History", readonly=True)

    @classmethod
    def __setup__(cls):
        for name in ['client_order_group_id', 'message_id', 'bank_group_id']:
            getattr(cls, name).search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._order.insert(0, ('created_at', 'DESC'))
        cls._sql_constraints = [
            ('client_order_group_id_unique',
                Unique(t, t.client_order_group_id),
                'mbank.msg_batch_identity_unique'),
            ('message_id_unique', Unique(t, t.message_id),
                'mbank.msg_batch_identity_unique'),
            ]
        cls._sql_indexes.add(Index(
                t, (t.state, Index.Equality(cardinality='low')),
                where=t.state.in_(sorted(OPEN))))
        absent = Eval('absent_at', None)
        at_bank = Eval('task_id', None)
        cls._buttons.update({
                'send': {
                    'invisible': Eval('state') != 'prepared',
                    'depends': ['state'],
                    },
                'send_again': {
                    'invisible': (
                        (Eval('state') != 'unknown') | ~absent | at_bank),
                    'depends': ['state', 'absent_at', 'task_id'],
                    },
                'check_status': {
                    'invisible': ~Eval('state').in_(sorted(ASKABLE | SETTLED)),
                    'depends': ['state'],
                    },
                'declare_absent': {
                    'invisible': (
                        (Eval('state') != 'unknown') | absent | at_bank),
                    'depends': ['state', 'absent_at', 'task_id'],
                    },
                'cancel': {
                    'invisible': Eval('state') != 'prepared',
                    'depends': ['state'],
                    },
                'give_up': {
                    'invisible': (
                        (Eval('state') != 'unknown') | ~absent | at_bank),
                    'depends': ['state', 'absent_at', 'task_id'],
                    },
                })

    @classmethod
    def default_state(cls):
        return 'prepared'

    @classmethod
    def default_attempts(cls):
        return 0

    def get_status(self, name):
        return in_words(self.status_key)

    def get_authorisation(self, name):
        if (self.state in {'prepared', 'unknown'}
                and has_right('group_payment_send')):
            return Authorisation.explain(self.company, gateway.SEND)

    @fields.depends('group', '_parent_group.currency')
    def on_change_with_currency(self, name=None):
        return self.group.currency if self.group else None

    @classmethod
    def view_attributes(cls):
        state = Eval('state')
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(state.in_(['unknown', 'partial'])
                    | Bool(Eval('unassigned')), 'warning',
                    If(state.in_(['refused', 'rejected']), 'danger',
                        If(state == 'cancelled', 'muted',
                            If(state == 'executed', 'success', ''))))),
            ]

    @classmethod
    def check_modification(cls, mode, batches, values=None, external=False):
        super().check_modification(
            mode, batches, values=values, external=external)
        if mode == 'delete' or (mode == 'write' and values.keys() & _fixed):
            for batch in batches:
                raise AccessError(gettext(
                        'mbank.msg_batch_fixed', batch=batch.rec_name))

    @classmethod
    def copy(cls, batches, default=None):
        for batch in batches:
            raise AccessError(gettext(
                    'mbank.msg_batch_fixed', batch=batch.rec_name))
        return []

    @classmethod
    def make(cls, group, payments=None):
        """Make the batch of the group: its identities and bytes are fixed here

        payments are those of the group that go, all if they are not given.
        """
        pool = Pool()
        Date = pool.get('ir.date')
        Payment = pool.get('account.payment')
        with without_check_access():
            token = uuid.uuid4().hex
            now = utcnow()
            payments = list(group.payments if payments is None else payments)
            with Transaction().set_context(company=group.company.id):
                today = Date.today()
            orders = [
                payment_order.order(p, '%s-%06d' % (token[:24], n), today)
                for n, p in enumerate(payments, 1)]
            debtor = orders[0]['debtor']
            message_id = 'MBM%s' % token[:29]
            data = gateway.write_orders({
                    'message_id': message_id,
                    'created_at': aware(now),
                    'initiating_party': debtor['name'],
                    'orders': orders,
                    })
            batch = cls(
                company=group.company,
                group=group,
                order_count=len(orders),
                amount=sum(o['amount'] for o in orders),
                client_order_group_id='MBG%s' % token[:29],
                message_id=message_id,
                file_name='%s.xml' % message_id,
                data=data,
                md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
                debited_account=debtor['account'],
                created_at=now)
            batch.save()
            for payment, order in zip(payments, orders):
                payment.mbank_batch = batch
                payment.mbank_end_to_end_id = order['end_to_end_id']
                payment.mbank_instruction_id = order['instruction_id']
            Payment.save(payments)
            return batch

    @property
    def here(self):
        "Whether the orders never left: the bank was not asked to take them"
        return self.state in HERE and not self.absent_at and not self.task_id

    @classmethod
    def take_out(cls, payments, reason):
        """Replace batches that never left by new ones without the payments

        The bytes of a batch are fixed, so its rest becomes a batch with
        identities of its own, prepared; reason tells in a sentence why. The
        payments are locked with their batches, which stay as they are if
        their orders may be at the bank. Raises DatabaseRestoredError.
        """
        with without_check_access():
            by_batch = {}
            for payment in payments:
                if payment.mbank_batch and payment.mbank_batch.here:
                    by_batch.setdefault(
                        payment.mbank_batch, []).append(payment)
            if by_batch:
                # What a restored database takes for unsent may have left
                restored.check()
            for batch, gone in by_batch.items():
                batch._replace(gone, reason)

    def _replace(self, gone, reason):
        rest = [
            p for p in self.payments
            if p not in gone and p.state == 'processing']
        names = ', '.join(p.rec_name for p in gone)
        new = self.make(self.group, rest) if rest else None
        if new:
            text = gettext('mbank.msg_batch_replaced',
                payments=names, reason=reason, batch=new.rec_name)
            new.message = gettext('mbank.msg_batch_replaces',
                payments=names, reason=reason, batch=self.rec_name)
            new.save()
            note_deed(new, new.message)
        else:
            text = gettext('mbank.msg_batch_emptied',
                payments=names, reason=reason)
        self.state = CANCELLED
        self.message = text
        self.save()
        note_deed(self, text)

    @classmethod
    @ModelView.button
    def send(cls, batches):
        cls._request(batches, lambda b: b.state == PREPARED)

    @classmethod
    @ModelView.button
    def send_again(cls, batches):
        cls._request(
            batches, lambda b: (
                b.state == UNKNOWN and b.absent_at and not b.task_id))

    @classmethod
    def _request(cls, batches, allowed):
        check_right('group_payment_send')
        restored.check()
        user = Transaction().user
        with without_check_access():
            # Two requests at once: the second one is to see the first
            cls.lock(batches)
            batches = cls.browse(batches)
            for batch in batches:
                if not allowed(batch):
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_not_sendable',
                            batch=batch.rec_name,
                            state=state_name(batch)))
                # Looked at again when it leaves
                if found := order_leaving.obstacles(batch):
                    raise OrderBatchError(order_sending.sentence(found))
                Authorisation.for_use(
                    batch.company, gateway.SEND, user=user)
            cls.write(batches, {
                    'state': WAITING,
                    'waiting_since': utcnow(),
                    'requested_by': user or None,
                    'message': None,
                    })
            for batch in batches:
                cls.__queue__.send_waiting([batch])

    @classmethod
    def send_waiting(cls, batches):
        "Send the batches that wait, run by the queue"
        with without_check_access():
            for batch in batches:
                with Transaction().set_context(context_of(batch.company)):
                    order_sending.send(cls(batch.id))

    @classmethod
    @ModelView.button
    def check_status(cls, batches):
        check_right('group_payment_send')
        user = Transaction().user
        with without_check_access():
            for batch in cls.browse(batches):
                if batch.state not in ASKABLE | SETTLED:
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_not_askable',
                            batch=batch.rec_name,
                            state=state_name(batch)))
                with Transaction().set_context(context_of(batch.company)):
                    order_asking.ask(cls(batch.id), user=user)

    @classmethod
    @ModelView.button_action('mbank.wizard_order_batch_declare_absent')
    def declare_absent(cls, batches):
        "For a bank that does not find a batch by our identity"

    @classmethod
    @ModelView.button
    def cancel(cls, batches):
        check_right('group_payment_send')
        restored.check()
        with without_check_access():
            cls.lock(batches)
            for batch in cls.browse(batches):
                if batch.state != PREPARED:
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_not_cancellable',
                            batch=batch.rec_name,
                            state=state_name(batch)))
                batch._cancel(gettext('mbank.msg_batch_cancelled'))

    def _cancel(self, text):
        self.state = CANCELLED
        self.save()
        note_deed(self, text)
        order_asking.fail_payments(self.id, text)

    @classmethod
    @ModelView.button_action('mbank.wizard_order_batch_give_up')
    def give_up(cls, batches):
        "Cancel a batch that the bank turned out not to have"

    @classmethod
    def decide_absent(cls, batches, reason):
        "A person has looked in CompanyNet: the batches are not there"
        check_right('group_payment_send')
        with without_check_access():
            cls.lock(batches)
            for batch in cls.browse(batches):
                batch._check_unknown()
                if gateway.believes_absence():
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_ask_instead',
                            batch=batch.rec_name))
                intent = order_keeping.intent_of(batch)
                settled = gateway.settled_at(intent)
                if clock.now() < settled:
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_declare_later',
                            batch=batch.rec_name,
                            time=local_text(settled, batch.company)))
                text = gettext(
                    'mbank.msg_batch_declared_absent', reason=reason)
                order_keeping.follow(
                    batch, gateway.declared_absent(intent, text))
                note_deed(batch, text)

    @classmethod
    def decide_give_up(cls, batches, reason):
        "Cancel batches the bank does not have; their payments fail"
        check_right('group_payment_send')
        restored.check()
        with without_check_access():
            cls.lock(batches)
            for batch in cls.browse(batches):
                batch._check_unknown()
                if not batch.absent_at:
                    raise OrderBatchError(gettext(
                            'mbank.msg_batch_not_cancellable',
                            batch=batch.rec_name,
                            state=state_name(batch)))
                batch._cancel(gettext(
                        'mbank.msg_batch_given_up', reason=reason))

    def _check_unknown(self):
        "A person decides on what is unknown only after the bank was asked"
        if self.state != UNKNOWN:
            raise OrderBatchError(gettext(
                    'mbank.msg_batch_not_unknown',
                    batch=self.rec_name, state=state_name(self)))
        if self.task_id or self.bank_group_id:
            raise OrderBatchError(gettext(
                    'mbank.msg_batch_has_task', batch=self.rec_name,
                    task=self.task_id or self.bank_group_id))
        if gateway.can_ask(order_keeping.intent_of(self)):
            self.check_answered()

    def check_answered(self):
        "Raise if the bank has not answered for the batch just now"
        since = utcnow() - order_asking.FRESH
        if not self.answered_at or self.answered_at < since:
            raise OrderBatchError(gettext(
                    'mbank.msg_batch_ask_first', batch=self.rec_name,
                    minutes=order_asking.FRESH.seconds // 60))

    @classmethod
    def follow(cls):
        """Go on with what is open: lost tasks, unknown outcomes, states

        Run by cron. What was taken by a killed process becomes unknown; only
        the bank's answer makes it known again.
        """
        with without_check_access():
            independent.attempt(restored.tell_if_behind)
            independent.run(order_sending.mark_interrupted)
            independent.run(order_sending.queue_lost)
            order_asking.ask_all()

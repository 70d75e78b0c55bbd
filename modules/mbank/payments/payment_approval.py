# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Approving payments for mBank.

An approval holds all that the bank will get: it is kept with the payment and
the order is made of it. What differs from it when the order is to be made is
no longer approved.
"""

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, Workflow, fields
from trytond.model.exceptions import AccessError
from trytond.model.modelstorage import _record_eval_pyson
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .. import telling
from ..clock import local_text, utcnow
from ..exceptions import PaymentApprovalError
from ..rights import check_right
from . import payment_order
from .payment import by_mbank
from .payment_shown import shown_change, shown_order

# Of the host: written by its buttons, whatever a client sends
_OF_BUTTONS = {
    'state', 'group', 'submitted_by', 'approved_by', 'succeeded_by',
    'failed_by', 'clearing_move', 'clearing_reconciled'}


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    mbank_submitted_by = fields.Many2One(
        'res.user', "Submitted for mBank by", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_submitted_by')})
    mbank_approved_by = fields.Many2One(
        'res.user', "Approved for mBank by", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_approved_by')})
    mbank_approved_at = fields.DateTime(
        "Approved for mBank at", readonly=True,
        states={'invisible': ~Eval('mbank_approved_by')})
    mbank_order = fields.Text("Approved Order", readonly=True)
    mbank_order_hash = fields.Char(
        "Hash of Approved Order", readonly=True,
        states={'invisible': ~Eval('mbank_order_hash')})
    mbank_voided = fields.Text(
        "Why the Approval Is Void", readonly=True,
        states={'invisible': ~Eval('mbank_voided')})
    mbank_makers = fields.Function(fields.Many2Many(
            'res.user', None, None, "Made by",
            states={'invisible': Eval('process_method') != 'mbank'},
            help="Who made, changed or submitted the payment."),
        'get_mbank_makers')
    mbank_events = fields.One2Many(
        'mbank.payment.event', 'payment', "History", readonly=True,
        states={'invisible': Eval('process_method') != 'mbank'})

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # The host leaves it open for good
        cls.reference_type.states['readonly'] = Eval('state') != 'draft'

    @classmethod
    def _mbank_of_server(cls):
        "The names of what only the server writes: buttons and the bank"
        return {
            name for name, field in cls._fields.items()
            if name.startswith('mbank_') and field.readonly
            } | (_OF_BUTTONS & cls._fields.keys())

    @classmethod
    def _mbank_of_people(cls):
        "The names of what people fill in: who does so makes the payment"
        return {
            name for name, field in cls._fields.items()
            if not field.readonly and not isinstance(field, fields.Function)
            } - _OF_BUTTONS

    # Who made it

    @classmethod
    def get_mbank_makers(cls, payments, name):
        Maker = Pool().get('mbank.payment.maker')
        makers = {p.id: set() for p in payments}
        for payment in payments:
            makers[payment.id].update(
                u.id for u in [payment.create_uid, payment.mbank_submitted_by]
                if u and u.id)
        with without_check_access():
            for maker in Maker.search([
                        ('payment', 'in', list(makers))]):
                makers[maker.payment.id].add(maker.user.id)
        return {id_: sorted(users) for id_, users in makers.items()}

    @property
    def _mbank_all_makers(self):
        """The ids of the users who touched what the bank gets

        Those of the payment, and since it was made those of the records it
        is taken from: who changes the payee's account has made the order.
        """
        users = set(self.get_mbank_makers([self], 'mbank_makers')[self.id])
        users.update(
            user for _, user in payment_order.changes(self, self.create_date))
        return users - {None, 0}

    @property
    def _mbank_of_two_people(self):
        """Whether the journal requires two people, or has since it was made

        Who takes the rule from the journal does so for later payments only.
        """
        Log = Pool().get('ir.model.log')
        return self.journal.mbank_two_people or bool(Log.search([
                    ('resource', '=', str(self.journal)),
                    ('event', '=', 'write'),
                    ('target', 'like', '%mbank\\_two\\_people%'),
                    ('create_date', '>=', self.create_date),
                    ], limit=1))

    @classmethod
    def _note_makers(cls, payments):
        "The user of the transaction has made or changed the payments"
        Maker = Pool().get('mbank.payment.maker')
        transaction = Transaction()
        # Work done as root on behalf of somebody names them in the context
        user = transaction.user or transaction.context.get('user')
        if not user:
            return
        payments = [
            p for p in payments
            if not (p.create_uid and p.create_uid.id == user)]
        known = {
            m.payment for m in Maker.search([
                    ('payment', 'in', [p.id for p in payments]),
                    ('user', '=', user),
                    ])}
        Maker.create([
                {'payment': p.id, 'user': user}
                for p in payments if p not in known])

    @classmethod
    def on_modification(cls, mode, payments, field_names=None):
        super().on_modification(mode, payments, field_names=field_names)
        if mode == 'create' or (
                mode == 'write' and field_names & cls._mbank_of_people()):
            cls._note_makers(payments)

    # Ways in

    @classmethod
    def default_get(
            cls, fields_names=None, with_rec_name=True, with_default=True):
        # The context of a client fills in no field of the server, neither in
        # a wizard, which works without access being checked.
        transaction = Transaction()
        claimed = {f'default_{name}' for name in cls._mbank_of_server()}
        context = {
            name: value for name, value in transaction.context.items()
            if name not in claimed}
        with transaction.reset_context(), transaction.set_context(context):
            return super().default_get(
                fields_names, with_rec_name=with_rec_name,
                with_default=with_default)

    @classmethod
    def create(cls, vlist):
        transaction = Transaction()
        if transaction.user and transaction.check_access:
            of_server = cls._mbank_of_server()
            for values in vlist:
                for name in sorted(values.keys() & of_server):
                    if values[name] and (name, values[name]) != (
                            'state', 'draft'):
                        raise AccessError(gettext(
                                'mbank.msg_payment_of_server',
                                field=cls.__names__(name)['field']))
        return super().create(vlist)

    @classmethod
    def check_modification(cls, mode, payments, values=None, external=False):
        """Leave to the buttons what is theirs

        A client may send any field of a record it may write, readonly or
        not: the state too, without anybody's approval.
        """
        super().check_modification(
            mode, payments, values=values, external=external)
        of_server = cls._mbank_of_server()
        if mode == 'create':
            for payment in payments:
                filled = {
                    name for name in of_server
                    if not isinstance(cls._fields[name], fields.Function)
                    and getattr(payment, name)}
                if payment.state == 'draft':
                    filled.discard('state')
                if not external:
                    # Other modules make payments in states of theirs
                    filled -= _OF_BUTTONS
                if filled:
                    cls._refuse_change(payment, filled)
        elif mode == 'write' and external:
            touched = values.keys() & of_server
            for payment in payments:
                if touched:
                    cls._refuse_change(payment, touched)
                if payment.state == 'draft':
                    continue
                if ('journal' in values
                        and values['journal'] != payment.journal.id):
                    cls._refuse_change(payment, {'journal'})
                if (payment.process_method == 'mbank'
                        or payment.mbank_order_hash):
                    if fixed := {
                            n for n in values if payment._mbank_fixed(n)}:
                        cls._refuse_change(payment, fixed)

    @classmethod
    def _refuse_change(cls, payment, names):
        name = sorted(names)[0]
        raise AccessError(gettext(
                'mbank.msg_payment_fixed', payment=payment.rec_name,
                field=cls.__names__(name)['field']))

    def _mbank_fixed(self, name):
        "Whether a client shows the field as one not to be filled in now"
        field = self._fields[name]
        return bool(field.readonly or _record_eval_pyson(
                self, field.states.get('readonly', False)))

    @classmethod
    def copy(cls, payments, default=None):
        default = default.copy() if default is not None else {}
        for name in cls._mbank_of_server() - {'state'}:
            field = cls._fields[name]
            if not isinstance(field, (fields.Function, fields.One2Many)):
                default.setdefault(name)
        return super().copy(payments, default=default)

    # Buttons

    @classmethod
    @ModelView.button
    @Workflow.transition('submitted')
    def submit(cls, payments):
        super().submit(payments)
        payments = by_mbank(payments)
        for payment in payments:
            payment.check_mbank()
        cls._note_makers(payments)
        cls.write(payments, {
                'mbank_submitted_by': Transaction().user or None})

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, payments):
        super().draft(payments)
        for payment in payments:
            if payment.mbank_approved_by:
                payment._note_event(gettext('mbank.msg_payment_withdrawn'))
        cls.write(payments, {'mbank_submitted_by': None, **_NO_APPROVAL})

    @classmethod
    @ModelView.button
    @Workflow.transition('approved')
    def approve(cls, payments):
        for_mbank = by_mbank(payments)
        if for_mbank:
            check_right('group_payment_approve')
        if len(for_mbank) < len(payments):
            # Those who approve for mBank have the button, no more.
            check_right('group_payment_approval', 'account_payment')
        user = Transaction().user
        for payment in for_mbank:
            if not user:
                raise PaymentApprovalError(gettext(
                        'mbank.msg_payment_approved_by_nobody',
                        payment=payment.rec_name))
            payment.check_mbank()
            if (payment._mbank_of_two_people
                    and user in payment._mbank_all_makers):
                raise PaymentApprovalError(gettext(
                        'mbank.msg_payment_two_people',
                        payment=payment.rec_name,
                        journal=payment.journal.rec_name))
        super().approve(payments)
        values = payment_order.built(for_mbank)
        now = utcnow()
        to_write = []
        for payment in for_mbank:
            text = payment_order.frozen(payment, values[payment.id])
            to_write.extend([[payment], {
                        'mbank_approved_by': user,
                        'mbank_approved_at': now,
                        'mbank_order': text,
                        'mbank_order_hash': payment_order.hash_of(text),
                        'mbank_voided': None,
                        }])
        if to_write:
            cls.write(*to_write)
        for payment in for_mbank:
            payment._note_event(gettext(
                    'mbank.msg_payment_approved',
                    order=shown_order(payment, values[payment.id])))

    # Making of orders

    @classmethod
    def check_mbank_approved(cls, payments):
        """Raise if one is not approved, or not as it would leave now"""
        values = payment_order.built(payments)
        for payment in payments:
            content = payment_order.approved(payment)
            if payment.mbank_batch or not content:
                raise PaymentApprovalError(gettext(
                        'mbank.msg_payment_not_approved',
                        payment=payment.rec_name))
            if changed := payment_order.differences(
                    content, values[payment.id]):
                raise PaymentApprovalError(
                    payment._voiding_text(content, changed))

    @classmethod
    def process(cls, payments, group=None):
        """Make orders of what is as it was approved

        The approval of what is not is void; the others go on.
        """
        for_mbank = by_mbank(payments)
        if for_mbank:
            void = cls._void_changed(for_mbank)
            payments = [p for p in payments if p not in void]
        return super().process(payments, group=group)

    @classmethod
    def _void_changed(cls, payments):
        values = payment_order.built(payments)
        void = {}
        for payment in payments:
            if payment.state != 'approved':
                continue
            content = payment_order.approved(payment)
            if content:
                changed = payment_order.differences(
                    content, values[payment.id])
            elif payment.mbank_approved_by:
                changed = []
            else:
                # Never approved for mBank: the check refuses it
                continue
            if changed or not content:
                void[payment] = (content, changed)
        for payment, (content, changed) in void.items():
            payment._void(content, changed)
        return void

    def _void(self, content, changed):
        text = self._voiding_text(content, changed)
        concerned = {
            u for u in [
                self.mbank_approved_by, self.mbank_submitted_by,
                *self.mbank_makers]
            if u and u.active}
        if user := Transaction().user:
            concerned.add(Pool().get('res.user')(user))
        # Told in the language of each, before what is told of is written
        telling.tell(
            self, sorted(concerned, key=lambda u: u.id),
            lambda payment: gettext(
                'mbank.msg_payment_voided_label', payment=payment.rec_name),
            # What the bell tells has one line
            lambda payment: ' '.join(
                payment._voiding_text(content, changed).split()))
        self._note_event(text)
        cls = self.__class__
        cls.write([self], {
                'state': 'submitted',
                'approved_by': None,
                **_NO_APPROVAL,
                'mbank_voided': text,
                })
        cls.log([self], 'transition', 'state:submitted')

    def _voiding_text(self, content, changed):
        lines = [gettext(
                'mbank.msg_payment_voided', payment=self.rec_name,
                party=self.party.rec_name,
                user=(self.mbank_approved_by.rec_name
                    if self.mbank_approved_by else '?'),
                time=(local_text(self.mbank_approved_at, self.company)
                    if self.mbank_approved_at else '?'))]
        if not content:
            lines.append(gettext('mbank.msg_payment_approval_damaged'))
        for path, before, now in changed:
            lines.append(self._change_text(content, path, before, now))
        return '\n'.join(lines)

    def _change_text(self, content, path, before, now):
        name, before, now = shown_change(self, path, before, now)
        found = payment_order.changes(
            self, self.mbank_approved_at, content, path)
        if not found:
            return gettext(
                'mbank.msg_payment_changed_unknown', field=name,
                before=before, now=now)
        time, user = found[-1]
        User = Pool().get('res.user')
        return gettext(
            'mbank.msg_payment_changed', field=name, before=before, now=now,
            user=(User(user).rec_name if user
                else gettext('mbank.msg_payment_changed_by_process')),
            time=local_text(time, self.company))

    def _note_event(self, text):
        Event = Pool().get('mbank.payment.event')
        Event.create([{
                    'payment': self.id,
                    'at': utcnow(),
                    'user': Transaction().user or None,
                    'text': text,
                    }])


_NO_APPROVAL = dict.fromkeys([
        'mbank_approved_by', 'mbank_approved_at', 'mbank_order',
        'mbank_order_hash'])


class PaymentMaker(ModelSQL):
    "Who has changed a payment, beside who made the record"
    __name__ = 'mbank.payment.maker'

    payment = fields.Many2One(
        'account.payment', "Payment", required=True, ondelete='CASCADE')
    user = fields.Many2One(
        'res.user', "User", required=True, ondelete='RESTRICT')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('payment_user_unique', Unique(t, t.payment, t.user),
                'mbank.msg_payment_maker_unique'),
            ]


class PaymentEvent(ModelSQL, ModelView):
    __name__ = 'mbank.payment.event'

    payment = fields.Many2One(
        'account.payment', "Payment", required=True, readonly=True,
        ondelete='CASCADE')
    at = fields.DateTime("At", required=True, readonly=True)
    user = fields.Many2One(
        'res.user', "User", readonly=True, ondelete='RESTRICT')
    text = fields.Text("Text", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # Not by __access__: who may write a payment writes no history of it
        cls._order = [('at', 'DESC'), ('id', 'DESC')]

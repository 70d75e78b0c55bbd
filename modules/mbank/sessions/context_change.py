# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that changes what a session is unique in."""
from dataclasses import replace

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import independent
from ..exceptions import ConfigurationContextError
from ..rights import EntitledMixin, check_right
from . import contexts


class Configuration(metaclass=PoolMeta):
    __name__ = 'mbank.configuration'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'change_context': {
                    'icon': 'tryton-launch',
                    },
                })

    @classmethod
    @ModelView.button_action('mbank.wizard_context_change')
    def change_context(cls, configurations):
        check_right('group_mbank_admin')

    @classmethod
    def check_modification(
            cls, mode, configurations, values=None, external=False):
        super().check_modification(
            mode, configurations, values=values, external=external)
        if external and mode == 'write' and (
                'credentials_per_company' in values):
            wanted = bool(values['credentials_per_company'])
            for configuration in configurations:
                if wanted != bool(configuration.credentials_per_company):
                    cls._check_nothing_changes(wanted)

    @classmethod
    def _check_nothing_changes(cls, per_company):
        "Nobody changes the context of sessions without having been asked"
        cls.lock()
        plan = contexts.plan(per_company)
        if plan.fates or plan.default_users:
            raise ConfigurationContextError(gettext(
                    'mbank.msg_context_by_dialog', count=len(plan.fates)))


class ContextChange(EntitledMixin, Wizard):
    __name__ = 'mbank.context.change'
    _right = 'group_mbank_admin'

    start = StateView(
        'mbank.context.change.start',
        'mbank.context_change_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel', default=True),
            Button("Change", 'change', 'tryton-ok'),
            ])
    change = StateTransition()

    @without_check_access
    def default_start(self, fields):
        pool = Pool()
        Configuration = pool.get('mbank.configuration')
        Session = pool.get('mbank.session')
        check_right('group_mbank_admin')
        per_company = not Configuration(1).credentials_per_company
        plan = contexts.plan(per_company)
        return {
            'per_company': per_company,
            'agreed': plan.digest,
            'change': self._change(plan, per_company),
            'anew': (
                gettext('mbank.msg_context_anew')
                if self.start.agreed else None),
            'sessions': [{
                    'user': fate.user,
                    'user.': {'rec_name': session.user.rec_name},
                    'session': session.rec_name,
                    'fate': contexts.describe(replace(fate, without=())),
                    'without': contexts.names_of(fate.without),
                    'what': fate.what,
                    } for fate, session in (
                    (fate, Session(fate.session)) for fate in plan.fates)],
            'default_users': self._default_users(plan) or None,
            }

    @staticmethod
    def _change(plan, per_company):
        "What is changed, and what of that the list does not tell"
        lines = [gettext(
                'mbank.msg_context_to_companies' if per_company
                else 'mbank.msg_context_to_database')]
        if any(fate.without for fate in plan.fates):
            lines.append(gettext('mbank.msg_context_several'))
        lines.append(gettext(
                'mbank.msg_context_fates' if plan.fates
                else 'mbank.msg_context_no_fates'))
        return '\n'.join(lines)

    def _default_users(self, plan):
        pool = Pool()
        Company = pool.get('company.company')
        User = pool.get('res.user')
        return '\n'.join(
            gettext('mbank.msg_context_default_user',
                company=Company(company).rec_name, user=User(user).rec_name)
            if company else User(user).rec_name
            for company, user in plan.default_users)

    @without_check_access
    def transition_change(self):
        pool = Pool()
        Configuration = pool.get('mbank.configuration')
        check_right('group_mbank_admin')
        per_company = bool(self.start.per_company)

        def changed():
            return (
                bool(Configuration(1).credentials_per_company) == per_company)
        if independent.run(changed):
            # This request is run again, or another window was first.
            return 'end'
        revoked = independent.run(
            contexts.change, per_company, self.start.agreed)
        if revoked is None:
            return 'start'
        self._end_at_bank(revoked)
        return 'end'

    def _end_at_bank(self, session_ids):
        "What it cannot end, and the rest then, is left to the hourly check"
        Session = Pool().get('mbank.session')

        def pending():
            return [s.id for s in Session.search([
                        ('id', 'in', session_ids),
                        ('finish_pending', '=', True),
                        ])]
        Session.tell_ended(session_ids)
        for session_id in independent.run(pending):
            if not Session.finish(Session(session_id)):
                break

    def end(self):
        return 'reload'


class ContextChangeStart(ModelView):
    __name__ = 'mbank.context.change.start'

    per_company = fields.Boolean("Per Company", readonly=True)
    agreed = fields.Char("Agreed", readonly=True)
    change = fields.Text("Change", readonly=True)
    anew = fields.Text("Changed Meanwhile", readonly=True,
        states={
            'invisible': ~Bool(Eval('anew')),
            })
    sessions = fields.One2Many(
        'mbank.context.change.session', None, "Sessions", readonly=True,
        states={
            'invisible': ~Bool(Eval('sessions')),
            })
    default_users = fields.Text(
        "Default Authorising User Afterwards", readonly=True,
        states={
            'invisible': ~Bool(Eval('default_users')),
            })


class ContextChangeSession(ModelView):
    __name__ = 'mbank.context.change.session'

    user = fields.Many2One('res.user', "User", readonly=True)
    session = fields.Char("Session", readonly=True)
    fate = fields.Text("What Becomes of It", readonly=True)
    without = fields.Char("User Then without a Session for", readonly=True)
    what = fields.Char("Fate", readonly=True)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('what').in_([contexts.REVOKED, contexts.CANCELLED]),
                    'danger',
                    If(Bool(Eval('without')), 'warning',
                        If(Eval('what') == contexts.EXPIRED, 'muted', '')))),
            ]

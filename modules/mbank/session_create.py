# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import datetime as dt

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from . import gateway, independent, session_states, vault
from .company import is_dik
from .exceptions import (
    CertificateUnusableError, MBankError, SessionCreateError)
from .rights import check_right, has_right
from .sealed import ForgetfulMixin
from .session import local_text, zone_of


class SessionCreate(ForgetfulMixin, Wizard):
    __name__ = 'mbank.session.create'
    _forgotten = {'start': ['pin_password']}

    start = StateView(
        'mbank.session.create.start',
        'mbank.session_create_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Share", 'share_', 'tryton-forward', validate=False,
                states={
                    'invisible': ~Bool(Eval('shareable')),
                    }),
            Button("Create Session", 'create_', 'tryton-ok', default=True),
            ])
    create_ = StateTransition()
    result = StateView(
        'mbank.session.create.result',
        'mbank.session_create_result_view_form', [
            Button("Close", 'end', 'tryton-close'),
            Button("Share", 'share_', 'tryton-forward',
                states={
                    'invisible': ~Bool(Eval('shareable')),
                    }),
            Button("Open Session", 'open_', 'tryton-forward', default=True),
            ])
    open_ = StateAction('mbank.act_session_form')
    share_ = StateAction('mbank.wizard_session_share')

    @classmethod
    def check_access(cls):
        # The groups of the action can be left out by a forged action_id.
        super().check_access()
        check_right('group_session_create')

    @without_check_access
    def default_start(self, fields):
        pool = Pool()
        Session = pool.get('mbank.session')
        Certificate = pool.get('mbank.certificate')
        Configuration = pool.get('mbank.configuration')
        check_right('group_session_create')
        user = Transaction().user
        values = {
            'user': user,
            'diks': self._offered_diks(),
            'expires': self._today() + dt.timedelta(
                days=Configuration(1).default_life),
            }
        last = Session.search([
                ('user', '=', user),
                ('bank_user', '!=', None),
                ], order=[('id', 'DESC')], limit=1)
        if last:
            values['bank_user'] = last[0].bank_user
        certificates = [
            c for c in Certificate.search([('user', '=', user)])
            if not c.expired]
        if certificates:
            certificate = certificates[0]
            if last and last[0].certificate in certificates:
                certificate = last[0].certificate
            values['certificate'] = certificate.id
            values['expires'] = min(
                values['expires'], self._last_day(certificate))
        if current := self._current():
            values['current'] = current.rec_name
            values['shareable'] = (
                has_right('group_share') and not current.shared_from)
        return values

    def _offered_diks(self):
        "The head offices of the user; those of the context are chosen"
        pool = Pool()
        Configuration = pool.get('mbank.configuration')
        current = Transaction().context.get('company')
        only = Configuration(1).credentials_per_company
        return [{
                'covered': not only or company.id == current,
                'dik': company.mbank_dik,
                'company': company.id,
                'company.': {'rec_name': company.rec_name},
                } for company in self._companies() if company.mbank_dik]

    def _companies(self):
        User = Pool().get('res.user')
        return User(Transaction().user).companies

    @without_check_access
    def _company(self):
        "The head office the session is made for"
        Company = Pool().get('company.company')
        company = Transaction().context.get('company')
        allowed = self._companies()
        if company is not None and company in {c.id for c in allowed}:
            return Company(company)
        if allowed:
            return allowed[0]
        raise SessionCreateError(gettext('mbank.msg_session_no_company'))

    def _current(self):
        Session = Pool().get('mbank.session')
        if not self._companies():
            return None
        return Session.live_of(Transaction().user, self._company())

    def _zone(self):
        return zone_of(self._company() if self._companies() else None)

    def _today(self):
        return dt.datetime.now(self._zone()).date()

    def _last_day(self, certificate):
        return certificate.valid_to.replace(
            tzinfo=dt.timezone.utc).astimezone(self._zone()).date()

    @without_check_access
    def transition_create_(self):
        pin = self.start.pin_password or ''
        self._forget()
        check_right('group_session_create')
        request = 'wizard,%s' % self._session_id
        if (done := self._made_before(request)) is None:
            done = self._create(request, pin)
        self.result.session_id = done
        return 'result'

    def _made_before(self, request):
        """The session this dialog has made already, or None.

        The server runs a request again when the database had a conflict; the
        bank must not be asked again then.
        """
        Session = Pool().get('mbank.session')

        def find():
            sessions = Session.search([('request', '=', request)])
            return [(s.id, s.state, s.reason) for s in sessions]
        for id_, state, reason in independent.run(find):
            if state in session_states.PENDING:
                raise SessionCreateError(gettext(
                        'mbank.msg_session_pending_unique'))
            if state == session_states.REFUSED:
                raise SessionCreateError(reason)
            return id_

    def _create(self, request, pin):
        Session = Pool().get('mbank.session')
        company = self._company()
        diks = self._chosen_diks()
        certificate = self._chosen_certificate()
        end = self._chosen_end(certificate)
        bank_user = (self.start.bank_user or '').strip()
        if not bank_user:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_no_bank_user'))
        vault.check()
        content = vault.open_stored(certificate, 'content')
        signer = gateway.load_signer(content, pin)
        del content, pin

        key = Session.key_of(company)
        session_id = independent.run(
            Session.begin, diks,
            user=Transaction().user,
            company=company.id if key != 'database' else None,
            context_key=key,
            bank_user=bank_user,
            certificate=certificate.id,
            certificate_subject=certificate.subject,
            asked_end=end,
            request=request)
        token, bank_end, granted = self._ask_bank(
            signer, session_id, diks, bank_user, end)
        old_id = self._keep(
            session_id, token,
            min(bank_end, end, certificate.valid_to), granted)
        if old_id is not None:
            # What it could not end is ended by the daily check.
            old = Session(old_id)
            if not old.shared_from:
                Session.finish(old)
        return session_id

    def _ask_bank(self, signer, session_id, diks, bank_user, end):
        Session = Pool().get('mbank.session')
        try:
            return gateway.create_session(
                signer, diks=[d for d, _ in diks], bank_user=bank_user,
                end=end, session_id=session_id,
                company_id=self._company().id)
        except MBankError as error:
            if getattr(error, 'session_may_exist', False):
                reason = gettext(
                    'mbank.msg_session_may_exist',
                    reason=error.message,
                    end=local_text(end, self._company()))
                independent.run(Session.refuse, session_id, reason)
                raise SessionCreateError(reason) from error
            independent.run(Session.discard, session_id)
            raise
        except Exception:
            independent.run(
                Session.refuse, session_id,
                gettext('mbank.msg_session_outcome_unknown'))
            raise

    def _keep(self, session_id, token, end, granted):
        "Store the session; one that cannot be stored is ended at the bank"
        Session = Pool().get('mbank.session')
        try:
            return independent.run(
                Session.activate, session_id, token, end, granted)
        except Exception:
            gateway.discard_session(token, session_id)
            independent.run(Session.discard, session_id)
            raise

    # What was chosen

    def _chosen_diks(self):
        "The DIKs with their head offices, each once"
        companies = {
            c.mbank_dik: c.id for c in self._companies() if c.mbank_dik}
        chosen = {}
        for row in self.start.diks or []:
            dik = (row.dik or '').strip()
            if not row.covered or not dik:
                continue
            if not is_dik(dik):
                raise SessionCreateError(gettext(
                        'mbank.msg_session_dik_digits', dik=dik))
            chosen[dik] = companies.get(dik)
        if not chosen:
            raise SessionCreateError(gettext('mbank.msg_session_no_dik'))
        return list(chosen.items())

    def _chosen_certificate(self):
        certificate = self.start.certificate
        if (not certificate
                or certificate.user.id != Transaction().user):
            raise SessionCreateError(gettext(
                    'mbank.msg_session_no_certificate'))
        if certificate.expired:
            raise CertificateUnusableError(gettext(
                    'mbank.msg_certificate_expired',
                    certificate=certificate.name,
                    valid_to=local_text(
                        certificate.valid_to, self._company())))
        return certificate

    def _chosen_end(self, certificate):
        "The end of the chosen day, in UTC, at most that of the certificate"
        Configuration = Pool().get('mbank.configuration')
        Lang = Pool().get('ir.lang')
        lang = Lang.get()
        expires, today = self.start.expires, self._today()
        longest = today + dt.timedelta(days=Configuration(1).longest_life)
        last = self._last_day(certificate)
        if not expires or expires < today:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_past',
                    expires=lang.strftime(expires) if expires else '-'))
        if expires > last:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_certificate',
                    expires=lang.strftime(expires),
                    last=lang.strftime(last)))
        if expires > longest:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_longest',
                    expires=lang.strftime(expires),
                    longest=lang.strftime(longest)))
        end = dt.datetime.combine(
            expires, dt.time(23, 59, 59), tzinfo=self._zone())
        end = end.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return min(end, certificate.valid_to)

    # What was made

    def default_result(self, fields):
        """What the bank granted.

        Read beside this transaction, which may not see yet what was stored.
        """
        Session = Pool().get('mbank.session')
        session_id = self.result.session_id

        def read():
            session = Session(session_id)
            return {
                'session_id': session_id,
                'state': session.state_string,
                'user': session.user.rec_name,
                'bank_user': session.bank_user,
                'asked': session.asked_end,
                'end': session.end,
                'difference': session.difference,
                'shareable': has_right('group_share'),
                'diks': '\n'.join(
                    d.dik if not d.company
                    else '%s %s' % (d.dik, d.company.rec_name)
                    for d in session.diks if d.granted),
                }
        return independent.run(read)

    def do_open_(self, action):
        action['views'].reverse()
        return action, {'res_id': [self.result.session_id]}

    @without_check_access
    def do_share_(self, action):
        session_id = self.result.session_id
        if session_id is None and (current := self._current()):
            session_id = current.id
        return action, {
            'model': 'mbank.session',
            'id': session_id,
            'ids': [session_id] if session_id else [],
            }


class SessionCreateStart(ModelView):
    __name__ = 'mbank.session.create.start'

    user = fields.Many2One('res.user', "User", readonly=True)
    current = fields.Char("Present Session", readonly=True,
        states={
            'invisible': ~Bool(Eval('current')),
            },
        help="The new session takes its place.")
    shareable = fields.Boolean("Can Be Shared", readonly=True)
    diks = fields.One2Many(
        'mbank.session.create.dik', None, "DIK Numbers", required=True,
        help="The customer numbers the session covers. Those of the head "
        "offices are offered, others are typed in.")
    bank_user = fields.Char("User at mBank", required=True)
    certificate = fields.Many2One(
        'mbank.certificate', "Certificate", required=True,
        domain=[
            ('user', '=', Eval('user', -1)),
            ],
        help="The certificate of a qualified signature that is registered "
        "with the bank.")
    expires = fields.Date("Valid Until", required=True)
    pin_password = fields.Char("PIN", strip=False, required=True,
        help="Of the signature. It is used for the two signatures of this "
        "request and not stored.")


class SessionCreateDik(ModelView):
    __name__ = 'mbank.session.create.dik'

    covered = fields.Boolean("Covered")
    dik = fields.Char("DIK", required=True,
        states={
            'readonly': Bool(Eval('company')),
            })
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True)

    @classmethod
    def default_covered(cls):
        return True


class SessionCreateResult(ModelView):
    __name__ = 'mbank.session.create.result'

    session_id = fields.Integer("Session", readonly=True)
    shareable = fields.Boolean("Can Be Shared", readonly=True)
    state = fields.Char("State", readonly=True)
    user = fields.Char("User", readonly=True)
    bank_user = fields.Char("User at mBank", readonly=True)
    asked = fields.DateTime("End Asked For", readonly=True)
    end = fields.DateTime("End Granted", readonly=True)
    diks = fields.Text("DIKs Granted", readonly=True)
    difference = fields.Text("Granted Otherwise", readonly=True,
        states={
            'invisible': ~Bool(Eval('difference')),
            })

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person may choose and has chosen for a session to be created."""
import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import clock
from ..clock import local_text
from ..company import is_dik
from ..exceptions import CertificateUnusableError, SessionCreateError
from ..signing_ways import SERVER, WAYS
from .session_term import CHOSEN, TERMS, Limits


@dataclass(frozen=True)
class Choice:
    "What is asked of the bank, checked"

    company: object
    """The head office the session is made for."""

    diks: tuple
    """(DIK, id of its head office or None), the first is logged in for."""

    named_diks: tuple
    """(DIK, name of its head office or None), as diks."""

    bank_user: str
    """The user's id at the bank."""

    certificate: object
    """The certificate that must sign; None for any."""

    end: dt.datetime
    """The end asked for: naive, UTC."""


@without_check_access
def companies_of_user():
    "The head offices of the user"
    User = Pool().get('res.user')
    return User(Transaction().user).companies


def company_among(companies):
    "The head office of the context, else the first; None without any"
    current = Transaction().context.get('company')
    return next(
        (c for c in companies if c.id == current), next(iter(companies), None))


def last_day_of(certificate, company):
    "The day the certificate ends on at the head office"
    return clock.local(certificate.valid_to, company).date()


def limits_of(certificate, company):
    "The limits of a session signed with the certificate (None for any)"
    Configuration = Pool().get('mbank.configuration')
    today = clock.today(company)
    return Limits(
        today=today,
        longest=today + dt.timedelta(days=Configuration(1).longest_life),
        certificate=last_day_of(certificate, company) if certificate else None)


class ChoiceMixin:
    "The part of the dialog that offers and checks"

    @without_check_access
    def default_start(self, fields):
        pool = Pool()
        Session = pool.get('mbank.session')
        Configuration = pool.get('mbank.configuration')
        user = Transaction().user
        configuration = Configuration(1)
        values = {
            'user': user,
            'diks': self._offered_diks(),
            'ways': configuration.ways,
            'way': configuration.proposed_way,
            'expires': self._today() + dt.timedelta(
                days=configuration.default_life),
            }
        last = Session.search([
                ('user', '=', user),
                ('bank_user', '!=', None),
                ], order=[('id', 'DESC')], limit=1)
        if last:
            values['bank_user'] = last[0].bank_user
        certificate = self._proposed_certificate(last)
        if certificate:
            values['certificate'] = certificate.id
            values['expires'] = min(
                values['expires'], self._last_day(certificate))
        return values

    @without_check_access
    def _term_values(self, values):
        "The term of the day that is proposed, and the limits"
        Certificate = Pool().get('mbank.certificate')
        certificate = values.get('certificate')
        limits = limits_of(
            Certificate(certificate) if certificate else None, self._place())
        return {
            'term': limits.term_of(values['expires']),
            'limit': limits.text(),
            }

    @without_check_access
    def _chosen_before(self):
        "What was chosen before the person went back"
        start = self.start
        return {
            'user': start.user.id,
            'current': start.current,
            'shareable': start.shareable,
            'diks': [
                # A row that was typed in has but what was typed.
                self._dik_row(
                    row.covered, row.dik, getattr(row, 'company', None))
                for row in start.diks or []],
            'bank_user': start.bank_user,
            'ways': list(start.ways or []),
            'way': start.way,
            'certificate': start.certificate.id if start.certificate else None,
            'term': start.term,
            'expires': start.expires,
            'limit': start.limit,
            }

    def _proposed_certificate(self, last):
        "That of the last session, else the one that ends last"
        Certificate = Pool().get('mbank.certificate')
        certificates = [
            c for c in Certificate.search([
                    ('user', '=', Transaction().user)])
            if not c.expired]
        if last and last[0].certificate in certificates:
            return last[0].certificate
        return certificates[0] if certificates else None

    def _offered_diks(self):
        "The head offices of the user; those of the context are chosen"
        pool = Pool()
        Configuration = pool.get('mbank.configuration')
        current = Transaction().context.get('company')
        only = Configuration(1).credentials_per_company
        # Of head offices that share a DIK the current one stands for all
        return [
            self._dik_row(
                not only or any(c.id == current for c in companies),
                dik, companies[0])
            for dik, companies in self._by_dik().items()]

    def _by_dik(self):
        "The user's head offices by DIK, the current one first"
        current = Transaction().context.get('company')
        found = {}
        for company in self._companies():
            if company.mbank_dik:
                of_dik = found.setdefault(company.mbank_dik, [])
                of_dik.insert(
                    0 if company.id == current else len(of_dik), company)
        return found

    @staticmethod
    def _dik_row(covered, dik, company=None):
        row = {'covered': covered, 'dik': dik}
        if company:
            row.update({
                    'company': company.id,
                    'company.': {'rec_name': company.rec_name},
                    })
        return row

    @cached_property
    def _companies_of_user(self):
        return companies_of_user()

    def _companies(self):
        # Asked for often; each time would read all of them.
        return self._companies_of_user

    @without_check_access
    def _company(self):
        "The head office the session is made for"
        company = company_among(self._companies())
        if company is None:
            raise SessionCreateError(gettext('mbank.msg_session_no_company'))
        return company

    def _place(self):
        "The head office whose clock counts; None where there is none"
        return self._company() if self._companies() else None

    def _today(self):
        return clock.today(self._place())

    def _last_day(self, certificate):
        return last_day_of(certificate, self._place())

    def _choice(self, with_key):
        """What was chosen.

        with_key says that the certificate signs here, with its key; else one
        need not be chosen. Raises SessionCreateError with what is wrong.
        """
        company = self._company()
        diks = self._chosen_diks()
        certificate = self._chosen_certificate(with_key)
        end = self._chosen_end(certificate)
        bank_user = (self.start.bank_user or '').strip()
        if not bank_user:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_no_bank_user'))
        return Choice(
            company=company,
            diks=tuple(
                (dik, c.id if c else None) for dik, c in diks.items()),
            named_diks=tuple(
                (dik, c.rec_name if c else None) for dik, c in diks.items()),
            bank_user=bank_user, certificate=certificate, end=end)

    def _chosen_diks(self):
        "The DIKs with their head offices"
        companies = {d: c[0] for d, c in self._by_dik().items()}
        chosen = {}
        for row in self.start.diks or []:
            dik = (row.dik or '').strip()
            if not row.covered or not dik:
                continue
            if not is_dik(dik):
                raise SessionCreateError(gettext(
                        'mbank.msg_session_dik_digits', dik=dik))
            if dik in chosen:
                raise SessionCreateError(gettext(
                        'mbank.msg_session_dik_twice', dik=dik))
            chosen[dik] = companies.get(dik)
        if not chosen:
            raise SessionCreateError(gettext('mbank.msg_session_no_dik'))
        return chosen

    def _chosen_certificate(self, with_key):
        certificate = self.start.certificate
        if not certificate and not with_key:
            return None
        if (not certificate
                or certificate.user.id != Transaction().user):
            raise SessionCreateError(gettext(
                    'mbank.msg_session_no_certificate'))
        if with_key and not certificate.key_kept:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_no_key',
                    certificate=certificate.name))
        if certificate.expired:
            raise CertificateUnusableError(gettext(
                    'mbank.msg_certificate_expired',
                    certificate=certificate.name,
                    valid_to=local_text(
                        certificate.valid_to, self._company())))
        return certificate

    def _chosen_end(self, certificate):
        """The end of the chosen day, in UTC.

        At most that of the certificate, if one is chosen; else the end of
        the one that signs is seen to when the session is stored.
        """
        lang = Pool().get('ir.lang').get()
        limits = limits_of(certificate, self._place())
        expires = self.start.expires
        if not expires or expires < limits.today:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_past',
                    expires=lang.strftime(expires) if expires else '-'))
        if limits.certificate and expires > limits.certificate:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_certificate',
                    expires=lang.strftime(expires),
                    last=lang.strftime(limits.certificate)))
        if expires > limits.longest:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_longest',
                    expires=lang.strftime(expires),
                    longest=lang.strftime(limits.longest)))
        end = clock.last_second(expires, self._place())
        return min(end, certificate.valid_to) if certificate else end


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
    ways = fields.MultiSelection(WAYS, "Ways Allowed", readonly=True)
    way = fields.Selection(WAYS, "Way of Signing", required=True, sort=False,
        domain=[('way', 'in', Eval('ways', []))],
        help="On the workstation: by the signer, with a card, a cloud "
        "signature or a file; the PIN stays there.\n"
        "By hand: a text is downloaded, signed in any program and the "
        "signature uploaded, twice.\n"
        "With the key kept here: by a PKCS#12, or a key on the server.")
    way_string = way.translated('way')
    certificate = fields.Many2One(
        'mbank.certificate', "Certificate",
        domain=[
            ('user', '=', Eval('user', -1)),
            If(Eval('way') == SERVER, ('key_kept', '=', True), ()),
            ],
        states={
            'required': Eval('way') == SERVER,
            },
        help="The certificate of a qualified signature that is registered "
        "with the bank.\nIf it is empty any that the bank takes may sign on "
        "the workstation or by hand.")
    term = fields.Selection(TERMS, "Valid for", required=True, sort=False)
    expires = fields.Date("Valid Until", required=True)
    limit = fields.Char("Limit", readonly=True)

    @fields.depends('certificate')
    @without_check_access
    def _limits(self):
        company = company_among(companies_of_user())
        return limits_of(self.certificate, company)

    @fields.depends('term', methods=['_limits'])
    def on_change_term(self):
        if day := self._limits().day_of(self.term):
            self.expires = day

    @fields.depends('term', 'expires', methods=['_limits'])
    def on_change_expires(self):
        if self.expires != self._limits().day_of(self.term):
            self.term = CHOSEN

    @fields.depends(methods=['_limits', 'on_change_term'])
    def on_change_certificate(self):
        self.limit = self._limits().text()
        self.on_change_term()


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

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person may choose and has chosen for a session to be created."""
import datetime as dt
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from .company import is_dik
from .exceptions import CertificateUnusableError, SessionCreateError
from .session import local_text, zone_of


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


class ChoiceMixin:
    "The part of the dialog that offers and checks"

    @without_check_access
    def default_start(self, fields):
        pool = Pool()
        Session = pool.get('mbank.session')
        Certificate = pool.get('mbank.certificate')
        Configuration = pool.get('mbank.configuration')
        user = Transaction().user
        configuration = Configuration(1)
        values = {
            'user': user,
            'diks': self._offered_diks(),
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

    def _zone(self):
        return zone_of(self._company() if self._companies() else None)

    def _today(self):
        return dt.datetime.now(self._zone()).date()

    def _last_day(self, certificate):
        return certificate.valid_to.replace(
            tzinfo=dt.timezone.utc).astimezone(self._zone()).date()

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
        "The DIKs with their head offices, each once"
        companies = {c.mbank_dik: c for c in self._companies() if c.mbank_dik}
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
        Configuration = Pool().get('mbank.configuration')
        Lang = Pool().get('ir.lang')
        lang = Lang.get()
        expires, today = self.start.expires, self._today()
        longest = today + dt.timedelta(days=Configuration(1).longest_life)
        if not expires or expires < today:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_past',
                    expires=lang.strftime(expires) if expires else '-'))
        if certificate and expires > self._last_day(certificate):
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_certificate',
                    expires=lang.strftime(expires),
                    last=lang.strftime(self._last_day(certificate))))
        if expires > longest:
            raise SessionCreateError(gettext(
                    'mbank.msg_session_end_longest',
                    expires=lang.strftime(expires),
                    longest=lang.strftime(longest)))
        end = dt.datetime.combine(
            expires, dt.time(23, 59, 59), tzinfo=self._zone())
        end = end.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return min(end, certificate.valid_to) if certificate else end

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person may choose and has chosen for a session to be created."""
import datetime as dt
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import without_check_access

from .. import clock
from ..clock import local_text
from ..company import is_dik
from ..exceptions import CertificateUnusableError, SessionCreateError
from ..rights import has_right
from ..sessions.configuration import kinds_ticked
from .session_again import kind_values, propose_again


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

    kinds: tuple
    """What the session is for."""

    certificate: object
    """The certificate that must sign; None for any."""

    end: dt.datetime
    """The end asked for: naive, UTC."""


# What is proposed

@without_check_access
def proposed_values(place):
    "The page of the choice as it is opened"
    values = _usual_values(place)
    if place.renewed:
        propose_again(values, place)
    values.update(_term_values(values, place))
    if current := place.current:
        values['current'] = current.rec_name
        values['shareable'] = (
            has_right('group_share') and not current.shared_from)
    return values


def _usual_values(place):
    "What the settings and the user's last session propose"
    pool = Pool()
    Configuration = pool.get('mbank.configuration')
    Session = pool.get('mbank.session')
    configuration = Configuration(1)
    values = {
        'user': place.user,
        'diks': _offered_diks(place),
        'ways': configuration.ways,
        'way': configuration.proposed_way,
        **kind_values(configuration.kinds),
        'expires': place.today + dt.timedelta(
            days=configuration.default_life),
        }
    last = Session.search([
            ('user', '=', place.user),
            ('bank_user', '!=', None),
            ], order=[('id', 'DESC')], limit=1)
    if last:
        values['bank_user'] = last[0].bank_user
    certificate = _proposed_certificate(place, last)
    if certificate:
        values['certificate'] = certificate.id
        values['expires'] = min(
            values['expires'], place.last_day(certificate))
    return values


def _term_values(values, place):
    "The term of the day that is proposed, and the limits"
    Certificate = Pool().get('mbank.certificate')
    certificate = values.get('certificate')
    limits = place.limits(Certificate(certificate) if certificate else None)
    return {
        'term': limits.term_of(values['expires']),
        'limit': limits.text(),
        }


def _proposed_certificate(place, last):
    "That of the last session, else the one that ends last"
    Certificate = Pool().get('mbank.certificate')
    certificates = [
        c for c in Certificate.search([('user', '=', place.user)])
        if not c.expired]
    if last and last[0].certificate in certificates:
        return last[0].certificate
    return certificates[0] if certificates else None


def _offered_diks(place):
    "The head offices of the user; those of the context are chosen"
    Configuration = Pool().get('mbank.configuration')
    only = Configuration(1).credentials_per_company
    # Of head offices that share a DIK the current one stands for all
    return [
        _dik_row(
            not only or any(c.id == place.here for c in companies),
            dik, companies[0])
        for dik, companies in place.by_dik().items()]


def _dik_row(covered, dik, company=None):
    row = {'covered': covered, 'dik': dik}
    if company:
        row.update({
                'company': company.id,
                'company.': {'rec_name': company.rec_name},
                })
    return row


# What was chosen

@without_check_access
def chosen_before(start):
    "The page of the choice as the person left it, who went back to it"
    return {
        'user': start.user.id,
        'current': start.current,
        'shareable': start.shareable,
        'diks': [
            # A row that was typed in has but what was typed.
            _dik_row(row.covered, row.dik, getattr(row, 'company', None))
            for row in start.diks or []],
        'bank_user': start.bank_user,
        'ways': list(start.ways or []),
        'way': start.way,
        'certificate': start.certificate.id if start.certificate else None,
        'for_statements': start.for_statements,
        'for_payments': start.for_payments,
        'term': start.term,
        'expires': start.expires,
        'limit': start.limit,
        }


def read_choice(start, place, with_key):
    """What was chosen on the page start.

    with_key says that the certificate signs here, with its key; else one
    need not be chosen. Raises SessionCreateError or CertificateUnusableError
    with what is wrong.
    """
    company = place.head_office
    diks = _chosen_diks(start, place)
    kinds = kinds_ticked(start)
    if not kinds:
        raise SessionCreateError(gettext('mbank.msg_session_no_kind'))
    certificate = _chosen_certificate(start, place, with_key)
    end = _chosen_end(start, place, certificate)
    bank_user = (start.bank_user or '').strip()
    if not bank_user:
        raise SessionCreateError(gettext('mbank.msg_session_no_bank_user'))
    return Choice(
        company=company,
        diks=tuple((dik, c.id if c else None) for dik, c in diks.items()),
        named_diks=tuple(
            (dik, c.rec_name if c else None) for dik, c in diks.items()),
        bank_user=bank_user, kinds=kinds, certificate=certificate, end=end)


def _chosen_diks(start, place):
    "The DIKs with their head offices"
    companies = {d: c[0] for d, c in place.by_dik().items()}
    chosen = {}
    for row in start.diks or []:
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


def _chosen_certificate(start, place, with_key):
    certificate = start.certificate
    if not certificate and not with_key:
        return None
    if not certificate or certificate.user.id != place.user:
        raise SessionCreateError(gettext('mbank.msg_session_no_certificate'))
    if with_key and not certificate.key_kept:
        raise SessionCreateError(gettext(
                'mbank.msg_session_no_key', certificate=certificate.name))
    if certificate.expired:
        raise CertificateUnusableError(gettext(
                'mbank.msg_certificate_expired',
                certificate=certificate.name,
                valid_to=local_text(certificate.valid_to, place.company)))
    return certificate


def _chosen_end(start, place, certificate):
    """The end of the chosen day, in UTC.

    At most that of the certificate, if one is chosen; else the end of the
    one that signs is seen to when the session is stored.
    """
    lang = Pool().get('ir.lang').get()
    limits = place.limits(certificate)
    expires = start.expires
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
    end = clock.last_second(expires, place.company)
    return min(end, certificate.valid_to) if certificate else end

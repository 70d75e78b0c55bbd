# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What will be asked of the bank, said before it is."""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval

from .. import gateway
from ..clock import local_text
from ..sharing.share_states import LIVE as SHARES_LIVE
from ..signing_ways import BY_HAND, SERVER, WORKSTATION

BANK = 'mBank CompanyNet'
_NEXT_STEPS = {
    WORKSTATION: 'mbank.msg_review_workstation',
    BY_HAND: 'mbank.msg_review_by_hand',
    SERVER: 'mbank.msg_review_server',
    }


def review_values(choice, start, place):
    """The page before signing.

    choice is what was chosen on the page start, and checked.
    """
    with_key = start.way == SERVER
    pin_asked = with_key and choice.certificate.pin_asked
    next_step = _NEXT_STEPS[start.way]
    if with_key and not pin_asked:
        next_step = 'mbank.msg_review_server_no_pin'
    asked_for = gateway.kinds_text(choice.kinds)
    return {
        'bank': '%s, %s' % (BANK, gateway.endpoint()),
        'bank_user': choice.bank_user,
        'end': local_text(choice.end, choice.company),
        'way': start.way_string,
        'certificate': (
            choice.certificate.rec_name if choice.certificate
            else gettext('mbank.msg_review_any_certificate')),
        'diks': [{
                'dik': dik,
                'head_office': name or gettext(
                    'mbank.msg_review_no_head_office'),
                'asked_for': asked_for,
                } for dik, name in choice.named_diks],
        'current': start.current,
        'shared_with': _shared_with(place.current),
        'next_step': gettext(next_step),
        'pin_asked': pin_asked,
        }


def _shared_with(current):
    "Whom the present session is shared with"
    Share = Pool().get('mbank.share')
    if current is None:
        return None
    shares = Share.search([
            ('session', '=', current.id),
            ('state', 'in', sorted(SHARES_LIVE)),
            ])
    return '; '.join(share.rec_name for share in shares) or None


class SessionCreateReview(ModelView):
    __name__ = 'mbank.session.create.review'

    bank = fields.Char("Bank", readonly=True)
    bank_user = fields.Char("User at mBank", readonly=True)
    end = fields.Char("Valid Until", readonly=True)
    way = fields.Char("Way of Signing", readonly=True)
    certificate = fields.Char("Certificate", readonly=True)
    diks = fields.One2Many(
        'mbank.session.create.review.dik', None, "Asked For", readonly=True)
    current = fields.Char("Present Session", readonly=True,
        states={
            'invisible': ~Bool(Eval('current')),
            },
        help="The new session takes its place.")
    shared_with = fields.Char("The Present Session Is Shared with",
        readonly=True,
        states={
            'invisible': ~Bool(Eval('shared_with')),
            })
    next_step = fields.Char("What Comes Next", readonly=True)
    pin_asked = fields.Boolean("PIN Is Asked For", readonly=True)
    pin_password = fields.Char("PIN", strip=False,
        states={
            'invisible': ~Bool(Eval('pin_asked')),
            'required': Bool(Eval('pin_asked')),
            },
        help="Of the signature. It is used for the two signatures of this "
        "request and not stored.")


class SessionCreateReviewDik(ModelView):
    __name__ = 'mbank.session.create.review.dik'

    dik = fields.Char("DIK", readonly=True)
    head_office = fields.Char("Head Office", readonly=True)
    asked_for = fields.Char("For", readonly=True)

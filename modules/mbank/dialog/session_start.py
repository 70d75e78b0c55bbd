# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The first page of the dialog: what a person chooses for a session."""
from trytond.model import ModelView, fields
from trytond.pyson import Bool, Eval, If
from trytond.transaction import without_check_access

from ..rights import check_right
from ..signing_ways import SERVER, WAYS
from .session_place import place_of
from .session_term import CHOSEN, TERMS


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
    for_statements = fields.Boolean("Statements",
        help="The session may order and receive statements.")
    for_payments = fields.Boolean("Payments",
        help="The session may send payment orders and ask what became of "
        "them.")
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
        # Whoever calls it without the dialog learns of no certificate
        check_right('group_session_create')
        place = place_of()
        certificate = self.certificate
        if certificate and certificate.user.id != place.user:
            certificate = None
        return place.limits(certificate)

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

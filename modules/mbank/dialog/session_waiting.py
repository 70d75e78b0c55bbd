# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The pages of the dialog while somebody else signs."""
from trytond.model import ModelView, fields
from trytond.pyson import Bool, Eval


class SessionCreateWaiting(ModelView):
    __name__ = 'mbank.session.create.waiting'

    job = fields.Integer("Job", readonly=True)
    job_state = fields.Char("State of the Job", readonly=True)
    message = fields.Char("State", readonly=True)
    hint = fields.Text("Hint", readonly=True,
        states={
            'invisible': ~Bool(Eval('hint')),
            })
    installer = fields.Char("Installer", readonly=True,
        states={
            'invisible': ~Bool(Eval('installer')),
            })
    untaken = fields.Boolean("Untaken", readonly=True)
    may_sign_by_hand = fields.Boolean("May Sign by Hand", readonly=True)


class SessionCreateByHand(ModelView):
    __name__ = 'mbank.session.create.by_hand'

    job = fields.Integer("Job", readonly=True)
    round = fields.Integer("Round", readonly=True)
    step = fields.Char("Step", readonly=True)
    instructions = fields.Text("What to Do", readonly=True)
    text_file = fields.Binary(
        "Text to Sign", readonly=True, filename='text_file_name',
        help="Sign this file as it is; a changed or newly saved one does not "
        "serve.")
    text_file_name = fields.Char("File Name", readonly=True)
    encoding = fields.Char("Encoding", readonly=True)
    signature = fields.Binary(
        "Signature", required=True, filename='signature_name',
        help="The file the signing program made: detached CMS (PKCS#7, "
        "CAdES) with SHA-256 and the certificate inside, as DER, PEM or "
        "base64.")
    signature_name = fields.Char("Name of the Signature")


class SessionCreateOver(ModelView):
    __name__ = 'mbank.session.create.over'

    job = fields.Integer("Job", readonly=True)
    reason = fields.Text("Reason", readonly=True)

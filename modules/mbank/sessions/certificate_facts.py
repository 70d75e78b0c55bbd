# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is read from a certificate and kept of it, once and for all."""
from trytond.model import fields

from ..clock import utcnow


class CertificateFactsMixin:
    """A model that tells of a certificate.

    The facts are those of gateway.certificate_values, which gives a name
    too: what a record is called is each model's own.
    """
    __slots__ = ()

    subject = fields.Char("Subject", readonly=True)
    issuer = fields.Char("Issuer", readonly=True)
    serial = fields.Char("Serial Number", readonly=True)
    valid_from = fields.DateTime("Valid From", readonly=True)
    valid_to = fields.DateTime("Valid To", readonly=True)
    fingerprint = fields.Char("Fingerprint", required=True, readonly=True)
    expired = fields.Function(fields.Boolean("Expired"), 'get_expired')

    def get_expired(self, name):
        return bool(self.valid_to and self.valid_to <= utcnow())

    @property
    def certificate_facts(self):
        "The same, for another record"
        return {
            name: getattr(self, name) for name in [
                'subject', 'issuer', 'serial', 'valid_from', 'valid_to',
                'fingerprint']}

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The settings of settlement, for each head office."""
from decimal import Decimal

from trytond.model import ModelSingleton, ModelSQL, ModelView, fields
from trytond.modules.company.model import (
    CompanyMultiValueMixin, CompanyValueMixin)
from trytond.pool import Pool
from trytond.pyson import Eval

MODES = [
    ('automatic', "Automatic"),
    ('monitor', "Monitor"),
    ]

mode = fields.Selection(
    MODES, "Mode", required=True,
    help_selection={
        'automatic': "Entries settled with certainty get their lines.",
        'monitor': "Only proposals and reasons are shown, no line is made.",
        })
threshold = fields.Numeric(
    "Threshold", digits=(1, 2), required=True,
    domain=[
        ('threshold', '>=', Decimal('0.5')),
        ('threshold', '<=', 1),
        ],
    help="The score from which an unambiguous match is settled "
    "automatically.")
automatic_part = fields.Boolean(
    "Settle Part Payments",
    help="Settle part payments automatically "
    "when both the number and the party agree.")
post_settled = fields.Boolean(
    "Post Settled Statements",
    help="Validate and post statements as soon as "
    "all of their entries are settled.")


def clarification_account(company):
    return fields.Many2One(
        'account.account', "Clarification Account",
        domain=[
            ('type', '!=', None),
            ('closed', '!=', True),
            ('party_required', '=', False),
            ('company', '=', company),
            ],
        help="The account that takes what is left of the entries "
        "until it is explained.")


class Configuration(
        ModelSingleton, ModelSQL, ModelView, CompanyMultiValueMixin):
    __name__ = 'automatic_settlement.configuration'

    mode = fields.MultiValue(mode)
    threshold = fields.MultiValue(threshold)
    automatic_part = fields.MultiValue(automatic_part)
    clarification_account = fields.MultiValue(clarification_account(
            Eval('context', {}).get('company', -1)))
    post_settled = fields.MultiValue(post_settled)

    @classmethod
    def multivalue_model(cls, field):
        pool = Pool()
        return pool.get('automatic_settlement.configuration.value')

    @classmethod
    def default_mode(cls, **pattern):
        return cls.multivalue_model('mode').default_mode()

    @classmethod
    def default_threshold(cls, **pattern):
        return cls.multivalue_model('threshold').default_threshold()

    @classmethod
    def default_automatic_part(cls, **pattern):
        return cls.multivalue_model('automatic_part').default_automatic_part()

    @classmethod
    def default_post_settled(cls, **pattern):
        return cls.multivalue_model('post_settled').default_post_settled()


class ConfigurationValue(ModelSQL, CompanyValueMixin):
    __name__ = 'automatic_settlement.configuration.value'

    mode = mode
    threshold = threshold
    automatic_part = automatic_part
    clarification_account = clarification_account(Eval('company', -1))
    post_settled = post_settled

    @classmethod
    def default_mode(cls):
        return 'automatic'

    @classmethod
    def default_threshold(cls):
        return Decimal('0.85')

    @classmethod
    def default_automatic_part(cls):
        return False

    @classmethod
    def default_post_settled(cls):
        return False

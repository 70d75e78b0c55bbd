"""Tryton's own tests of every module."""
from trytond.modules.company.tests import CompanyTestMixin
from trytond.tests.test_tryton import ModuleTestCase


class AutomaticSettlementTestCase(CompanyTestMixin, ModuleTestCase):
    "The module keeps the rules every Tryton module keeps"
    module = 'automatic_settlement'


del ModuleTestCase

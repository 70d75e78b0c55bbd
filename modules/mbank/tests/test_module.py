from trytond.tests.test_tryton import ModuleTestCase


class MbankTestCase(ModuleTestCase):
    "The module keeps the rules every Tryton module keeps"
    module = 'mbank'


del ModuleTestCase

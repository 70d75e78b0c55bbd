# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Names of the contract become words, and kinds become names"
from itertools import combinations
from unittest import TestCase

from trytond.modules.mbank import gateway
from trytond.modules.mbank.gateway.kinds import Kind
from trytond.modules.mbank.gateway.operations import (
    operation_selection, operation_text)
from trytond.tests.test_tryton import activate_module, with_transaction


#: What an ERP asks for at most.
ERP_OPERATIONS = {name for kind in Kind for name in kind.operations}


class KindsTestCase(TestCase):
    "What is said of the operations, and what is asked for"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    def test_kinds_hold_each_operation_once(self):
        "Each operation a session is asked for is of one kind"
        names = [
            name for kind in gateway.KINDS
            for name in gateway.operations_of([kind])]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(set(names), ERP_OPERATIONS)
        self.assertEqual(
            gateway.operations_of(gateway.KINDS), sorted(ERP_OPERATIONS))
        for kind in gateway.KINDS:
            self.assertEqual(
                gateway.kinds_of(gateway.operations_of([kind])), (kind,))

    def test_a_use_is_covered_by_its_kind(self):
        for use in [
                gateway.FETCH, gateway.CONFIRM, gateway.SEND, gateway.ASK]:
            with self.subTest(use=use):
                self.assertTrue(
                    use.is_covered(gateway.operations_of([use.kind])))
                self.assertFalse(use.is_covered(gateway.operations_of(
                            set(gateway.KINDS) - {use.kind})))
                self.assertFalse(
                    use.is_covered(sorted(use.operations)[1:]))

    def test_each_kind_can_be_proven(self):
        for kind in gateway.KINDS:
            self.assertTrue(gateway.can_prove(gateway.operations_of([kind])))
        self.assertFalse(gateway.can_prove(['universalPaymentSend']))

    @with_transaction()
    def test_every_operation_of_the_contract_has_words(self):
        names = dict(operation_selection())
        self.assertLessEqual(ERP_OPERATIONS, names.keys())
        for name in names:
            self.assertNotEqual(name, operation_text(name))

    @with_transaction()
    def test_no_name_of_the_contract_is_said(self):
        for size in range(1, 7):
            for names in combinations(sorted(ERP_OPERATIONS), size):
                said = gateway.operations_text(names)
                said += gateway.missing_text([], names)
                self.assertFalse([n for n in ERP_OPERATIONS if n in said], said)

    @with_transaction()
    def test_words(self):
        self.assertEqual(
            gateway.operations_text(ERP_OPERATIONS), 'statements, payments')
        self.assertEqual(
            gateway.operations_text(
                ERP_OPERATIONS - {'confirmResponseReceived'}),
            'statements (without: confirming that statements were received), '
            'payments')
        self.assertEqual(
            gateway.missing_text(['getStatus'], ERP_OPERATIONS),
            'statements, asking whether orders were taken, sending orders')
        self.assertIsNone(
            gateway.missing_text(ERP_OPERATIONS, ERP_OPERATIONS))

    @with_transaction()
    def test_unknown_operations_say_their_name(self):
        self.assertEqual(
            gateway.operations_text(['getStatus', 'getSomething']),
            'payments (without: asking whether orders were taken, '
            'sending orders), getSomething')
        self.assertIsNone(gateway.operations_text([]))

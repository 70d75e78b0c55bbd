# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The tables of batches: what moves, and which order a state is about"
from itertools import product
from pkgutil import resolve_name
from unittest import TestCase

from trytond.modules.mbank.payments import order_answer as a
from trytond.modules.mbank.payments import order_states as s

OrderStatus = resolve_name('companynet.domain.order_state:OrderStatus')
STATES = [state for state, _ in s.STATES]
ALLOWED = {
    s.PREPARED: {s.WAITING, s.UNKNOWN, s.CANCELLED},
    s.WAITING: {s.PREPARED, s.UNKNOWN, s.SENDING, s.CANCELLED},
    s.SENDING: {s.PREPARED, s.UNKNOWN, s.SENT, s.REFUSED},
    s.UNKNOWN: {s.WAITING, s.SENT, s.REFUSED, s.CANCELLED},
    s.SENT: {s.ACCEPTED, s.REFUSED},
    s.ACCEPTED: {s.EXECUTED, s.PARTIAL, s.REJECTED},
    s.REFUSED: {s.SENT},
    s.CANCELLED: {s.SENT},
    }


class OrderStatesTestCase(TestCase):
    "The one table of transitions"

    def test_every_pair(self):
        "A batch moves along the table and in no other way"
        for before, after in product(STATES, STATES):
            with self.subTest(before=before, after=after):
                self.assertEqual(
                    s.TRANSITIONS.allow(before, after),
                    after in ALLOWED.get(before, set()))

    def test_what_may_be_at_the_bank_never_becomes_prepared(self):
        "Nothing the bank may have is as if it had never left"
        for before in s.ASKABLE | s.ENDED:
            self.assertFalse(s.TRANSITIONS.allow(before, s.PREPARED))

    def test_ended_is_ended(self):
        "No batch comes back, but for one that the bank has after all"
        self.assertEqual(
            {t for t in s.TRANSITIONS if t[0] in s.ENDED},
            {(s.REFUSED, s.SENT), (s.CANCELLED, s.SENT)})

    def test_every_state_has_a_kind(self):
        "Here, leaving, to be asked for, or ended"
        self.assertEqual(
            s.HERE | {s.SENDING} | s.ASKABLE | s.ENDED, set(STATES))


def read(*states, orders=('A', 'B'), group_id='G1', **final):
    "The reading of states (key, order[, group])"
    return a.read(
        [OrderStatus(key, group[0] if group else 'G1', order)
            for key, order, *group in states],
        {order: final.get(order) for order in orders},
        group_id=group_id, own_id='OURS')


def keys(reading):
    return {order: status.key for order, status in reading.named.items()}


def kinds(reading):
    return [f.kind for f in reading.findings if f.kind != a.MISSING]


class OrderAnswerTestCase(TestCase):
    "A state is about the order it names, in our group"

    def test_named(self):
        "What names our orders is theirs, the last state the newest"
        reading = read(
            ('TO_AUTH', 'A'), ('REALIZED', 'A'), ('DENIED', 'B', 'OURS'))
        self.assertEqual(keys(reading), {'A': 'REALIZED', 'B': 'DENIED'})
        self.assertFalse(reading.findings)

    def test_unnamed(self):
        "A state without reference is about no order, even if there is one"
        for orders in ['A', 'AB']:
            for order in [None, '']:
                reading = read(('REALIZED', order), orders=orders)
                self.assertFalse(reading.named)
                self.assertEqual(kinds(reading), [a.UNNAMED])

    def test_stranger(self):
        "An order of others, in our group or not, is nobody's here"
        self.assertEqual(
            kinds(read(('REALIZED', 'X'), ('REALIZED', 'A', 'G2'))),
            [a.STRANGER, a.OTHER_GROUP])

    def test_missing(self):
        "An order the bank did not list is open"
        self.assertEqual(
            [(f.kind, f.order) for f in read(('REALIZED', 'A')).findings],
            [(a.MISSING, 'B')])

    def test_contradiction(self):
        "States that exclude each other decide nothing"
        for pair in [
                ('REALIZED', 'DENIED'), ('DENIED', 'REALIZED'),
                ('REALIZED', 'TO_AUTH'), ('REALIZED', 'REALIZ_AND_COND')]:
            with self.subTest(pair=pair):
                reading = read(*((key, 'A') for key in pair))
                self.assertFalse(reading.named)
                self.assertEqual(kinds(reading), [a.CONTRADICTION])
        self.assertEqual(
            keys(read(('REALIZED', 'A'), ('REALIZED', 'A'))),
            {'A': 'REALIZED'})

    def test_after_final(self):
        "Nothing follows a final state"
        for key in ['DENIED', 'IN_REALIZ', 'REALIZ_AND_COND']:
            reading = read((key, 'A'), A='REALIZED')
            self.assertFalse(reading.named)
            self.assertEqual(kinds(reading), [a.AFTER_FINAL])
        self.assertEqual(
            keys(read(('REALIZED', 'A'), A='REALIZED')), {'A': 'REALIZED'})

    def test_group_is_told(self):
        "A group that is not known is that of the states naming our orders"
        reading = read(
            ('TO_AUTH', 'A', 'G7'), ('REALIZED', 'B', 'OURS'),
            ('REALIZED', 'X', 'G8'), group_id=None)
        self.assertEqual(reading.group_id, 'G7')
        self.assertEqual(keys(reading), {'A': 'TO_AUTH', 'B': 'REALIZED'})
        self.assertEqual(kinds(reading), [a.OTHER_GROUP])

    def test_groups_disagree(self):
        "Two groups that name our orders: none is ours"
        reading = read(
            ('REALIZED', 'A', 'G7'), ('REALIZED', 'B', 'G8'), group_id=None)
        self.assertFalse(reading.named)
        self.assertEqual(kinds(reading), [a.OTHER_GROUP] * 2)
        self.assertIsNone(reading.group_id)

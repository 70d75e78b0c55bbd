# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The table of the states of a signing job, for every pair."""
from itertools import product
from unittest import TestCase

from trytond.modules.mbank.signing import signing_states as s

STATES = [state for state, _ in s.STATES]
FAILURES = {s.FAILED, s.OUTDATED, s.CANCELLED}
ALLOWED = {
    s.WAITING: {s.TAKEN} | FAILURES,
    s.TAKEN: {s.HALF_SIGNED, s.DECLINED} | FAILURES,
    s.HALF_SIGNED: {s.DONE, s.DECLINED} | FAILURES,
    }


class SigningStatesTestCase(TestCase):
    "The one table of transitions"

    def test_every_pair(self):
        "A signing job moves along the table and in no other way"
        for before, after in product(STATES, STATES):
            with self.subTest(before=before, after=after):
                self.assertEqual(
                    s.TRANSITIONS.allow(before, after),
                    after in ALLOWED.get(before, set()))

    def test_every_state_has_a_kind(self):
        "A job is open or ended, and who signs has an open one"
        self.assertEqual(s.OPEN | s.ENDED, set(STATES))
        self.assertFalse(s.OPEN & s.ENDED)
        self.assertLess(s.SIGNING, s.OPEN)

    def test_ended_is_ended(self):
        "No job comes back"
        self.assertFalse([t for t in s.TRANSITIONS if t[0] in s.ENDED])

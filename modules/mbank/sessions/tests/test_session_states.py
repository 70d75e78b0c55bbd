# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The table of the states of a session, for every pair."""
from itertools import product
from unittest import TestCase

from trytond.modules.mbank.sessions import session_states as s

STATES = [state for state, _ in s.STATES]
ALLOWED = {
    s.DRAFT: {s.AWAITING, s.PROVING},
    s.AWAITING: {s.PROVING, s.REFUSED},
    s.PROVING: {s.ACTIVE, s.REFUSED, s.SUPERSEDED},
    s.ACTIVE: {s.EXPIRING, s.EXPIRED, s.REVOKED, s.SUPERSEDED},
    s.EXPIRING: {s.EXPIRED, s.REVOKED, s.SUPERSEDED},
    }


class SessionStatesTestCase(TestCase):
    "The one table of transitions"

    def test_every_pair(self):
        "A session moves along the table and in no other way"
        for before, after in product(STATES, STATES):
            with self.subTest(before=before, after=after):
                self.assertEqual(
                    s.TRANSITIONS.allow(before, after),
                    after in ALLOWED.get(before, set()))

    def test_every_state_has_a_kind(self):
        "A state is pending, live or ended"
        self.assertEqual(s.PENDING | s.LIVE | s.ENDED, set(STATES))
        self.assertFalse(
            s.PENDING & s.LIVE or s.LIVE & s.ENDED or s.PENDING & s.ENDED)

    def test_ended_is_ended(self):
        "No session comes back"
        self.assertFalse([t for t in s.TRANSITIONS if t[0] in s.ENDED])

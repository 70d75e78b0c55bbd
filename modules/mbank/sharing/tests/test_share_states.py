# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The tables of shares and of the inbox, for every pair"
from itertools import product
from unittest import TestCase

from trytond.modules.mbank.sharing import inbox_states as i
from trytond.modules.mbank.sharing import share_states as s

STATES = [state for state, _ in s.STATES]
ALLOWED = {
    s.SENDING: {s.SHARED, s.REVOKING, s.REVOKED, s.EXPIRED},
    s.SHARED: {s.REVOKING, s.REVOKED, s.EXPIRED},
    s.REVOKING: {s.REVOKED, s.EXPIRED},
    }
ROWS = {
    i.RECEIVED: {i.OPENED, i.REFUSED},
    i.REFUSED: {i.OPENED},
    }


class ShareStatesTestCase(TestCase):
    "The tables of transitions"

    def test_every_pair(self):
        "A share moves along the table and in no other way"
        for before, after in product(STATES, STATES):
            with self.subTest(before=before, after=after):
                self.assertEqual(
                    s.TRANSITIONS.allow(before, after),
                    after in ALLOWED.get(before, set()))

    def test_what_is_taken_back_is_never_shared_again(self):
        "No share comes back: another one is made"
        self.assertFalse(
            [t for t in s.TRANSITIONS if t[0] in s.ENDED])
        self.assertFalse(s.TRANSITIONS.allow(s.REVOKING, s.SHARED))

    def test_every_state_has_a_kind(self):
        "It may be used, is to be told of, or has ended"
        self.assertEqual(s.LIVE | s.OUTGOING | s.ENDED, set(STATES))
        self.assertFalse(s.ENDED & (s.LIVE | s.OUTGOING))

    def test_every_pair_of_a_row(self):
        "A row that was opened stays so: its share is opened once"
        states = [state for state, _ in i.STATES]
        for before, after in product(states, states):
            with self.subTest(before=before, after=after):
                self.assertEqual(
                    i.TRANSITIONS.allow(before, after),
                    after in ROWS.get(before, set()))

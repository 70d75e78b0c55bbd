# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The states of a signing job and the only moves between them."""
from ..transitions import Transitions

WAITING = 'waiting'
TAKEN = 'taken'
HALF_SIGNED = 'half_signed'
DONE = 'done'
DECLINED = 'declined'
FAILED = 'failed'
OUTDATED = 'outdated'
CANCELLED = 'cancelled'

STATES = [
    (WAITING, "Waiting"),
    (TAKEN, "Being Signed"),
    (HALF_SIGNED, "Half Signed"),
    (DONE, "Done"),
    (DECLINED, "Declined"),
    (FAILED, "Failed"),
    (OUTDATED, "Outdated"),
    (CANCELLED, "Cancelled"),
    ]

#: Somebody has the texts of the bank and may sign them.
SIGNING = frozenset([TAKEN, HALF_SIGNED])
#: Something can still come of it.
OPEN = frozenset([WAITING]) | SIGNING
#: Never leaves.
ENDED = frozenset([DONE, DECLINED, FAILED, OUTDATED, CANCELLED])

TRANSITIONS = Transitions([
        (WAITING, TAKEN),
        # The right was lost before anybody came for the job.
        (WAITING, FAILED),
        (WAITING, OUTDATED),
        (WAITING, CANCELLED),
        (TAKEN, HALF_SIGNED),
        (TAKEN, DECLINED),
        (TAKEN, FAILED),
        (TAKEN, OUTDATED),
        (TAKEN, CANCELLED),
        (HALF_SIGNED, DONE),
        (HALF_SIGNED, DECLINED),
        (HALF_SIGNED, FAILED),
        (HALF_SIGNED, OUTDATED),
        (HALF_SIGNED, CANCELLED),
        ])

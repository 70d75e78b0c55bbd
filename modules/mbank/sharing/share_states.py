# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The states of a share and the only moves between them."""
from ..transitions import Transitions

SENDING = 'sending'
SHARED = 'shared'
REVOKING = 'revoking'
REVOKED = 'revoked'
EXPIRED = 'expired'

STATES = [
    (SENDING, "Being Sent"),
    (SHARED, "Shared"),
    (REVOKING, "Being Revoked"),
    (REVOKED, "Revoked"),
    (EXPIRED, "Expired"),
    ]

#: Something is still to be told to the target.
OUTGOING = frozenset([SENDING, REVOKING])
#: The target may use it.
LIVE = frozenset([SENDING, SHARED])
#: Nothing follows.
ENDED = frozenset([REVOKED, EXPIRED])

TRANSITIONS = Transitions([
        (SENDING, SHARED),
        # The target may have been told, or may not: it is told of the end.
        (SENDING, REVOKING),
        # The target will not have it, or it is given up without a word.
        (SENDING, REVOKED),
        (SENDING, EXPIRED),
        (SHARED, REVOKING),
        # In a copy of the database nobody is told.
        (SHARED, REVOKED),
        (SHARED, EXPIRED),
        (REVOKING, REVOKED),
        # The target lets go of it by itself.
        (REVOKING, EXPIRED),
        ])

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The states of a long-lived session and the only moves between them."""
from ..transitions import Transitions

DRAFT = 'draft'
AWAITING = 'awaiting_signature'
PROVING = 'proving'
ACTIVE = 'active'
EXPIRING = 'expiring'
EXPIRED = 'expired'
REVOKED = 'revoked'
REFUSED = 'refused'
SUPERSEDED = 'superseded'

STATES = [
    (DRAFT, "Draft"),
    (AWAITING, "Awaiting Signature"),
    (PROVING, "Being Checked"),
    (ACTIVE, "Active"),
    (EXPIRING, "Expiring"),
    (EXPIRED, "Expired"),
    (REVOKED, "Revoked"),
    (REFUSED, "Refused"),
    (SUPERSEDED, "Superseded"),
    ]

#: Being made: at most one per user and context.
PENDING = frozenset([DRAFT, AWAITING, PROVING])
#: Authorises calls: at most one per user and context.
LIVE = frozenset([ACTIVE, EXPIRING])
#: Never leaves.
ENDED = frozenset([EXPIRED, REVOKED, REFUSED, SUPERSEDED])

TRANSITIONS = Transitions([
        (DRAFT, AWAITING),
        # A received share was signed in the database it comes from.
        (DRAFT, PROVING),
        (AWAITING, PROVING),
        (AWAITING, REFUSED),
        # The bank has made it; what it replaces is in force until the proof.
        (PROVING, ACTIVE),
        (PROVING, REFUSED),
        # A received share that waits, by a later one of the same source.
        (PROVING, SUPERSEDED),
        (ACTIVE, EXPIRING),
        (ACTIVE, EXPIRED),
        (ACTIVE, REVOKED),
        (ACTIVE, SUPERSEDED),
        (EXPIRING, EXPIRED),
        (EXPIRING, REVOKED),
        (EXPIRING, SUPERSEDED),
        ])

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The states of an order batch and the only moves between them."""
from ..transitions import Transitions

PREPARED = 'prepared'
WAITING = 'waiting'
SENDING = 'sending'
UNKNOWN = 'unknown'
SENT = 'sent'
ACCEPTED = 'accepted'
EXECUTED = 'executed'
PARTIAL = 'partial'
REJECTED = 'rejected'
REFUSED = 'refused'
CANCELLED = 'cancelled'

STATES = [
    (PREPARED, "Prepared"),
    (WAITING, "Waiting to Be Sent"),
    (SENDING, "Sending"),
    (UNKNOWN, "Unknown"),
    (SENT, "Sent"),
    (ACCEPTED, "At the Bank"),
    (EXECUTED, "Executed"),
    (PARTIAL, "Partly Executed"),
    (REJECTED, "Rejected by the Bank"),
    (REFUSED, "Refused"),
    (CANCELLED, "Cancelled"),
    ]

#: The bank was not asked to take anything, unless the batch waits to be sent
#: again.
HERE = frozenset([PREPARED, WAITING])
#: What became of the orders is still to come: asked for by itself.
ASKABLE = frozenset([UNKNOWN, SENT, ACCEPTED])
#: The bank has said its last word on every order. A person may still ask.
SETTLED = frozenset([EXECUTED, PARTIAL, REJECTED])
#: The bank surely has orders that are to be carried out, or were. An unknown
#: batch may be there, one that waits is not: neither is booked by nobody's
#: decision.
SURELY_AT_BANK = frozenset([SENT, ACCEPTED, EXECUTED, PARTIAL])
#: The bank never had the orders, or took none.
NOT_AT_BANK = frozenset([REFUSED, CANCELLED])
#: Never leaves any more.
ENDED = SETTLED | NOT_AT_BANK
OPEN = frozenset(state for state, _ in STATES) - ENDED

TRANSITIONS = Transitions([
        (PREPARED, WAITING),
        (PREPARED, CANCELLED),
        # In a database that was restored it may be with the bank.
        (PREPARED, UNKNOWN),
        # What may not leave does not: the batch is as it was.
        (WAITING, PREPARED),
        (WAITING, UNKNOWN),
        (WAITING, SENDING),
        (WAITING, CANCELLED),
        # Only what provably never left is prepared again.
        (SENDING, PREPARED),
        (SENDING, UNKNOWN),
        (SENDING, SENT),
        (SENDING, REFUSED),
        # The bank's answer, or a person who looked, is what resolves it.
        (UNKNOWN, WAITING),
        (UNKNOWN, SENT),
        (UNKNOWN, REFUSED),
        (UNKNOWN, CANCELLED),
        (SENT, ACCEPTED),
        (SENT, REFUSED),
        (ACCEPTED, EXECUTED),
        (ACCEPTED, PARTIAL),
        (ACCEPTED, REJECTED),
        # Only by the bank's own late word that it has the orders after all.
        (REFUSED, SENT),
        (CANCELLED, SENT),
        ])

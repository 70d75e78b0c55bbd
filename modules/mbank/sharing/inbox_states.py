# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The states of a row of the inbox and the only moves between them."""
from ..transitions import Transitions

#: Written by another database, which knows of no state.
RECEIVED = None
OPENED = 'opened'
REFUSED = 'refused'

STATES = [
    (RECEIVED, "Received"),
    (OPENED, "Opened"),
    (REFUSED, "Refused"),
    ]

TRANSITIONS = Transitions([
        (RECEIVED, OPENED),
        (RECEIVED, REFUSED),
        # A person tries it again.
        (REFUSED, OPENED),
        ])

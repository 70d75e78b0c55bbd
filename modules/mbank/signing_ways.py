# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The ways a session is signed."""

#: The key is at the user: a card, a cloud signature or a file, by the signer.
WORKSTATION = 'workstation'
#: The text is downloaded, signed in any program, the signature uploaded.
BY_HAND = 'by_hand'
#: The key is kept by the ERP, sealed, or is on the server.
SERVER = 'server'

WAYS = [
    (WORKSTATION, "On the Workstation"),
    (BY_HAND, "By Hand"),
    (SERVER, "With the Key Kept Here"),
    ]

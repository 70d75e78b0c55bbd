# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that makes and renews a session, and what opens it.

The top floor: it knows all rooms, and no room knows it.
"""

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sessions that databases of the group share.

Knows sessions, and no other wing.
"""

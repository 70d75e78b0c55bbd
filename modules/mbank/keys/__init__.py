# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keys on the server, which sign without a person.

Knows sessions, and no other wing.
"""

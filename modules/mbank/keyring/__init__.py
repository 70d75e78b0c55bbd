# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is secret is sealed, and which database may open it.

Knows the ground floor alone.
"""

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Each call of the bank's web service, kept where nobody changes it.

Knows the ground floor and the key ring.
"""

# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Payments: approved, sent once, and followed to their end.

Knows sessions, and no other wing.
"""

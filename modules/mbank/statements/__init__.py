# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Statements: downloaded, read in, and booked once.

Knows sessions, and no other wing.
"""

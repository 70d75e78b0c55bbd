# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The signing of a session by somebody elsewhere: jobs, routes, steps.

Knows sessions, and no other wing.
"""

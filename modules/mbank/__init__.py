# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The module: the routes of its rooms are known as soon as it is imported."""

from .signing import routes

__all__ = ['routes']

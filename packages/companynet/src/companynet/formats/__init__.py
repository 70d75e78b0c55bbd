"""Bytes to values and back, with no input or output of their own.

:func:`read_statements` reads any statement; :mod:`companynet.formats.pain001` writes and checks orders.
"""

from companynet.formats.detect import read_statements

__all__ = ["read_statements"]

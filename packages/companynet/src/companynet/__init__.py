"""A client of mBank CompanyNet: long-lived sessions, statements, payment orders, signatures, file formats.

Start at :class:`companynet.client.CompanyNet`. The library knows no ERP and keeps nothing between calls: it takes
values and returns values; what lasts is the caller's. Every error is a
:class:`companynet.errors.CompanyNetError`.
"""

from typing import Final

__version__: Final = "0.1.0"

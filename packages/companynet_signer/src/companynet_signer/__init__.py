"""Signs mBank CompanyNet's texts on the workstation of the person who holds the key."""

from typing import Final

__version__: Final = "0.1.0"

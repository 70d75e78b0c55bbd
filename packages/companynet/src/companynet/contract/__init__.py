"""The contract with the bank: a WSDL and an XSD of our own making.

They follow the publicly known names and shapes; the bank's own WSDL is a setting of the profile.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def wsdl_path() -> Path:
    """The WSDL shipped with the library."""
    return _HERE / "IBREService_v1_0.wsdl"


def schema_path() -> Path:
    """The XSD of its messages."""
    return _HERE / "IBREService_v1_0.xsd"

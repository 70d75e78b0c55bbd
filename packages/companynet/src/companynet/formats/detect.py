"""Which format the bytes of a statement have, told by their content."""

from companynet.domain.statement import Statement
from companynet.errors import FormatError
from companynet.formats.mt940 import read_mt940
from companynet.formats.text import decode


def read_statements(data: bytes, source: str, code_page: str | None = None) -> tuple[Statement, ...]:
    """Read all statements of a file, one an account block, in the order of the file.

    mBank's MT940 and MT942 are read whole; another bank's MT940 is read as far as the standard goes and says so
    in a problem. What does not fit is in ``problems``: such a statement must be looked at before it is used.

    Args:
        data: the file as it came. Its code page is chosen by what comes out; any but the bank's own ISO-8859-2 is
            named in a problem of the statement.
        source: its name, for messages.
        code_page: the page of the data where it is certain, as of :class:`companynet.statements.Report`; then
            nothing is chosen.

    Raises:
        FormatError: it is not a statement, or so damaged that account or currency cannot be told; the error
            names the source, the line and the reason.
    """
    decoded = decode(data, source, code_page)
    if decoded.text.lstrip().startswith("<"):
        raise FormatError(source, "line 1", "is XML; only MT940 and MT942 statements can be read")
    return read_mt940(decoded, source)

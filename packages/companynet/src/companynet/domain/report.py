"""A report of the bank as bytes that know whether their code page is certain."""

from typing import Self


class Report(bytes):
    """One file of the bank's, as bytes.

    A report that came as text has no code page: the library gave it one, and it is read with that one again. What
    came as bytes is in the page the bank, or whoever made it, took.
    """

    code_page: str | None
    """The page the library wrote the bytes in; None if they came as bytes, and the page must be chosen."""

    def __new__(cls, data: bytes, code_page: str | None = None) -> Self:
        """The report with these bytes."""
        made = super().__new__(cls, data)
        made.code_page = code_page
        return made


def code_page_of(report: bytes) -> str | None:
    """The page a report was written in by the library; None where it must be chosen."""
    page: str | None = getattr(report, "code_page", None)
    return page

"""What the schema of pain.001 cannot say: sums, ids used twice, accounts, characters and lengths."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lxml import etree

from companynet.domain.account import to_iban
from companynet.domain.statement import Problem
from companynet.formats.order_rules import ADDRESS, ADDRESS_LINES, IDENTIFIER, NAME, TITLE

_TEXTS = {
    "MsgId": IDENTIFIER,
    "PmtInfId": IDENTIFIER,
    "InstrId": IDENTIFIER,
    "EndToEndId": IDENTIFIER,
    "Nm": NAME,
    "AdrLine": ADDRESS,
    "Ustrd": TITLE,
}


def check_document(root: etree._Element, namespace: str) -> tuple[Problem, ...]:
    """The problems of a parsed file beyond its schema."""
    return tuple(_Checker(root, namespace).problems())


class _Checker:
    def __init__(self, root: etree._Element, namespace: str) -> None:
        self._root = root
        self._prefix = f"{{{namespace}}}"

    def problems(self) -> Iterator[Problem]:
        """All problems, in the order of the checks."""
        for header in self._all(self._root, "GrpHdr"):
            yield from self._totals(header, self._root)
        for payment in self._all(self._root, "PmtInf"):
            yield from self._totals(payment, payment)
        yield from self._repeated("PmtInfId")
        yield from self._repeated("InstrId")
        yield from self._amounts()
        yield from self._accounts()
        yield from self._texts()

    def _all(self, element: etree._Element, tag: str) -> Iterator[etree._Element]:
        return element.iter(self._prefix + tag)

    def _totals(self, holder: etree._Element, scope: etree._Element) -> Iterator[Problem]:
        amounts = [_number(item) for item in self._all(scope, "InstdAmt")]
        count = holder.find(self._prefix + "NbOfTxs")
        if count is not None and _number(count) != len(amounts):
            yield _problem("count", f"says {_text(count)} orders, but there are {len(amounts)}", count)
        control = holder.find(self._prefix + "CtrlSum")
        if control is None or None in amounts:
            return
        total = sum((amount for amount in amounts if amount is not None), Decimal(0))
        if _number(control) != total:
            yield _problem("control_sum", f"says {_text(control)}, but the orders make {total}", control)

    def _repeated(self, tag: str) -> Iterator[Problem]:
        seen: Counter[str] = Counter()
        for element in self._all(self._root, tag):
            seen[_text(element)] += 1
            if seen[_text(element)] > 1:  # S-108, L-204
                yield _problem("repeated_id", f"{_text(element)!r} stands there more than once", element)

    def _amounts(self) -> Iterator[Problem]:
        for element in self._all(self._root, "InstdAmt"):
            amount = _number(element)
            exponent = amount.as_tuple().exponent if amount is not None else None
            if amount is None or amount <= 0 or not isinstance(exponent, int) or exponent < -2:
                text = f"{_text(element)!r} is not an amount of more than zero with at most two decimals"
                yield _problem("amount", text, element)

    def _accounts(self) -> Iterator[Problem]:
        for element in self._all(self._root, "IBAN"):
            try:
                to_iban(_text(element))
            except ValueError as error:
                yield _problem("account", str(error), element)

    def _texts(self) -> Iterator[Problem]:
        for tag, rule in _TEXTS.items():
            for element in self._all(self._root, tag):
                reason = rule.broken_by(element.text or "")
                if reason:
                    yield _problem("text", reason, element)
        for element in self._all(self._root, "PstlAdr"):
            lines = len(element.findall(self._prefix + "AdrLine"))
            if lines > ADDRESS_LINES:
                yield _problem("text", f"has {lines} address lines, more than {ADDRESS_LINES}", element)


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _number(element: etree._Element) -> Decimal | None:
    try:
        number = Decimal(_text(element))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _problem(code: str, text: str, element: etree._Element) -> Problem:
    name = etree.QName(element).localname
    return Problem(code, f"{name}: {text}", f"line {element.sourceline}, {name}")

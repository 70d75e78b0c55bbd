"""What a payment title tells by its form: split payment, KSeF number."""

import re

# S-103: /VAT/ at most 10 digits, comma, 2; /IDC/ at most 14; /INV/ at most 35; /TXT/ at most 33
_SPLIT_PAYMENT = re.compile(
    r"\s*/VAT/(?P<vat_amount>\d{1,10}[,.]\d{2})/IDC/(?P<seller_tax_id>[^/]{1,14})"
    r"/INV/(?P<invoice_number>.{1,35}?)(?:/TXT/(?P<text>.{0,33}))?\s*",
    re.IGNORECASE | re.ASCII,
)
# S-104
_KSEF = re.compile(r"(?<![0-9A-Z])(\d{10}-\d{8}-[0-9A-F]{12})-([0-9A-F]{2})(?![0-9A-Z])", re.IGNORECASE | re.ASCII)


def read_title(title: str) -> dict[str, str]:
    """The details a title holds.

    Returns:
        ``vat_amount`` (plain decimal), ``seller_tax_id``, ``invoice_number`` and ``text`` of a split payment;
        ``ksef`` if a KSeF number with a right checksum is in the title.
    """
    details: dict[str, str] = {}
    match = _SPLIT_PAYMENT.fullmatch(title)
    if match:
        details.update({name: value.strip() for name, value in match.groupdict().items() if value})
        details["vat_amount"] = details["vat_amount"].replace(",", ".")
    number = find_ksef(title)
    if number:
        details["ksef"] = number
    return details


def find_ksef(text: str) -> str | None:
    """The first KSeF number in the text whose checksum fits, in upper case."""
    for match in _KSEF.finditer(text):
        body, checksum = match[1].upper(), match[2].upper()
        if f"{crc8(body.encode('ascii')):02X}" == checksum:
            return f"{body}-{checksum}"
    return None


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07 and start value 0, as KSeF numbers use it.  # S-104"""
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc8_of(byte: int) -> int:
    for _bit in range(8):
        byte = ((byte << 1) ^ 0x07) & 0xFF if byte & 0x80 else byte << 1
    return byte


_CRC8 = tuple(map(_crc8_of, range(256)))  # S-104

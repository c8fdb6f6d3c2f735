"""Personal data in a text (clause d): what identifies a person to somebody who means harm."""

import re
from collections.abc import Iterator

_EMAIL = re.compile(r"\b[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\.[\w-]{2,63})+\b")
_PHONE = re.compile(
    r"(?<![\w.])(?:"
    r"\+\d{1,3}[ .\-()]{0,2}(?:\d[ .\-()]{0,2}){6,12}\d"  # international
    r"|\(\d{2,4}\) ?\d{3}[ .-]?\d{3,5}"  # (area) number
    r"|\d{3}[.-]\d{3}[.-]\d{4}"  # North America
    r"|(?:phone|mobile|cell|tel|telephone|whatsapp|call me)\D{0,24}(?:\d[ .\-()]{0,2}){6,12}\d"
    r")(?!\w)"
)
_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)")
_IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?!\w)")
_IDENTITY = re.compile(
    r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"  # US social security
    r"|(?<!\w)(?![dfiquv])[a-z](?![dfiquvo])[a-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d](?!\w)"  # UK national insurance
    r"|(?:passport|licen[cs]e|national id|identity card|social security|tax id|ssn)"
    r" (?:number|no|nr|num)?\W{0,3}(?=[a-z]{0,3}\d)[a-z0-9]{6,12}(?!\w)"
)
_STREET = (
    r"\d{1,5}[a-z]? (?:[a-z]+ ){1,3}"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|terrace|crescent)"
)
_ADDRESS = re.compile(
    # A house number and street alone may be a film title or a sight; with a postcode or a home it is somebody's.
    rf"\b{_STREET}\b.{{0,40}}\b(?:\d{{5}}(?:-\d{{4}})?|[a-z]{{1,2}}\d[a-z\d]? ?\d[a-z]{{2}}|apt|apartment|flat)\b"
    rf"|\b(?:home address|lives? at|living at|address is|resid(?:es|ing) at)\b.{{0,30}}\b{_STREET}\b"
)


def kinds_of_personal_data(text: str) -> frozenset[str]:
    """Return which kinds stand in the lower-case ASCII text: card, e-mail, phone, bank account, identity, address."""
    return frozenset(_kinds(text))


def passes_luhn(digits: str) -> bool:
    """Tell whether a string of digits ends in its Luhn check digit (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def passes_iban(account: str) -> bool:
    """Tell whether an account number without spaces satisfies ISO 13616: its digits are 1 modulo 97."""
    turned = account[4:] + account[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _kinds(text: str) -> Iterator[str]:
    if _EMAIL.search(text):
        yield "e-mail"
    if _PHONE.search(text):
        yield "phone"
    if _IDENTITY.search(text):
        yield "identity number"
    if _ADDRESS.search(text):
        yield "address"
    if any(_is_card(re.sub(r"\D", "", match[0])) for match in _CARD.finditer(text)):
        yield "card"
    if any(passes_iban(match[0].replace(" ", "")) for match in _IBAN.finditer(text)):
        yield "bank account"


def _is_card(digits: str) -> bool:
    # Card numbers begin with 3 to 6; a row of one digit passes the sum and is a card of nobody.
    return digits[0] in "3456" and len(set(digits)) > 1 and passes_luhn(digits)

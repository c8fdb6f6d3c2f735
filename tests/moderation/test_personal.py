"""Personal data is told from the numbers that prompts are full of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.personal import kinds_of_personal_data, passes_iban, passes_luhn


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write +44 20 7946 0958 on the wall", "phone"),
        ("(415) 555-0123", "phone"),
        ("415-555-0123", "phone"),
        ("call me under 030 901820", "phone"),
        ("someone@example.org", "e-mail"),
        ("someone (at) example.org", "e-mail"),
        ("4111 1111 1111 1111", "card"),
        ("5500-0000-0000-0004", "card"),
        ("de89 3704 0044 0532 0130 00", "bank account"),
        ("078-05-1120", "identity number"),
        ("passport number x1234567", "identity number"),
        ("12 oak street, springfield 62704", "address"),
        ("she lives at 12 oak street", "address"),
    ],
)
def test_what_identifies_a_person_is_found(text: str, kind: str) -> None:
    assert kind in kinds_of_personal_data(text)


@pytest.mark.parametrize(
    "text",
    [
        "1920x1080, 35mm, f/1.8, iso 100",
        "seed 4294967295",
        "the year 1984-2024",
        "4111 1111 1111 1112",
        "10 downing street",
        "a scale model 1:72 of 747-400",
        "best quality++, 8k, 4k, 16k",
        "hex 000000 and 0000 0000 0000 0000",
        "a city street with 24 cars",
        "@everyone look",
        "license plate",
    ],
)
def test_ordinary_numbers_are_nobodys(text: str) -> None:
    assert not kinds_of_personal_data(text)


@given(st.integers(10**14, 10**15 - 1))
def test_exactly_one_check_digit_passes(stem: int) -> None:
    assert sum(passes_luhn(f"{stem}{digit}") for digit in range(10)) == 1


def test_an_iban_with_two_digits_swapped_fails() -> None:
    assert passes_iban("gb82west12345698765432")
    assert not passes_iban("gb82west12345698765423")

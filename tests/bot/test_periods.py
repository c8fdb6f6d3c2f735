"""Dates as people write them."""

from datetime import UTC, date, datetime

import pytest

from bot.periods import SUGGESTED, Period, read_period
from config.words import UserError

THURSDAY = date(2026, 11, 26)


def on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", on(2026, 11, 26), on(2026, 11, 27)),
        ("  Yesterday ", on(2026, 11, 25), on(2026, 11, 26)),
        ("this week", on(2026, 11, 23), on(2026, 11, 30)),
        ("last week", on(2026, 11, 16), on(2026, 11, 23)),
        ("this month", on(2026, 11, 1), on(2026, 12, 1)),
        ("last month", on(2026, 10, 1), on(2026, 11, 1)),
        ("this year", on(2026, 1, 1), on(2027, 1, 1)),
        ("last year", on(2025, 1, 1), on(2026, 1, 1)),
        ("2026", on(2026, 1, 1), on(2027, 1, 1)),
        ("2026-12", on(2026, 12, 1), on(2027, 1, 1)),
        ("2026-1-31", on(2026, 1, 31), on(2026, 2, 1)),
        ("2026-11-03 to 2026-11-10", on(2026, 11, 3), on(2026, 11, 11)),
        ("from last week to today", on(2026, 11, 16), on(2026, 11, 27)),
        ("from 2026-02", on(2026, 2, 1), None),
        ("until yesterday", None, on(2026, 11, 26)),
        ("to 2025", None, on(2026, 1, 1)),
    ],
)
def test_a_period_is_read(text: str, since: datetime | None, until: datetime | None) -> None:
    assert read_period(text, THURSDAY) == Period(since, until)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13", "2026-02-30", "0000", "9999", "26", "2026-11-10 to 2026-11-03", "today to", "² 2026", "-"],
)
def test_what_is_no_date_is_said_so(text: str) -> None:
    with pytest.raises(UserError, match="as a date"):
        read_period(text, THURSDAY)


def test_what_is_suggested_can_be_read() -> None:
    assert all(read_period(each, THURSDAY).since for each in SUGGESTED)

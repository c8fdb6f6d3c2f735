"""Stretches of time in words: today, last week, 2026-11, 2026-11-03 to 2026-11-10. Days are UTC's."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from config.words import UserError

SUGGESTED = ("today", "yesterday", "this week", "last week", "this month", "last month", "this year")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FIGURES = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
RANGE = re.compile(r"(?:from )?(.+?) to (.+)|from (.+)|(?:until|to) (.+)")

Days = tuple[date, date]  #: the first day, and the first after the last


@dataclass(frozen=True, slots=True)
class Period:
    """From the moment `since` on, before the moment `until`; None where it has no beginning, or no end."""

    since: datetime | None
    until: datetime | None


def read_period(text: str, today: date) -> Period:
    """Return the time that the words mean. Raises UserError where they mean none."""
    plain = " ".join(text.casefold().split())
    try:
        return _period(plain, today)
    except (ValueError, OverflowError) as error:  # there is no such day, or it lies outside of the calendar
        raise UserError("bot.date_unreadable", given=text[:40]) from error


def _period(plain: str, today: date) -> Period:
    found = RANGE.fullmatch(plain)
    if found is None:
        first, after = _days(plain, today)
        return Period(_start(first), _start(after))
    begin, end = found[1] or found[3], found[2] or found[4]
    since = None if begin is None else _start(_days(begin, today)[0])
    until = None if end is None else _start(_days(end, today)[1])
    if since is not None and until is not None and since >= until:
        raise ValueError("it ends before it begins")
    return Period(since, until)


def _days(plain: str, today: date) -> Days:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    match plain:
        case "today":
            return today, today + DAY
        case "yesterday":
            return today - DAY, today
        case "this week":
            return monday, monday + WEEK
        case "last week":
            return monday - WEEK, monday
        case "this month":
            return _month(today)
        case "last month":
            return _month(first - DAY)
        case "this year":
            return _year(today.year)
        case "last year":
            return _year(today.year - 1)
    return _figures(plain)


def _figures(plain: str) -> Days:
    """Return the days of a year, a month or a day in figures."""
    found = FIGURES.fullmatch(plain)
    if found is None:
        raise ValueError("no date")
    year, month, day = (None if part is None else int(part) for part in found.groups())
    assert year is not None, "the pattern has one"
    if month is None:
        return _year(year)
    if day is None:
        return _month(date(year, month, 1))
    return date(year, month, day), date(year, month, day) + DAY


def _month(day: date) -> Days:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year + 1, 1, 1)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

"""The search for pictures that look alike: what brute force finds, and what was made since the last question."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import fingerprints
from db.fingerprints import Alike, Fingerprints, Hashes
from db.never_again import NEAR, distance

PDQ = "5" * 64
HASHES = st.integers(0, 2**256 - 1)
FLIPS = st.sets(st.integers(0, 255), max_size=2 * NEAR)


def flipped(pdq: str, bits: int) -> str:
    return f"{int(pdq, 16) ^ (1 << bits) - 1:064x}"


@given(HASHES, st.lists(st.one_of(HASHES, FLIPS), max_size=40))
def test_it_finds_what_brute_force_finds(asked, others):
    near = [sum(1 << bit for bit in each) ^ asked if isinstance(each, set) else each for each in others]
    named = [(f"{place:010}", f"{each:064x}") for place, each in enumerate(near)]
    distances = [Alike(name, distance(f"{asked:064x}", pdq)) for name, pdq in named]

    assert Hashes.of(named).near(f"{asked:064x}") == sorted(
        (each for each in distances if each.bits <= NEAR), key=lambda each: each.bits
    )


def test_parts_are_searched_like_the_whole():
    parts = [Hashes.of([(str(bits), flipped(PDQ, bits))]) for bits in (NEAR, NEAR + 1, 0)]

    assert Hashes.joined(parts).near(PDQ) == [Alike("0", 0), Alike(str(NEAR), NEAR)]


@pytest.mark.parametrize("margin", [timedelta(), timedelta(days=1)])
async def test_each_question_knows_what_was_made_before_it(database, made, monkeypatch, margin):
    """Whether it is settled at once, or read again each time as earlier ones might still come."""
    monkeypatch.setattr(fingerprints, "MARGIN", margin)
    known = Fingerprints(database)
    first = await made(record={"pdq": flipped(PDQ, 7)})
    before = await known.near(PDQ)
    await made(record={"pdq": None, "width": 512})
    await made(record={"pdq": flipped(PDQ, NEAR + 1), "width": 512})
    second = await made(record={"pdq": PDQ, "width": 512})
    after = [await known.near(PDQ) for _ in range(2)]

    assert before == [Alike(first, 7)]
    assert after == [[Alike(second, 0), Alike(first, 7)]] * 2
    assert await known.near(flipped(PDQ, 256)) == []
    assert await known.sizes() == [(512, 64), (64, 64)]


async def test_what_is_settled_is_not_read_again(database, made, monkeypatch):
    monkeypatch.setattr(fingerprints, "MARGIN", timedelta())
    known, read = Fingerprints(database), []
    monkeypatch.setattr(fingerprints, "_hashes", lambda rows: read.append(len(rows)) or Hashes.of([]))
    await made()
    await known.sizes()
    await made()
    await known.sizes()
    await known.sizes()

    assert read == [1, 1]


async def test_many_records_are_read_in_parts(database, made, monkeypatch):
    monkeypatch.setattr(fingerprints, "PART", 2)
    monkeypatch.setattr(fingerprints, "MARGIN", timedelta())
    names = [await made(record={"pdq": flipped(PDQ, bits)}) for bits in range(5)]

    assert await Fingerprints(database).near(PDQ) == [Alike(name, bits) for bits, name in enumerate(names)]

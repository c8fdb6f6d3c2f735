"""What can be told of a picture's origin: by its file, and by the history as far as the asker may see it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.caller import Caller
from bot.gallery import Gallery
from bot.review import Review
from config.settings import Limits
from db.fingerprints import Alike, Fingerprints, Size
from db.history import Record
from db.jobs import Job, Jobs
from db.never_again import NEAR, distance
from jobs.clerk import Clerk
from provenance.identity import Identity
from provenance.search import Sighting, Way
from provenance.verify import Findings, Trace, examine, trace
from provenance.watermark import FOUND_AT

VERIFY_SECONDS = 60.0
SIZES = 4  # at which a mark is looked for: each takes time, and asks for more agreement
SHAPE = 0.02  # by which the shape of a scaled picture may differ, as sides are whole pixels
PART = 500  # of those that look alike, asked for at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found: in the file, and in the history as far as the asker may see it.

    `same` is the record of the very same file, `named` that of the id in the pixels, `alike` the nearest by
    fingerprint, `bits` of 256 away, where the picture is neither of them. `may_show` says whether the record may be
    shown in this place; `asked` is the request that it came of, for moderators alone.
    """

    findings: Findings
    sighting: Sighting
    record_id: str | None
    same: Record | None
    named: Record | None
    alike: Record | None
    bits: int | None
    may_show: bool
    asked: Job | None

    @property
    def record(self) -> Record | None:
        """The record that is told of: the one of the strongest evidence."""
        return self.same or self.named or self.alike

    @property
    def named_bits(self) -> int | None:
        """In how many of 256 bits the picture differs from the one whose id it carries."""
        return bits_between(self.findings, self.named)


class Verification:
    """Examines pictures for anybody. Raises UserError with the sentence for the person.

    One picture is in the clerk's hands at a time, so that finished ones wait for no more than one of them.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        gallery: Gallery,
        fingerprints: Fingerprints,
        jobs: Jobs,
        review: Review,
        clerk: Clerk,
        identity: Identity,
    ) -> None:
        self._turn = asyncio.Lock()
        self._limits = limits
        self._gallery = gallery
        self._fingerprints = fingerprints
        self._jobs = jobs
        self._review = review
        self._clerk = clerk
        self._identity = identity

    async def verify(self, caller: Caller, data: bytes) -> Evidence:
        """Return all that is found out about a file, and nothing of what the caller may not see."""
        async with self._turn:
            findings = await self._clerk.call(examine, data, self._limits, self._identity, timeout=VERIFY_SECONDS)
            traced = await self._trace(data, findings)
        record_id = findings.record_id or traced.record_id
        same, named = await self._same(caller, findings.sha256, record_id), await self._named(caller, record_id)
        is_known = same is not None or is_near(bits_between(findings, named))
        alike, bits = (None, None) if is_known else await self._alike(caller, findings.pdq)
        record = same or named or alike
        return Evidence(
            findings=findings,
            sighting=traced.sighting,
            record_id=record_id,
            same=same,
            named=named,
            alike=alike,
            bits=bits,
            may_show=record is not None and self._gallery.may_show(caller, record),
            asked=await self._asked(caller, record),
        )

    async def _trace(self, data: bytes, findings: Findings) -> Trace:
        """Return where the mark is: where it is not found as the picture is, it is looked for at length."""
        if findings.marked:
            found = Sighting(way=Way.AS_IS, agreement=findings.agreement, needed=FOUND_AT, size=findings.size)
            return Trace(found, findings.record_id)
        sizes = likely_sizes(findings.size, await self._fingerprints.sizes())
        return await self._clerk.call(trace, data, self._limits, sizes, timeout=VERIFY_SECONDS)

    async def _same(self, caller: Caller, sha256: str, record_id: str | None) -> Record | None:
        """Return the record of the file; of several, as reproductions are, the one whose id it carries."""
        found = await self._gallery.history.of_file(sha256, caller.user_id, caller.views)
        return next((each for each in found if each.id == record_id), found[0] if found else None)

    async def _named(self, caller: Caller, record_id: str | None) -> Record | None:
        if record_id is None:
            return None
        return await self._gallery.history.visible(record_id, caller.user_id, caller.views)

    async def _alike(self, caller: Caller, pdq: str | None) -> tuple[Record | None, int | None]:
        near = [] if pdq is None else await self._fingerprints.near(pdq)
        for start in range(0, len(near), PART):
            part = near[start : start + PART]
            seen = await self._gallery.history.among([each.record_id for each in part], caller.user_id, caller.views)
            if seen:
                return _nearest(part, seen)
        return None, None

    async def _asked(self, caller: Caller, record: Record | None) -> Job | None:
        """Return the request behind a record of the guild that the caller moderates."""
        if record is None or record.guild_id is None or record.guild_id != caller.guild_id:
            return None
        return await self._jobs.get(record.job_id) if self._review.is_moderator(caller) else None


def likely_sizes(size: Size, drawn: Sequence[Size]) -> list[Size]:
    """Return the sizes at which a picture may have been drawn: those drawn most, of the same shape."""
    width, height = size
    same = (each for each in drawn if abs(each[0] * height / (each[1] * width) - 1) <= SHAPE and each != size)
    return list(same)[:SIZES]


def is_near(bits: int | None) -> bool:
    """Say whether so few of 256 bits differ that it is taken for the same picture."""
    return bits is not None and bits <= NEAR


def bits_between(findings: Findings, record: Record | None) -> int | None:
    """Return in how many of 256 bits a picture differs from a record; None where one has no fingerprint."""
    if record is None or record.pdq is None or findings.pdq is None:
        return None
    return distance(findings.pdq, record.pdq)


def _nearest(near: Sequence[Alike], seen: Sequence[Record]) -> tuple[Record, int]:
    records = {each.id: each for each in seen}
    first = next(each for each in near if each.record_id in records)
    return records[first.record_id], first.bits

"""From an attempt's raw pixels to a record: who may see it, provenance, picture store."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from config.words import UserError
from db.history import History
from db.ids import new_record_id
from db.images import PictureDamaged, PictureStore
from db.tables.job import Job
from db.tables.record import NewRecord, Record, Showing
from inference.checkpoints import Checkpoint
from inference.protocol import Done, Pixels
from inference.request import ImageRequest
from jobs.clerk import Clerk
from jobs.reproduction import Verdict, compare
from jobs.screening import Screening
from moderation.pictures import Sight
from provenance.credentials import sign_made
from provenance.identity import Identity
from provenance.picture import Facts, Stamped
from provenance.stamp import stamp
from provenance.watermark import Method

STAMP_SECONDS = 120.0
MARKED_SIDE = 256  # pixels; smaller pictures may have too few blocks for the mark
VERSION = f"imagine-bot {version('imagine-bot')}"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finished:
    """What an attempt comes to: the records, for a reproduction its verdict, and why something was stopped."""

    records: list[NewRecord]
    verdict: Verdict | None = None
    refusal: UserError | None = None


class Finisher:
    """Marks, stores and describes the pictures of an attempt."""

    def __init__(
        self,
        *,
        checkpoints: Mapping[str, Checkpoint],
        history: History,
        screening: Screening,
        store: PictureStore,
        clerk: Clerk,
        identity: Identity,
        method: Method = Method.SVD,
    ) -> None:
        self._checkpoints = checkpoints
        self._history = history
        self._screening = screening
        self._store = store
        self._clerk = clerk
        self._identity = identity
        self._method = method

    async def finish(self, job: Job, request: ImageRequest, done: Done) -> Finished:
        """Return the records of every picture that was not stopped."""
        looks = zip(request.singles(), done.pictures, strict=True)
        seen = [await self._screening.look(job, single, pixels) for single, pixels in looks]
        kept = {index: Showing(each.sight) for index, each in enumerate(seen) if each.sight is not Sight.STOPPED}
        original = None if job.reproduces is None else await self._history.get(job.reproduces)
        first = None if original is None else await self._history.original(original)
        records = [
            await self._record(job, request.single(index), done.pictures[index], index, showing, first)
            for index, showing in kept.items()
        ]
        verdict = None if original is None or not records else await self._compare(original, records[0])
        stopped = [each for each in seen if each.sight is Sight.STOPPED]
        return Finished(records, verdict, await self._screening.keep(job, request, stopped) if stopped else None)

    async def _record(
        self, job: Job, alone: ImageRequest, pixels: Pixels, index: int, showing: Showing, original: Record | None
    ) -> NewRecord:
        checkpoint, record_id = self._checkpoints[alone.checkpoint], new_record_id()
        facts = replace(
            facts_of(checkpoint, alone, pixels.fingerprint, record_id if original is None else original.id),
            publish_prompt=(job if original is None else original).publishes_prompt,
        )
        sources = [await self._read(each) for each in alone.pictures]
        stamped = await self._clerk.call(
            stamp_file, pixels.path, facts, self._method, self._identity, sources, timeout=STAMP_SECONDS
        )
        if not stamped.mark_found and min(pixels.width, pixels.height) >= MARKED_SIDE:
            log.warning("picture %s: its watermark cannot be read back", record_id)
        await self._store.put(stamped.png)  # the file first: a row without a file would be a lie
        return NewRecord(
            id=record_id,
            index=index,
            showing=showing,
            sha256=stamped.sha256,
            pixels_sha256=stamped.pixels_sha256,
            pdq=stamped.pdq,
            mark_found=stamped.mark_found,
            width=pixels.width,
            height=pixels.height,
            prompt=alone.prompt,
            negative_prompt=alone.negative_prompt,
            seed=alone.seed,
            task=alone.task,
            checkpoint=alone.checkpoint,
            checkpoint_revision=checkpoint.weights.revision or pixels.fingerprint["weights"],
            sampler=alone.sampler,
            num_inference_steps=alone.num_inference_steps,
            guidance_scale=alone.guidance_scale,
            strength=alone.strength,
            factor=alone.factor,
            request=alone.to_dict(),
            fingerprint=pixels.fingerprint,
        )

    async def _compare(self, original: Record, again: NewRecord) -> Verdict:
        files = [await self._read(each.sha256) for each in (original, again)]
        return await self._clerk.call(compare, *files, original.fingerprint, again.fingerprint, timeout=STAMP_SECONDS)

    async def _read(self, sha256: str) -> bytes:
        try:
            return await self._store.read(sha256)
        except (FileNotFoundError, PictureDamaged) as error:
            raise UserError("jobs.source_gone") from error


def stamp_file(path: str, facts: Facts, method: Method, identity: Identity, sources: Sequence[bytes]) -> Stamped:
    """Mark and sign the picture whose pixels lie in an .npy file, made from others; runs in the clerk's process."""
    stamped = stamp(np.load(Path(path), allow_pickle=False), facts, method)
    signed = sign_made(stamped.png, facts, identity, sources)
    return replace(stamped, png=signed, sha256=sha256(signed).hexdigest())


def facts_of(checkpoint: Checkpoint, request: ImageRequest, fingerprint: Mapping[str, str], record_id: str) -> Facts:
    """Return what the picture says of itself; a reproduction says what its original said."""
    return Facts(
        record_id=record_id,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        num_inference_steps=request.num_inference_steps,
        sampler=request.sampler,
        guidance_scale=request.guidance_scale,
        seed=request.seed,
        width=request.width,
        height=request.height,
        checkpoint=checkpoint.name,
        checkpoint_hash=fingerprint["weights"],
        strength=request.strength,
        version=VERSION,
    )

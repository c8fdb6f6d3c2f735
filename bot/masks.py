"""Where a picture is drawn anew: as a file says, as words say, or as it was painted."""

import logging

import numpy as np
from numpy.typing import NDArray

from bot.admission import Admission
from bot.caller import Caller
from bot.regions import parse_region
from bot.wishes import Mask, Source
from bot.wording import shorten
from config.settings import Limits
from config.words import UserError
from db.images import PictureDamaged, PictureStore
from db.uploads import Uploads
from inference.contract import CheckpointUnusable
from inference.segmenting import find_by_words
from inference.viewers import Viewer
from jobs.clerk import Clerk
from provenance.masks import MadeMask, mask_of_boxes, mask_of_file, mask_of_probabilities, mask_of_transparency
from provenance.thumbnails import thumbnail

MASK_SECONDS = 30.0
FIND_SECONDS = 120.0  # the first call loads the network
BROWSER_SIDE = 2_048  # a phone shows no more, and its canvas holds no more
GIVEN_LENGTH = 60

log = logging.getLogger(__name__)


class Masks:
    """Makes masks in a clerk's process. Raises UserError with the sentence for the person.

    `finder` is the process that finds things by words, with `segmenter`; both are None where there is no such network.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        admission: Admission,
        uploads: Uploads,
        store: PictureStore,
        clerk: Clerk,
        finder: Clerk | None,
        segmenter: Viewer | None,
    ) -> None:
        self._limits = limits
        self._admission = admission
        self._uploads = uploads
        self._store = store
        self._clerk = clerk
        self._finder = finder
        self._segmenter = segmenter
        self._busy: set[int] = set()  #: people for whom a thing is looked for or waits for it

    async def of_file(self, caller: Caller, source: Source, data: bytes) -> Mask:
        """Return the mask that somebody sent or painted: what is transparent in it, or else what is white."""
        made = await self._clerk.call(mask_of_file, data, tuple(source.size), self._limits, timeout=MASK_SECONDS)
        return await self._keep(caller, source, made)

    async def of_transparency(self, caller: Caller, source: Source, data: bytes) -> Mask | None:
        """Return the mask of what is transparent in the file that the source was taken in from, if anything is."""
        made = await self._clerk.call(mask_of_transparency, data, self._limits, timeout=MASK_SECONDS)
        return None if made is None else await self._keep(caller, source, made)

    async def of_words(self, caller: Caller, source: Source, words: str) -> Mask:
        """Return the mask of a part of the picture, such as "left half", or of a thing in it."""
        region = parse_region(words)
        if region is None:
            return await self._keep(caller, source, await self._of_thing(caller, source, words))
        boxes = region.boxes(*source.size)
        made = await self._clerk.call(mask_of_boxes, boxes, tuple(source.size), region.inverted, timeout=MASK_SECONDS)
        return await self._keep(caller, source, made)

    async def for_browser(self, source: Source) -> bytes:
        """Return a copy of the picture to be painted on, as WebP."""
        return await self._clerk.call(thumbnail, await self._read(source), BROWSER_SIDE, timeout=MASK_SECONDS)

    async def check_words(self, caller: Caller, prompt: str, negative_prompt: str) -> None:
        """Refuse what the policy does not allow before somebody paints for it."""
        await self._admission.check_words(caller, prompt, negative_prompt)

    async def _of_thing(self, caller: Caller, source: Source, words: str) -> MadeMask:
        if self._finder is None or self._segmenter is None:
            raise UserError("bot.region_unknown", given=shorten(words, GIVEN_LENGTH))
        await self._admission.check_words(caller, words)
        if caller.user_id in self._busy:
            raise UserError("bot.one_search_at_a_time")
        self._busy.add(caller.user_id)
        try:
            seen = await self._find(self._finder, self._segmenter, await self._read(source), words)
        finally:
            self._busy.discard(caller.user_id)
        made = await self._clerk.call(mask_of_probabilities, seen, tuple(source.size), timeout=MASK_SECONDS)
        if made is None:
            raise UserError("bot.not_found_in_picture", given=shorten(words, GIVEN_LENGTH))
        return made

    async def _find(self, finder: Clerk, segmenter: Viewer, picture: bytes, words: str) -> NDArray[np.float32]:
        try:
            return await finder.call(find_by_words, segmenter, picture, words, timeout=FIND_SECONDS)
        except (CheckpointUnusable, OSError, ValueError) as error:
            log.exception("the network that finds things by words cannot be used")
            raise UserError("bot.cannot_find", given=shorten(words, GIVEN_LENGTH)) from error

    async def _read(self, source: Source) -> bytes:
        try:
            return await self._store.read(source.sha256)
        except (FileNotFoundError, PictureDamaged) as error:
            raise UserError("jobs.source_gone") from error

    async def _keep(self, caller: Caller, source: Source, made: MadeMask) -> Mask:
        """Store the mask as what the person sent: it stays as long, and goes with all that is kept about them."""
        sha256 = await self._store.put(made.png)
        await self._uploads.add(sha256, caller.user_id, *source.size)
        return Mask(sha256, made.box, made.share)

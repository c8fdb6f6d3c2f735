"""Pictures drawn again from an excerpt of the history alone, and compared with what they were."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from config.words import UserError
from inference.checkpoints import Checkpoint, first_check
from inference.executor import Executor, WorkerState
from inference.eyes import look_at_array
from inference.protocol import Done, Event, Failed, Pixels
from inference.request import ImageRequest
from jobs.attempt import attempt_of
from jobs.clerk import Clerk
from jobs.excerpt import Entry, Excerpt, sources_first
from jobs.finish import STAMP_SECONDS, facts_of, stamp_file
from moderation.judge import judge, speaks_of_the_young
from moderation.pictures import Sight, judge_picture
from moderation.policy_file import load_policy
from provenance.identity import Identity
from provenance.picture import Stamped
from provenance.watermark import Method

CHECK_SECONDS = 30.0
LOOK_SECONDS = 1_800.0  # the first look downloads the networks


@unique
class Outcome(StrEnum):
    """What came of an entry."""

    IDENTICAL = "identical"  #: the same pixels as before
    DIFFERENT = "different"  #: others
    FAILED = "failed"  #: none; the note says why


@dataclass(frozen=True, slots=True)
class Redrawn:
    """An entry, what came of it, and what there is to say of that."""

    id: str
    outcome: Outcome
    note: str = ""


class Rebuilder:
    """Draws what an excerpt names, each picture from those that were drawn before it; writes the files into a folder.

    The policy is asked of words and pictures as anywhere, as strictly as in an age-restricted channel; `eyes` look at
    what a closed world made of files, None where the world of every checkpoint is closed.
    """

    def __init__(
        self,
        *,
        checkpoints: Mapping[str, Checkpoint],
        executor: Executor,
        pictures: Clerk,
        prompts: Clerk,
        eyes: Clerk | None,
        policy: Path,
        identity: Identity,
        method: Method,
        out: Path,
    ) -> None:
        self._checkpoints = checkpoints
        self._executor = executor
        self._pictures = pictures
        self._prompts = prompts
        self._eyes = eyes
        self._policy = policy
        self._identity = identity
        self._method = method
        self._out = out

    async def run(self, excerpt: Excerpt, given: Path | None = None) -> AsyncIterator[Redrawn]:
        """Yield what came of each entry; `given` is a folder with files that people had sent, under any names."""
        with TemporaryDirectory() as folder:
            paths = await asyncio.to_thread(_known_files, excerpt, given, Path(folder))
            for entry in sources_first(excerpt.entries):
                try:
                    yield await self._redraw(entry, paths)
                except UserError as error:
                    yield Redrawn(entry.id, Outcome.FAILED, str(error))

    async def _redraw(self, entry: Entry, paths: dict[str, str]) -> Redrawn:
        request = self._request_of(entry, paths)
        await self._check_words(request)
        with TemporaryDirectory() as spool:
            done = await self._draw(entry, request, paths, spool)
            await self._check_picture(request, done.pictures[0])
            stamped = await self._stamp(entry, request, done, paths)
        path = self._out / f"imagine-{entry.id}.png"
        path.write_bytes(stamped.png)
        paths[entry.sha256] = str(path)  # under the name by which others ask for it
        if stamped.pixels_sha256 == entry.pixels_sha256:
            return Redrawn(entry.id, Outcome.IDENTICAL)
        before, now = entry.fingerprint, done.pictures[0].fingerprint
        changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        return Redrawn(entry.id, Outcome.DIFFERENT, ", ".join(changed))

    def _request_of(self, entry: Entry, paths: Mapping[str, str]) -> ImageRequest:
        try:
            request = ImageRequest.from_dict(entry.request)
        except (ValidationError, ValueError) as error:
            raise UserError("jobs.not_an_excerpt") from error
        if request.checkpoint not in self._checkpoints:
            raise UserError("jobs.model_not_here", name=request.checkpoint)
        if not paths.keys() >= set(request.files):
            raise UserError("jobs.source_not_in_file")
        return request

    async def _draw(self, entry: Entry, request: ImageRequest, paths: Mapping[str, str], spool: str) -> Done:
        attempt, last = attempt_of(entry.id, request, paths, spool), None
        async for event in self._executor.run(await self._free_worker(), attempt):
            last = event
        return _done(last)

    async def _free_worker(self) -> str:
        while True:
            workers = self._executor.workers()
            if free := [each.id for each in workers if each.state is WorkerState.READY and each.lanes_free]:
                return free[0]
            if all(each.state is WorkerState.BROKEN for each in workers):
                raise UserError("jobs.nothing_can_be_drawn")
            await self._executor.changed()

    async def _check_words(self, request: ImageRequest) -> None:
        for prompt in request.prompts:
            words = (None, prompt, request.negative_prompt, True)
            decision = await self._prompts.call(judge, self._policy, *words, timeout=CHECK_SECONDS)
            if not decision.allowed:
                raise UserError(decision.key or "moderation.check_failed", **decision.values)

    async def _check_picture(self, request: ImageRequest, pixels: Pixels) -> None:
        seen = pixels.seen
        if self._checkpoints[request.checkpoint].image_check == "closed world":
            if not request.files or self._eyes is None:
                return
            check = first_check(self._checkpoints)
            seen = await self._eyes.call(look_at_array, check, pixels.path, timeout=LOOK_SECONDS)
        words = (None, "\n".join(request.prompts))
        young = await self._prompts.call(speaks_of_the_young, self._policy, *words, timeout=CHECK_SECONDS)
        judgement = judge_picture(seen, policy=load_policy(self._policy), age_restricted=True, young=young)
        if judgement.sight in (Sight.HELD, Sight.STOPPED):
            raise UserError("jobs.picture_refused")

    async def _stamp(self, entry: Entry, request: ImageRequest, done: Done, paths: Mapping[str, str]) -> Stamped:
        facts = facts_of(self._checkpoints[request.checkpoint], request, done.pictures[0].fingerprint, entry.marked_as)
        facts = replace(facts, publish_prompt=entry.publishes_prompt)
        sources = [await asyncio.to_thread(Path(paths[each]).read_bytes) for each in request.pictures]
        how = (self._method, self._identity, sources)
        return await self._pictures.call(stamp_file, done.pictures[0].path, facts, *how, timeout=STAMP_SECONDS)


def _known_files(excerpt: Excerpt, given: Path | None, folder: Path) -> dict[str, str]:
    """Return where files lie that need not be drawn, by their SHA-256; those in the excerpt are put into the folder."""
    for number, data in enumerate(excerpt.files.values()):
        (folder / f"{number}.png").write_bytes(data)
    folders = [folder] if given is None else [folder, given]
    files = [path for each in folders for path in each.iterdir() if path.is_file()]
    return {sha256(path.read_bytes()).hexdigest(): str(path) for path in files}


def _done(last: Event | None) -> Done:
    """Return the end of an attempt. Raises UserError where nothing was drawn."""
    if isinstance(last, Done):
        return last
    raise UserError("jobs.not_an_attempt", detail=last.detail if isinstance(last, Failed) else "")

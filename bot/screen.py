"""The policy as it stands now, over words and pictures; what it stops is kept for the moderators."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.discipline import keep_picture, new_refusal
from config.words import UserError
from db.conduct import Conduct
from db.guilds import Guilds
from db.never_again import NeverAgain
from db.tables.job import Job
from inference.checkpoints import Checkpoint, ImageCheck, first_check
from inference.eyes import look, look_at_array, open_eyes
from inference.protocol import Pixels
from inference.request import ImageRequest
from jobs.clerk import Clerk, ClerkFailed
from jobs.screening import Unwanted
from moderation.check import Decision, refusal
from moderation.judge import judge, prepare, speaks_of_the_young
from moderation.pictures import MINORS, Judgement, Sight, judge_picture
from moderation.policy import Policy, Verdict
from moderation.rules import Breach
from provenance.pdq import pdq_of_array

CHECK_SECONDS = 10.0
PREPARE_SECONDS = 1_800.0  # the first start downloads the networks
PICTURE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Screen:
    """Judges words in a process of their own, and pictures by what the engine's networks saw in them.

    What people send is looked at by `eyes`, None where the world of every checkpoint is closed. `policy` is what stands
    in `policy_file`; `review_channel` is where the operator's moderators are, if anywhere.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        policy_file: Path,
        checkpoints: Mapping[str, Checkpoint],
        guilds: Guilds,
        conduct: Conduct,
        never_again: NeverAgain,
        prompts: Clerk,
        pictures: Clerk,
        eyes: Clerk | None,
        review_channel: int | None,
        key: bytes,
    ) -> None:
        if eyes is None and any(isinstance(each.image_check, ImageCheck) for each in checkpoints.values()):
            raise ValueError("nobody would look at what people send")
        self._policy = policy
        self._policy_file = policy_file
        self._checkpoints = checkpoints
        self._guilds = guilds
        self._conduct = conduct
        self._never_again = never_again
        self._prompts = prompts
        self._pictures = pictures
        self._eyes = eyes
        self._review_channel = review_channel
        self._key = key

    async def prepare(self) -> None:
        """Load what judges words and what people send, before it comes. Raises what keeps it from being loaded."""
        await self._prompts.call(prepare, self._policy_file, timeout=PREPARE_SECONDS)
        if self._eyes is not None:
            await self._eyes.call(open_eyes, self._check, timeout=PREPARE_SECONDS)

    async def judge_words(
        self, guild_id: int | None, prompt: str, negative_prompt: str, *, age_restricted: bool
    ) -> Decision:
        """Return what the policy and the guild's own settings say of words. Raises ClerkFailed."""
        off = () if guild_id is None else (await self._guilds.policy(guild_id)).rules_off
        words = (guild_id, prompt, negative_prompt, age_restricted, off)
        return await self._prompts.call(judge, self._policy_file, *words, timeout=CHECK_SECONDS)

    async def check_words(self, job: Job, request: ImageRequest) -> None:
        """Raise Unwanted where the policy refuses the words of a job that waited; nobody is punished for it."""
        for prompt in request.prompts:
            await self._check_prompt(job, prompt, request.negative_prompt)

    async def _check_prompt(self, job: Job, prompt: str, negative_prompt: str) -> None:
        decision = await self.judge_words(
            job.guild_id, prompt, negative_prompt, age_restricted=_is_for_an_age_restricted_channel(job)
        )
        if decision.label is None and not decision.allowed:  # the check itself failed, which another try may mend
            raise ClerkFailed("moderation.check_failed")
        if not decision.allowed:
            log.info("job %s: refused by %s of policy %s", job.id, decision.label, decision.policy_version)
            raise Unwanted(decision.key or "moderation.check_failed", **decision.values)

    def may_preview(self, job: Job, request: ImageRequest, seen: Mapping[str, float] | None) -> bool:
        """Say whether a picture may be shown while it is being drawn, as strictly as if somebody young were in it."""
        if self._is_closed(request):
            return self._eyes_for(request) is None
        return judge_picture(seen, policy=self._policy.in_guild(job.guild_id), young=True).sight is Sight.OPEN

    async def look(self, job: Job, request: ImageRequest, pixels: Pixels) -> Judgement:
        """Return who may see a picture; where it is in doubt and no moderators are there, nobody."""
        policy = self._policy.in_guild(job.guild_id)
        if await self._is_unwanted(job, pixels):
            return Judgement(Sight.STOPPED, policy.version)
        seen = pixels.seen
        if self._is_closed(request):
            eyes = self._eyes_for(request)
            if eyes is None:
                return Judgement(Sight.OPEN, policy.version)
            seen = await eyes.call(look_at_array, self._check, pixels.path, timeout=PICTURE_SECONDS)
        young = await self._prompts.call(
            speaks_of_the_young, self._policy_file, job.guild_id, "\n".join(request.prompts), timeout=CHECK_SECONDS
        )
        judgement = judge_picture(
            seen, policy=policy, age_restricted=_is_for_an_age_restricted_channel(job), young=young
        )
        if judgement.sight is Sight.HELD and not await self._is_reviewed(job.guild_id):
            return replace(judgement, sight=Sight.STOPPED)
        return judgement

    async def keep(self, job: Job, request: ImageRequest, stopped: Sequence[Judgement]) -> UserError:
        """Keep refusals, their scores but never the pictures; return the gravest in words."""
        policy = self._policy.in_guild(job.guild_id)
        words = {"prompt": "\n".join(request.prompts), "negative_prompt": request.negative_prompt}
        decisions = [
            refusal(Breach(each.label, Verdict.REFUSE), policy, each.scores)
            for each in sorted(stopped, key=lambda each: each.label != MINORS)
            if each.label is not None
        ]
        for decision in decisions:
            log.info("job %s: a picture stopped by %s of policy %s", job.id, decision.label, decision.policy_version)
            await keep_picture(self._conduct, new_refusal(job, decision, words, self._key))
        if not decisions or decisions[0].key is None:  # the guild's own list, or nobody could look
            return UserError("jobs.picture_refused")
        return UserError(decisions[0].key, **decisions[0].values)

    async def judge_upload(self, guild_id: int | None, png: bytes, *, age_restricted: bool) -> Judgement:
        """Return what the policy says of a picture that somebody sent. Raises ClerkFailed."""
        policy = self._policy.in_guild(guild_id)
        if self._eyes is None:
            return Judgement(Sight.OPEN, policy.version)
        seen = await self._eyes.call(look, self._check, png, timeout=PICTURE_SECONDS)
        return judge_picture(seen, policy=policy, age_restricted=age_restricted)

    def _is_closed(self, request: ImageRequest) -> bool:
        return self._checkpoints[request.checkpoint].image_check == "closed world"

    def _eyes_for(self, request: ImageRequest) -> Clerk | None:
        """Return who looks at a closed world's picture; None where nobody has to, as no file was put into it."""
        return self._eyes if request.files else None

    @property
    def _check(self) -> ImageCheck:
        return first_check(self._checkpoints)

    async def _is_unwanted(self, job: Job, pixels: Pixels) -> bool:
        """Say whether the guild never wants to see the picture again."""
        if job.guild_id is None or not await self._never_again.of(job.guild_id):
            return False
        pdq = await self._pictures.call(pdq_of_array, pixels.path, timeout=PICTURE_SECONDS)
        return pdq is not None and await self._never_again.stops(job.guild_id, job.user_id, pdq)

    async def _is_reviewed(self, guild_id: int | None) -> bool:
        """Say whether there are moderators who look at what is held."""
        own = None if guild_id is None else (await self._guilds.policy(guild_id)).review_channel_id
        return (self._review_channel if own is None else own) is not None


def _is_for_an_age_restricted_channel(job: Job) -> bool:
    """Say so; what is made in direct messages from an age-restricted picture is none the less no channel's."""
    return job.age_restricted and not job.private

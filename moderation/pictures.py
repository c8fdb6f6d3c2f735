"""What the policy makes of what the picture check saw: numbers in, Judgement out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from math import isfinite, nan

from moderation.policy import Flagged, Policy
from moderation.rules import rule_book

NUDITY = "nudity"
MINORS = "b"
LOOKED_FOR = ("checker", "youth", "classifier")


@unique
class Sight(StrEnum):
    """Who may see a picture."""

    OPEN = "open"  #: everybody
    RESTRICTED = "restricted"  #: everybody, in age-restricted channels alone
    SPOILERED = "spoilered"  #: whoever clicks on it there
    HELD = "held"  #: a moderator, who decides about the others
    STOPPED = "stopped"  #: nobody


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who may see a picture, and the clause or rule that says so, None where nothing was found or nothing looked."""

    sight: Sight
    policy_version: str
    label: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


def judge_picture(
    seen: Mapping[str, float] | None, *, policy: Policy, age_restricted: bool = False, young: bool = False
) -> Judgement:
    """Return what the policy says of a picture, by what the networks saw; where a number is missing it is stopped.

    `age_restricted` tells that it will stand in an age-restricted channel, `young` that its words speak of the young.
    """
    if seen is None or not all(isfinite(seen.get(name, nan)) for name in LOOKED_FOR):
        return Judgement(Sight.STOPPED, policy.version)
    pictures, scores = policy.pictures, {**seen, "young words": float(young)}
    if (young or seen["youth"] >= pictures.youth) and pictures.with_youth.reached(seen):
        return Judgement(Sight.STOPPED, policy.version, MINORS, scores)
    if not pictures.doubtful.reached(seen):
        return Judgement(Sight.OPEN, policy.version, None, scores)
    return Judgement(_of_nudity(seen, policy, age_restricted), policy.version, NUDITY, scores)


def speaks_of_the_young(prompt: str, policy: Policy) -> bool:
    """Say whether a prompt has words of the group by which the policy knows the young."""
    return policy.pictures.young in rule_book(policy).evidence(prompt, "")


def _of_nudity(seen: Mapping[str, float], policy: Policy, age_restricted: bool) -> Sight:
    """Return who may see a picture that is sexual, or may be."""
    pictures = policy.pictures
    if age_restricted and policy.rules[NUDITY].relaxed_in_age_restricted:
        shown = {Flagged.NEVER: Sight.STOPPED, Flagged.SPOILERED: Sight.SPOILERED, Flagged.SHOWN: Sight.RESTRICTED}
        return shown[pictures.age_restricted]
    return Sight.STOPPED if pictures.certain.reached(seen) else Sight.HELD

"""What the policy makes of what the picture check saw: numbers in, Judgement out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from math import isfinite, nan

from moderation.policy import Flagged, Means, Policy, Verdict
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


def flagged_in(policy: Policy) -> Flagged:
    """Return what becomes of sexual pictures in age-restricted channels."""
    return policy.pictures.age_restricted if policy.rules[NUDITY].relaxed_in_age_restricted else Flagged.NEVER


def _of_nudity(seen: Mapping[str, float], policy: Policy, age_restricted: bool) -> Sight:
    """Return who may see a picture that is sexual, or may be."""
    rule = policy.rules[NUDITY]
    if rule.action is Verdict.ALLOW or Means.PICTURE not in rule.checks:
        return Sight.OPEN
    match flagged_in(policy) if age_restricted else Flagged.NEVER:
        case Flagged.SHOWN:
            return Sight.RESTRICTED
        case Flagged.SPOILERED:
            return Sight.SPOILERED
        case Flagged.NEVER:
            return Sight.STOPPED if age_restricted or policy.pictures.certain.reached(seen) else Sight.HELD

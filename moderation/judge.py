"""The prompt check as a process of its own runs it: plain values in, a Decision that pickles out."""

from functools import cache
from pathlib import Path

from config.settings import ROOT
from moderation import pictures
from moderation.check import Decision, check_prompt
from moderation.policy import Policy
from moderation.policy_file import load_policy


def judge(
    policy: Path,
    guild_id: int | None,
    prompt: str,
    negative_prompt: str,
    age_restricted: bool,
    rules_off: tuple[str, ...] = (),
) -> Decision:
    """Return what the policy in the file says of the prompts in that guild. Raises ConfigError where it is wrong."""
    here = _policy(policy).in_guild(guild_id)
    return check_prompt(prompt, negative_prompt, age_restricted=age_restricted, rules_off=rules_off, policy=here)


def speaks_of_the_young(policy: Path, guild_id: int | None, prompt: str) -> bool:
    """Say whether a prompt has words of the group by which the policy in the file knows the young."""
    return pictures.speaks_of_the_young(prompt, _policy(policy).in_guild(guild_id))


def prepare(policy: Path) -> None:
    """Load whatever judges by the policy in the file, so that what is missing stops the start.

    Raises ConfigError where the file is wrong; OSError and ValueError where a model is missing or another one.
    """
    from moderation.classifier import shipped

    shipped()
    if (guard := _policy(policy).guard) is not None:
        from moderation.guard import configured

        configured(guard, ROOT / guard.folder)


@cache
def _policy(path: Path) -> Policy:
    return load_policy(path)

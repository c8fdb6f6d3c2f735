"""The prompt check as a process of its own runs it: plain values in, a Decision that pickles out."""

from functools import cache
from pathlib import Path

from moderation.check import Decision, check_prompt
from moderation.policy import Policy, load_policy


def judge(
    policy: Path, prompt: str, negative_prompt: str, age_restricted: bool, rules_off: tuple[str, ...] = ()
) -> Decision:
    """Return what the policy in the file says of the prompts. Raises ConfigError where the file is wrong."""
    return check_prompt(
        prompt, negative_prompt, age_restricted=age_restricted, rules_off=rules_off, policy=_policy(policy)
    )


@cache
def _policy(path: Path) -> Policy:
    return load_policy(path)

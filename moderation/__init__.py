"""Prompt and picture in, Decision out: no Discord, no database."""

from moderation.check import Decision, check_prompt
from moderation.policy import Policy, Verdict
from moderation.policy_file import default_policy, load_policy

__all__ = ["Decision", "Policy", "Verdict", "check_prompt", "default_policy", "load_policy"]

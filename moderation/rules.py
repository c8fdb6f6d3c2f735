"""The rules over term groups: which clauses and rules the fields of a request break, and how surely."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from moderation.lexicon import Lexicon
from moderation.policy import ContextRule, Group, Policy, Verdict

#: What a mention in the negative prompt counts for: it asks for absence, so it protects and convicts nobody alone.
PROTECTIVE = 0.25


@dataclass(frozen=True, slots=True)
class Breach:
    """A clause or rule that a request breaks, and what its policy does about it."""

    label: str
    action: Verdict


class RuleBook:
    """The term groups and context rules of one policy, ready to be asked."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lexicon = Lexicon(policy.terms.groups, policy.terms.ordinary_backwards)

    def evidence(self, prompt: str, negative_prompt: str) -> Mapping[str, float]:
        """Return how strongly each mentioned group speaks, from 0 to 1, in both fields together."""
        wanted, unwanted = self._lexicon.groups_in(prompt), self._lexicon.groups_in(negative_prompt)
        groups = self._policy.terms.groups
        found = {name: _weight(groups[name], name in wanted, name in unwanted) for name in wanted | unwanted}
        return {name: weight for name, weight in sorted(found.items()) if weight > 0}

    def breaches(self, evidence: Mapping[str, float]) -> tuple[Breach, ...]:
        """Return what the evidence breaks, the gravest first."""
        broken = [self._breach(rule) for rule in self._policy.terms.rules if _meets(rule, evidence)]
        return tuple(sorted(broken, key=lambda breach: -breach.action.severity))

    def _breach(self, rule: ContextRule) -> Breach:
        return Breach(rule.breaks, rule.action or self._policy.find(rule.breaks).action)


@lru_cache(maxsize=8)
def rule_book(policy: Policy) -> RuleBook:
    """Return the policy's rule book, built once."""
    return RuleBook(policy)


def _weight(group: Group, wanted: bool, unwanted: bool) -> float:
    if group.field == "negative":
        return float(unwanted)
    return 1.0 if wanted else PROTECTIVE


def _meets(rule: ContextRule, evidence: Mapping[str, float]) -> bool:
    present = {name for name, weight in evidence.items() if weight >= 1.0}
    return present.issuperset(rule.groups) and present.isdisjoint(rule.unless)

"""Rules of the server that a guild has switched off, and what has no switch."""

import pytest

from moderation import Policy, Verdict, check_prompt
from moderation.opinion import Opinion
from moderation.policy import LABELS, SERVER_RULES

EVERYTHING = (*LABELS, *SERVER_RULES)


def quiet(_prompt: str) -> Opinion:
    return Opinion({"operator": -100.0})


def sure(_prompt: str) -> Opinion:
    return Opinion({"operator": 100.0})


def test_a_rule_that_is_off_rests_with_the_classifiers_view_of_it(stand_in_policy: Policy) -> None:
    for opinion in (quiet, sure):
        on = check_prompt("marmalade", policy=stand_in_policy, classifier=opinion)
        off = check_prompt("marmalade", rules_off=("operator",), policy=stand_in_policy, classifier=opinion)

        assert (on.label, off.verdict) == ("operator", Verdict.ALLOW)


@pytest.mark.parametrize("prompt", ["a lantern in a harbour", "a bridge"])
def test_neither_a_clause_nor_what_is_fixed_is_ever_off(stand_in_policy: Policy, prompt: str) -> None:
    on = check_prompt(prompt, policy=stand_in_policy, classifier=quiet)
    off = check_prompt(prompt, rules_off=EVERYTHING, policy=stand_in_policy, classifier=quiet)

    assert not on.allowed
    assert off == on


def test_what_rests_does_not_hide_what_else_is_there(stand_in_policy: Policy) -> None:
    found = check_prompt(
        "marmalade, a lantern in a harbour", rules_off=("operator",), policy=stand_in_policy, classifier=quiet
    )

    assert found.verdict is Verdict.LOCK

from collections.abc import Callable

import pytest

from moderation import Policy, default_policy
from moderation.opinion import Opinion
from moderation.policy import ContextRule, Group, Terms


@pytest.fixture(scope="session")
def stand_in_policy() -> Policy:
    """The shipped clauses over neutral terms: marmalade is blocked, and a lantern where it meets a harbour."""
    terms = Terms(
        groups={
            "blocked": Group(words=("marmalade", "glass balloon")),
            "lantern": Group(words=("lantern",), **{"except": ("lantern fish",)}),
            "harbour": Group(words=("harbour",)),
            "daylight": Group(words=("daylight",)),
            "inverted": Group(words=("harbour",), field="negative"),
            "bridge": Group(words=("bridge",)),
        },
        rules=(
            ContextRule(breaks="operator", groups=("blocked",)),
            ContextRule(breaks="b", groups=("lantern", "harbour"), unless=("daylight",)),
            ContextRule(breaks="nudity", groups=("bridge",)),
            ContextRule(breaks="e", groups=("bridge", "inverted")),
        ),
    )
    return default_policy().model_copy(update={"terms": terms})


@pytest.fixture(scope="session")
def harmless() -> Callable[[str], Opinion]:
    """A classifier that objects to nothing, so that the rules alone decide."""
    return lambda prompt: Opinion({"harm": -9.0})

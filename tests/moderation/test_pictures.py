"""What the policy makes of what the picture check saw."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ROOT, ConfigError
from moderation.pictures import Sight, judge_picture, speaks_of_the_young
from moderation.policy import Flagged, Policy
from moderation.policy_file import default_policy, load_policy

CLEAR = {"checker": -0.1, "youth": -0.2, "classifier": 0.01}
numbers = st.fixed_dictionaries(
    {"checker": st.floats(-0.5, 0.5), "youth": st.floats(-0.5, 0.5), "classifier": st.floats(0, 1)}
)


@pytest.fixture
def policy() -> Policy:
    return default_policy()


@pytest.mark.parametrize(
    ("seen", "everywhere", "restricted", "label"),
    [
        (CLEAR, Sight.OPEN, Sight.OPEN, None),
        (CLEAR | {"checker": 0.0}, Sight.HELD, Sight.SPOILERED, "nudity"),
        (CLEAR | {"classifier": 0.5}, Sight.HELD, Sight.SPOILERED, "nudity"),
        (CLEAR | {"checker": 0.02}, Sight.STOPPED, Sight.SPOILERED, "nudity"),
        (CLEAR | {"classifier": 0.9}, Sight.STOPPED, Sight.SPOILERED, "nudity"),
        (CLEAR | {"youth": 0.1}, Sight.OPEN, Sight.OPEN, None),
        (CLEAR | {"youth": -0.01, "checker": -0.02}, Sight.STOPPED, Sight.STOPPED, "b"),
        (CLEAR | {"youth": -0.01, "classifier": 0.2}, Sight.STOPPED, Sight.STOPPED, "b"),
    ],
)
def test_one_network_that_is_sure_is_enough(policy, seen, everywhere, restricted, label) -> None:
    judgement = judge_picture(seen, policy=policy)
    assert (judgement.sight, judgement.label) == (everywhere, label)
    assert judge_picture(seen, policy=policy, age_restricted=True).sight is restricted


def test_words_of_the_young_make_the_check_strict(policy: Policy) -> None:
    seen = CLEAR | {"classifier": 0.2}
    assert judge_picture(seen, policy=policy).sight is Sight.OPEN
    assert judge_picture(seen, policy=policy, young=True, age_restricted=True).label == "b"
    assert speaks_of_the_young("ein Kind am Strand", policy)
    assert not speaks_of_the_young("two women at the sea", policy)


@pytest.mark.parametrize("missing", ["checker", "youth", "classifier"])
@pytest.mark.parametrize("age_restricted", [False, True])
def test_what_was_not_looked_at_is_stopped(policy: Policy, missing: str, age_restricted: bool) -> None:
    for seen in (None, {}, {name: CLEAR[name] for name in CLEAR if name != missing}, CLEAR | {missing: float("nan")}):
        judgement = judge_picture(seen, policy=policy, age_restricted=age_restricted)
        assert (judgement.sight, judgement.label) == (Sight.STOPPED, None)


@given(seen=numbers, more=numbers, young=st.booleans(), age_restricted=st.booleans())
def test_more_is_never_shown_more_freely(seen, more, young, age_restricted) -> None:
    """The sights rise from open to stopped with every number, in every place."""
    order = [Sight.OPEN, Sight.SPOILERED, Sight.HELD, Sight.STOPPED]
    worse = {name: max(seen[name], more[name]) for name in seen}
    less, no_less = (
        judge_picture(each, policy=default_policy(), young=young, age_restricted=age_restricted).sight
        for each in (seen, worse)
    )
    assert order.index(less) <= order.index(no_less)


@pytest.mark.parametrize(
    ("flagged", "sight"),
    [(Flagged.NEVER, Sight.STOPPED), (Flagged.SPOILERED, Sight.SPOILERED), (Flagged.SHOWN, Sight.RESTRICTED)],
)
def test_a_guild_says_what_becomes_of_sexual_pictures_where_nudity_is_allowed(
    tmp_path: Path, flagged: Flagged, sight: Sight
) -> None:
    policy = load_policy(changed(tmp_path, "", f'[guilds.7]\nflagged_pictures = "{flagged.value}"\n')).in_guild(7)
    assert judge_picture(CLEAR | {"checker": 0.1}, policy=policy, age_restricted=True).sight is sight
    assert judge_picture(CLEAR | {"checker": 0.1}, policy=policy).sight is Sight.STOPPED


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("certain = { checker = -1, classifier = 0.9 }", r"line \d+: pictures.*must not fall"),
        ("doubtful = { checker = 0.0 }", r"line \d+: pictures.doubtful.classifier"),
        ('young = "nobody"', r'line \d+: there is no group "nobody"'),
        ('age_restricted = "always"', r"line \d+: pictures.age_restricted"),
    ],
)
def test_a_mistake_stops_the_start_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_policy(changed(tmp_path, line, ""))


def changed(folder: Path, line: str, more: str) -> Path:
    """Write the shipped policy with another line of [pictures] and more at its end."""
    name = line.partition(" =")[0]
    lines = (ROOT / "config" / "policy.toml").read_text(encoding="utf-8").splitlines()
    kept = [line if line and each.startswith(f"{name} = ") else each for each in lines]
    (folder / "policy.toml").write_text("\n".join([*kept, more]), encoding="utf-8")
    (folder / "terms").symlink_to(ROOT / "config" / "terms")
    return folder / "policy.toml"

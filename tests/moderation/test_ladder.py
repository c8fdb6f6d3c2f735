"""The ladder that strikes climb, as data."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ROOT, ConfigError
from moderation import default_policy, load_policy
from moderation.ladder import Rung, Step, Strikes

LADDER = Strikes(
    decay_days=30,
    ladder=(
        Rung(strikes=2, step=Step.WARN),
        Rung(strikes=3, step=Step.TIME_OUT, hours=1.5),
        Rung(strikes=6, step=Step.BAN),
    ),
)


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config")) / "policy.toml"


@pytest.mark.parametrize(
    ("strikes", "step"),
    [(0, None), (1, None), (2, Step.WARN), (3, Step.TIME_OUT), (5, Step.TIME_OUT), (6, Step.BAN), (99, Step.BAN)],
)
def test_the_highest_rung_that_is_reached_counts(strikes: int, step: Step | None) -> None:
    rung = LADDER.rung(strikes)

    assert (None if rung is None else rung.step) == step


def test_a_time_out_lasts_its_hours_and_a_ban_until_it_is_lifted() -> None:
    assert [rung.lasts for rung in LADDER.ladder] == [None, timedelta(hours=1.5), None]


@given(st.integers(0, 50), st.integers(0, 50))
def test_more_strikes_never_lead_to_less(fewer: int, more: int) -> None:
    steps = [None, *Step]
    low, high = (default_policy().strikes.rung(count) for count in sorted((fewer, more)))

    assert steps.index(low and low.step) <= steps.index(high and high.step)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("hours = 24\n", "hours = -1\n", "greater than 0"),
        ("hours = 24\n", "\n", "a time-out has hours"),
        ('step = "ban"', 'step = "exile"', "'warn', 'time-out' or 'ban'"),
        ("strikes = 3\n", "strikes = 0\n", "greater than or equal to 1"),
        ("decay_days = 90", "decay_days = 0", "greater than 0"),
    ],
)
def test_a_mistake_is_told_with_its_line(policy_file: Path, old: str, new: str, reason: str) -> None:
    text = policy_file.read_text(encoding="utf-8")
    policy_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(ConfigError, match=reason) as wrong:
        load_policy(policy_file)

    assert abs(int(str(wrong.value).partition("line ")[2].partition(":")[0]) - line) <= 3, "its rung at least"


@pytest.mark.parametrize(("old", "new"), [("strikes = 3\n", "strikes = 2\n"), ('step = "ban"', 'step = "warn"')])
def test_a_ladder_that_does_not_rise_stops_the_start(policy_file: Path, old: str, new: str) -> None:
    policy_file.write_text(policy_file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match="must ask for more strikes and be no milder"):
        load_policy(policy_file)

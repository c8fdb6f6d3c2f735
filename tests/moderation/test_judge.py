"""The check as a process of its own runs it: by a policy file, for a guild, with all that it needs loaded before."""

import shutil
from pathlib import Path

import pytest

from config.settings import ConfigError
from moderation import Verdict
from moderation.judge import judge, prepare
from moderation.policy_file import DEFAULT

GUARD = """
[guard]
folder = "{folder}"
guideline = "no marmalade"
unsafe = "Yes"
safe = "No"
threshold = 0.5
breaks = "harm"
memory_gib = 4
"""


def policy_with(folder: Path, more: str) -> Path:
    shutil.copytree(DEFAULT.parent / "terms", folder / "terms")
    policy = folder / "policy.toml"
    policy.write_text(DEFAULT.read_text(encoding="utf-8") + more, encoding="utf-8")
    return policy


def test_a_guilds_words_hold_there_and_nowhere_else(tmp_path: Path) -> None:
    policy = policy_with(tmp_path, '[guilds.7]\nwords = ["marmalade"]\n')

    here, there, alone = (judge(policy, guild, "a jar of marmalade", "", False) for guild in (7, 8, None))

    assert (here.label, there.verdict, alone.verdict) == ("operator", Verdict.ALLOW, Verdict.ALLOW)


def test_what_is_shipped_can_be_prepared() -> None:
    prepare(DEFAULT)


def test_a_guard_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    policy = policy_with(tmp_path, GUARD.format(folder=tmp_path / "nowhere"))

    with pytest.raises((OSError, ValueError), match="nowhere"):
        prepare(policy)


def test_a_policy_with_a_mistake_stops_the_start(tmp_path: Path) -> None:
    policy = policy_with(tmp_path, GUARD.replace('breaks = "harm"', 'breaks = "harms"'))

    with pytest.raises(ConfigError, match=r"policy\.toml, line \d+: guard\.breaks: .*neither a clause nor a rule"):
        prepare(policy)

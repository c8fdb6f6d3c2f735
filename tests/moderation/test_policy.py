"""The policy file: complete, and refused with line and reason where it is wrong."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import ConfigError
from moderation import Decision, Verdict, default_policy, load_policy
from moderation.policy import DEFAULT, LABELS, Means


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    shutil.copy(DEFAULT.with_name("terms.toml"), tmp_path)
    return Path(shutil.copy(DEFAULT, tmp_path))


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first `old`, and return the line that it stands in."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_every_clause_of_the_licence_is_there_and_upheld_somehow() -> None:
    policy = default_policy()

    assert tuple(policy.clauses) == LABELS
    assert all(Means.TERMS in clause.checks for clause in policy.clauses.values())
    assert policy.clauses["b"].action is Verdict.LOCK


def test_every_clause_and_rule_that_is_checked_by_prompt_has_a_rule_over_terms_or_a_check_of_form() -> None:
    policy = default_policy()
    checked = {label for label, each in {**policy.clauses, **policy.rules}.items() if Means.PROMPT in each.checks}

    assert checked == {rule.breaks for rule in policy.terms.rules} | {"nonsense", "harm"}


def test_the_licence_text_holds_every_clause_name_and_address() -> None:
    policy = default_policy()
    text = policy.licence_text()

    assert policy.licence.name in text
    assert policy.licence.address in text
    assert all(clause.text in text for clause in policy.clauses.values())
    assert len(text) < 4096, "it has to fit into one embed"


def test_a_policy_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        default_policy().clauses["a"].action = Verdict.ALLOW
    with pytest.raises(dataclasses.FrozenInstanceError):
        Decision(Verdict.ALLOW, "1").label = "a"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('action = "refuse and strike"\nreply = "Working', 'action = "forgive"\nreply = "Working', "clauses.a.action"),
        ('title = "personal data"', "title = 5", "clauses.d.title"),
        ("relaxed_in_age_restricted = true", "relaxed = true", "rules.nudity.relaxed"),
        ('address = "https://', 'address = "ftp://', "licence.address"),
    ],
)
def test_a_mistake_is_told_with_line_and_reason(policy_file: Path, old: str, new: str, reason: str) -> None:
    line = edit(policy_file, old, new)

    with pytest.raises(ConfigError, match=rf"policy\.toml, line {line}: {reason}"):
        load_policy(policy_file)


def test_broken_toml_is_told_with_its_line(policy_file: Path) -> None:
    line = edit(policy_file, "[clauses.c]", "[clauses.c")

    with pytest.raises(ConfigError, match=rf"line {line}"):
        load_policy(policy_file)


def test_a_missing_clause_and_a_softened_clause_b_stop_the_start(policy_file: Path) -> None:
    text = policy_file.read_text(encoding="utf-8")
    policy_file.write_text(text.replace("[clauses.k]", "[clauses.z]"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"missing \['k'\], unknown \['z'\]"):
        load_policy(policy_file)

    policy_file.write_text(text.replace('action = "lock"', 'action = "allow"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="minors"):
        load_policy(policy_file)


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load_policy(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('groups = ["slur"]', 'groups = ["slurs"]', 'group "slurs"'),
        ('breaks = "g"', 'breaks = "z"', "neither a clause nor a rule"),
        ('words = ["to trick"', 'words = ["--"', "no letter"),
        ("'\\b(?:1[89]", "'\\b(?:(1[89]", "no regular expression"),
    ],
)
def test_a_mistake_in_the_terms_stops_the_start(policy_file: Path, old: str, new: str, reason: str) -> None:
    edit(policy_file.with_name("terms.toml"), old, new)

    with pytest.raises(ConfigError, match=reason):
        load_policy(policy_file)


def test_a_rule_that_breaks_nothing_known_is_told_with_its_line(policy_file: Path) -> None:
    line = edit(policy_file.with_name("terms.toml"), 'breaks = "g"', 'breaks = "z"')

    with pytest.raises(ConfigError, match=rf"terms\.toml, line {line}:"):
        load_policy(policy_file)

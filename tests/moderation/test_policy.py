"""The policy file: complete, and refused with line and reason where it is wrong."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import ConfigError
from moderation import Decision, Verdict, default_policy, load_policy
from moderation.policy import LABELS, Means
from moderation.policy_file import DEFAULT


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    shutil.copytree(DEFAULT.with_name("terms"), tmp_path / "terms")
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

    assert checked == {rule.breaks for rule in policy.terms.rules} | {"nonsense", "language"}


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


@pytest.mark.parametrize(
    ("old", "new", "at", "reason"),
    [
        ("[clauses.k]", "[clauses.z]", "[clauses.z]", r"missing \['k'\], unknown \['z'\]"),
        ("[rules.gore]", "[rules.gory]", "[rules.gory]", r"missing \['gore'\], unknown \['gory'\]"),
        ('action = "lock"', 'action = "allow"', 'action = "allow"', "minors"),
    ],
)
def test_a_missing_clause_and_a_softened_clause_b_stop_the_start(
    policy_file: Path, old: str, new: str, at: str, reason: str
) -> None:
    edit(policy_file, old, new)
    text = policy_file.read_text(encoding="utf-8")
    start = text.index("[clauses.b]") if "action" in at else 0
    line = text[: text.index(at, start)].count("\n") + 1

    with pytest.raises(ConfigError, match=rf"policy\.toml, line {line}: .*{reason}"):
        load_policy(policy_file)


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load_policy(tmp_path / "nowhere.toml")


def test_terms_that_are_not_there_stop_the_start(policy_file: Path) -> None:
    shutil.rmtree(policy_file.with_name("terms"))

    with pytest.raises(ConfigError, match="holds no terms"):
        load_policy(policy_file)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("rules", 'groups = ["slur"]', 'groups = ["slurs"]', 'there is no group "slurs"'),
        (
            "rules",
            'unless = ["recovery", "staged"]',
            'unless = ["recovering", "staged"]',
            'there is no group "recovering"',
        ),
        ("rules", 'breaks = "g"', 'breaks = "z"', '"z" is neither a clause nor a rule'),
        ("rules", 'action = "refuse"', 'action = "forgive"', "rules.2.action"),
        ("english", 'words = ["to trick"', 'words = ["--"', '"--" has no letter'),
        ("english", 'words = ["to trick"', 'words = ["tr*"', "a star ends a word"),
        ("english", 'words = ["to trick"', 'words = ["tri*ck"', "a star ends a word"),
        ("english", 'except = ["to trick or treat"', 'except = ["*"', '"\\*" has no letter'),
        ("english", "patterns = ['\\b(?:1[89]", "patterns = ['\\b(?:(1[89]", "no regular expression"),
        ("english", "[groups.gore]", "[groups.goer]", 'no rule names the group "goer"'),
        ("german", "[groups.gore]", "[groups.goer]", 'no rule names the group "goer"'),
        ("german", "[groups.undressing]\nfield", "[groups.undressing]\nfeild", "groups.undressing.feild"),
        ("german", 'field = "negative"', 'field = "prompt"', "another field elsewhere"),
        ("german", 'field = "negative"', 'field = "both"', "groups.undressing.field"),
    ],
)
def test_a_mistake_in_the_terms_is_told_with_file_line_and_reason(
    policy_file: Path, file: str, old: str, new: str, reason: str
) -> None:
    path = policy_file.parent / "terms" / f"{file}.toml"
    line = edit(path, old, new) + new.count("\n")

    with pytest.raises(ConfigError, match=rf"{file}\.toml, line {line}: .*{reason}"):
        load_policy(policy_file)


GUILD = """
[guilds.77]
words = ["pineapple pizza"]

[guilds.77.rules.gore]
action = "allow"

[guilds.77.rules.nudity]
text = "for nudity anywhere"
relaxed_in_age_restricted = false
"""


def test_a_guild_has_words_of_its_own_and_changes_rules_for_itself_alone(policy_file: Path) -> None:
    policy_file.write_text(policy_file.read_text(encoding="utf-8") + GUILD, encoding="utf-8")
    policy = load_policy(policy_file)
    here, there = policy.in_guild(77), policy.in_guild(78)

    assert there is policy.in_guild(None) is policy
    assert here is policy.in_guild(77), "the rule book is kept by the policy's identity"
    assert (here.rules["gore"].action, there.rules["gore"].action) == (Verdict.ALLOW, Verdict.REFUSE)
    assert (here.rules["nudity"].relaxed_in_age_restricted, there.rules["nudity"].relaxed_in_age_restricted) == (
        False,
        True,
    )
    assert here.clauses == policy.clauses
    assert "nudity anywhere" in here.licence_text()
    assert policy.rules["gore"].text not in here.licence_text(), "what is allowed is no restriction"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[guilds.77]", "[guilds.my-guild]", "valid integer"),
        ('["pineapple pizza"]', '["!"]', '"!" has no letter'),
        ("[guilds.77.rules.gore]", "[guilds.77.rules.b]", 'no rule of the server called "b"'),
        ("[guilds.77.rules.gore]", "[guilds.77.rules.language]", 'no guild can allow what "language" is about'),
        ('action = "allow"', 'action = "forgive"', "guilds.77.rules.gore.action"),
        ("relaxed_in_age_restricted = false", "relaxed = false", "guilds.77.rules.nudity.relaxed"),
        ("[guilds.77.rules.nudity]", "[guilds.77.clauses.b]", "guilds.77.clauses"),
    ],
)
def test_a_mistake_in_a_guilds_wishes_stops_the_start_with_its_line(
    policy_file: Path, old: str, new: str, reason: str
) -> None:
    before = policy_file.read_text(encoding="utf-8")
    policy_file.write_text(before + GUILD.replace(old, new), encoding="utf-8")
    line = (before + GUILD)[: (before + GUILD).index(old, len(before))].count("\n") + 1

    with pytest.raises(ConfigError, match=rf"policy\.toml, line {line}: .*{reason}"):
        load_policy(policy_file)

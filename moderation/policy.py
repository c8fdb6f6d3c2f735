"""The policy: the licence's clauses, the server's rules and the words behind them, as frozen values."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.words import FALLBACK, say
from moderation.ladder import Strikes

LABELS = tuple("abcdefghijk")
SERVER_RULES = ("nudity", "gore", "harm", "self_harm", "real_people", "nonsense", "language", "operator")


# A star says "any ending"; of a first word with fewer letters that would be half of the dictionary.
_BAD_STAR = re.compile(r"\*(?!\s|$)|^\S{0,2}\*")


class Verdict(StrEnum):
    """What a decision does with a request, from mildest to hardest."""

    ALLOW = "allow"
    REFUSE = "refuse"
    STRIKE = "refuse and strike"
    LOCK = "lock"

    @property
    def severity(self) -> int:
        """Return the rank among the verdicts, 0 for allow."""
        return list(Verdict).index(self)


class Means(StrEnum):
    """How a clause or rule is upheld."""

    PROMPT = "prompt"
    PICTURE = "picture"
    TERMS = "terms"


class Misplaced(ValueError):
    """A mistake inside of what is validated as a whole, and its place: keys and list numbers."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Licence(_Frozen):
    """The licence that the clauses come from."""

    name: str = Field(min_length=1)
    address: str = Field(pattern=r"^https://\S+$")


class Clause(_Frozen):
    """One use restriction of the licence, or one rule of the server."""

    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    checks: tuple[Means, ...] = Field(min_length=1)
    action: Verdict
    reply: str = Field(min_length=1)
    relaxed_in_age_restricted: bool = False
    fixed: bool = False


class Learned(_Frozen):
    """How sure the classifier must be before a prompt is refused on its word, in English and in other languages.

    Of sexual content alone less is enough, in English.
    """

    threshold: float = Field(allow_inf_nan=False)
    sexual: float = Field(allow_inf_nan=False)
    other_languages: float = Field(allow_inf_nan=False)


class GuardModel(_Frozen):
    """A guard model that is asked besides: its folder, its two answers, and how sure of the unsafe one it must be."""

    folder: str = Field(min_length=1)
    guideline: str = Field(min_length=1)
    unsafe: str = Field(min_length=1)
    safe: str = Field(min_length=1)
    threshold: float = Field(gt=0, lt=1)
    breaks: str
    memory_gib: int = Field(gt=0)


class Flagged(StrEnum):
    """What becomes of sexual pictures where the rule on nudity rests."""

    NEVER = "never"  #: they are not posted there either
    SPOILERED = "spoilered"  #: they are posted, hidden until somebody looks
    SHOWN = "shown"


class Limits(_Frozen):
    """How sure of sexual content the two networks may be: by the checker's margin, by the classifier's probability."""

    checker: float = Field(ge=-2, le=2)
    classifier: float = Field(ge=0, le=1)

    def reached(self, seen: Mapping[str, float]) -> bool:
        """Say whether one of the networks is as sure as that."""
        return seen["checker"] >= self.checker or seen["classifier"] >= self.classifier


class Pictures(_Frozen):
    """What the picture check leads to. `youth` is the checker's margin from which somebody in a picture is young."""

    doubtful: Limits  #: from here on a moderator looks before anybody else does
    certain: Limits  #: from here on nobody sees it, or only where the rule on nudity rests
    with_youth: Limits  #: from here on clause b is broken, if somebody in it is young
    youth: float = Field(ge=-2, le=2)
    young: str = Field(min_length=1)  #: the group of terms by which a prompt speaks of the young
    age_restricted: Flagged

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("checker", "classifier"):
            rising = [getattr(each, name) for each in (self.with_youth, self.doubtful, self.certain)]
            if rising != sorted(rising):
                raise Misplaced(f"with_youth, doubtful and certain must not fall: {rising}", "doubtful", name)
        return self


class Group(_Frozen):
    """Words, phrases and patterns that mean one thing; `except` lists harmless phrases that contain them.

    A group of the field "negative" is read in negative prompts only, where it asks for the opposite.
    """

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    harmless: tuple[str, ...] = Field(default=(), alias="except")
    field: str = Field(default="prompt", pattern="^(prompt|negative)$")

    @model_validator(mode="after")
    def _words_and_patterns_can_be_found(self) -> Self:
        for key, words in (("words", self.words), ("except", self.harmless)):
            for number, word in enumerate(words):
                if not any(char.isalnum() for char in word):
                    raise Misplaced(f'"{word}" has no letter', key, number)
                if _BAD_STAR.search(word):
                    raise Misplaced(f'"{word}": a star ends a word, the first of three letters or more', key, number)
        for number, pattern in enumerate(self.patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                message = f'pattern "{pattern}" is no regular expression: {error}'
                raise Misplaced(message, "patterns", number) from None
        return self

    def joined(self, other: "Group") -> "Group":
        """Return the group with the words of another beside its own."""
        return self.model_copy(
            update={name: getattr(self, name) + getattr(other, name) for name in ("words", "patterns", "harmless")}
        )


class ContextRule(_Frozen):
    """Breaks a clause or rule where all `groups` meet and none of `unless` is there.

    `action` overrides the clause's, for a rule that is less certain than its clause is grave.
    """

    breaks: str
    groups: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    action: Verdict | None = None


class Terms(_Frozen):
    """The term groups and the rules over them."""

    ordinary_backwards: tuple[str, ...] = ()
    groups: Mapping[str, Group] = Field(default_factory=dict)
    rules: tuple[ContextRule, ...] = ()


class RuleChange(_Frozen):
    """What a guild wants otherwise in a rule of the server; what is None stays as it is."""

    title: str | None = Field(default=None, min_length=1)
    text: str | None = Field(default=None, min_length=1)
    action: Verdict | None = None
    reply: str | None = Field(default=None, min_length=1)
    relaxed_in_age_restricted: bool | None = None


class Guild(_Frozen):
    """What one guild wants for itself: its own list of words, and changes to the server's rules, never to a clause."""

    words: tuple[str, ...] = ()
    flagged_pictures: Flagged | None = None
    rules: Mapping[str, RuleChange] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_carried_out(self) -> Self:
        Group(words=self.words)
        for name in self.rules:
            if name not in SERVER_RULES:
                raise Misplaced(f'there is no rule of the server called "{name}"', "rules", name)
        return self


class PolicyFile(_Frozen):
    """What stands in the policy file itself."""

    version: str = Field(min_length=1)
    terms: str
    licence: Licence
    classifier: Learned
    strikes: Strikes
    guard: GuardModel | None = None
    pictures: Pictures
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Clause]
    guilds: Mapping[int, Guild] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _same("clauses", LABELS, self.clauses)
        _same("rules", SERVER_RULES, self.rules)
        for guild_id, guild in self.guilds.items():
            for name, change in guild.rules.items():
                if change.action is Verdict.ALLOW and self.rules[name].fixed:
                    told = f'no guild can allow what "{name}" is about'
                    raise Misplaced(told, "guilds", str(guild_id), "rules", name)
        if self.clauses["b"].action is not Verdict.LOCK:
            raise Misplaced('clause b (minors) must have the action "lock"', "clauses", "b", "action")
        if not {Means.PROMPT, Means.PICTURE} <= set(self.clauses["b"].checks):
            raise Misplaced("clause b (minors) is upheld in prompts and pictures", "clauses", "b", "checks")
        if self.guard is not None and self.guard.breaks not in {*self.clauses, *self.rules}:
            raise Misplaced(f'"{self.guard.breaks}" is neither a clause nor a rule', "guard", "breaks")
        return self


class Policy(_Frozen):
    """Everything that a decision rests on. Two policies are the same only where they are one object."""

    version: str
    licence: Licence
    classifier: Learned
    strikes: Strikes
    guard: GuardModel | None
    pictures: Pictures
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Clause]
    guilds: Mapping[int, Guild]
    terms: Terms

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def find(self, label: str) -> Clause:
        """Return the licence clause or server rule of that label. Raises KeyError where there is neither."""
        return self.clauses[label] if label in self.clauses else self.rules[label]

    def in_guild(self, guild_id: int | None) -> "Policy":
        """Return the policy as it holds in a guild, None for direct messages: the same object at every call."""
        return self if guild_id is None or guild_id not in self.guilds else _in_guild(self, guild_id)

    def licence_text(self, locale: str = FALLBACK) -> str:
        """Return what a person accepts on first use: every clause in words, then the server's rules."""
        clauses = (f"({label}) {clause.text};" for label, clause in self.clauses.items())
        rules = (f"- {rule.text};" for rule in self.rules.values() if rule.action is not Verdict.ALLOW)
        intro = say("moderation.licence_intro", locale=locale, name=self.licence.name, address=self.licence.address)
        return "\n".join((intro, *clauses, "", say("moderation.rules_intro", locale=locale), *rules))


@lru_cache(maxsize=256)
def _in_guild(policy: Policy, guild_id: int) -> Policy:
    guild = policy.guilds[guild_id]
    rules = {name: _changed(rule, guild.rules.get(name)) for name, rule in policy.rules.items()}
    groups = {**policy.terms.groups, "guild": Group(words=guild.words)}
    own = ContextRule(breaks="operator", groups=("guild",))
    terms = policy.terms.model_copy(update={"groups": groups, "rules": (*policy.terms.rules, own)})
    pictures = policy.pictures
    if guild.flagged_pictures is not None:
        pictures = pictures.model_copy(update={"age_restricted": guild.flagged_pictures})
    return policy.model_copy(update={"rules": rules, "terms": terms, "pictures": pictures})


def _changed(rule: Clause, change: RuleChange | None) -> Clause:
    return rule if change is None else rule.model_copy(update=change.model_dump(exclude_none=True))


def _same(what: str, expected: tuple[str, ...], given: Mapping[str, Any]) -> None:
    missing, unknown = sorted(set(expected) - set(given)), sorted(set(given) - set(expected))
    if missing or unknown:
        raise Misplaced(f"missing {missing}, unknown {unknown}", what, *unknown[:1])

"""The check of a prompt before anything is drawn: text in, Decision out."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from config.settings import ROOT
from config.words import FALLBACK, say
from moderation.language import is_english, unread
from moderation.nonsense import has_control_tokens, noise
from moderation.normalise import folded, legible
from moderation.opinion import Opinion
from moderation.personal import kinds_of_personal_data
from moderation.policy import GuardModel, Policy, Verdict
from moderation.policy_file import default_policy
from moderation.rules import Breach, rule_book

_log = logging.getLogger(__name__)

SEXUAL = "nudity"  #: the classifier's label for sexual content
#: Share of random letters above which a prompt is no prompt.
NOISE_LIMIT = 0.6
#: Share of letters in scripts that nothing here reads, above which a prompt cannot be judged.
UNREAD_LIMIT = 0.3


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one request.

    `label` is the licence clause (a to k) or the name of the server's rule that decided, None where nothing is
    refused or the check itself failed. `key` and `values` give the sentence for the person. `scores` are for the
    audit alone: they name term groups and must not be shown to the person.
    """

    verdict: Verdict
    policy_version: str
    label: str | None = None
    key: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Tell whether the request may go on."""
        return self.verdict is Verdict.ALLOW

    def sentence(self, locale: str = FALLBACK) -> str:
        """Return what the person reads, empty where the request is allowed."""
        return "" if self.key is None else say(self.key, locale=locale, **self.values)


def check_prompt(
    prompt: str,
    negative_prompt: str = "",
    *,
    age_restricted: bool = False,
    rules_off: Collection[str] = (),
    policy: Policy | None = None,
    classifier: Callable[[str], Opinion] | None = None,
    guard: Callable[[str], float] | None = None,
) -> Decision:
    """Return what the policy says of a prompt with its negative prompt, by default policy and classifier as shipped.

    `age_restricted` tells that the result will stand in an age-restricted channel, `rules_off` which of the server's
    rules rest there; no clause of the licence ever does. It never raises: where the check cannot be made, the answer is
    a refusal that says so. The shipped classifier takes 150 MB of the process. `guard` stands in for the guard model
    that the policy names, if it names one.
    """
    try:
        policy = default_policy() if policy is None else policy
        opinion = (_shipped_classifier() if classifier is None else classifier)(prompt)
        alarm = 0.0 if policy.guard is None else (guard or _configured_guard(policy.guard))(prompt)
        resting = _resting(policy, age_restricted, rules_off)
        return _decide(prompt, negative_prompt, resting, policy, opinion, alarm)
    except Exception:  # noqa: BLE001 - whatever went wrong, an unchecked prompt is not a permitted one
        _log.exception("the prompt check failed")
        version = getattr(policy, "version", "unknown")
        return Decision(Verdict.REFUSE, version, key="moderation.check_failed")


def _shipped_classifier() -> Callable[[str], Opinion]:
    # Imported here, because the bot's own process imports this module and never asks for an opinion.
    from moderation.classifier import shipped

    return shipped().judge


def _resting(policy: Policy, age_restricted: bool, rules_off: Collection[str]) -> set[str]:
    """Return the labels of what holds at present but not here."""
    relaxed = {
        label
        for label, clause in {**policy.clauses, **policy.rules}.items()
        if age_restricted and clause.relaxed_in_age_restricted
    }
    off = {name for name in rules_off if name in policy.rules and not policy.rules[name].fixed}
    return relaxed | off


def _configured_guard(settings: GuardModel) -> Callable[[str], float]:
    # Imported here, because it takes torch, and most policies name no guard.
    from moderation.guard import configured

    return configured(settings, ROOT / settings.folder).judge


def _decide(
    prompt: str, negative_prompt: str, resting: set[str], policy: Policy, opinion: Opinion, alarm: float
) -> Decision:
    book = rule_book(policy)
    evidence = book.evidence(prompt, negative_prompt)
    signs = _signs(prompt, negative_prompt)
    scores = {**evidence, **signs, **{f"classifier: {label}": odds for label, odds in opinion.odds.items()}}
    found = [*book.breaches(evidence), *(_breach(label, policy) for label in _labels(signs))]
    breaches = [breach for breach in found if breach.label not in resting]
    breaches += _learned(opinion, is_english(legible(prompt)), resting, policy)
    if policy.guard is not None:
        scores["guard"] = alarm
        if not alarm <= policy.guard.threshold and policy.guard.breaks not in resting:
            breaches.append(Breach(policy.guard.breaks, Verdict.REFUSE))
    if not breaches:
        return Decision(Verdict.ALLOW, policy.version, scores=scores)
    return refusal(max(breaches, key=lambda each: each.action.severity), policy, scores)


def _learned(opinion: Opinion, english: bool, resting: set[str], policy: Policy) -> list[Breach]:
    """Return the breach that the classifier sees; it errs more often than a rule, so it refuses and does no more."""
    forbidden = [
        label for label in opinion.odds if policy.find(label).action is not Verdict.ALLOW and label not in resting
    ]
    learned = policy.classifier
    if english and SEXUAL in forbidden and opinion.odds[SEXUAL] > learned.sexual:
        return [Breach(SEXUAL, Verdict.REFUSE)]
    if opinion.of_any(forbidden) <= (learned.threshold if english else learned.other_languages):
        return []
    return [Breach(max(forbidden, key=lambda label: opinion.odds[label]), Verdict.REFUSE)]


def _signs(prompt: str, negative_prompt: str) -> dict[str, float]:
    """Return the findings that rest on the form of the text and not on its terms."""
    fields = [way for text in (prompt, negative_prompt) for way in folded(text)]
    signs = {f"personal data: {kind}": 1.0 for way in fields for kind in kinds_of_personal_data(way)}
    if any(has_control_tokens(text) for text in (prompt, negative_prompt)):
        signs["control tokens"] = 1.0
    signs["noise"] = noise(prompt)
    signs["unread"] = unread(prompt)
    return signs


def _labels(signs: Mapping[str, float]) -> Iterator[str]:
    if any(name.startswith("personal data") for name in signs):
        yield "d"
    if "control tokens" in signs or signs["noise"] > NOISE_LIMIT:
        yield "nonsense"
    if signs["unread"] > UNREAD_LIMIT:
        yield "language"


def _breach(label: str, policy: Policy) -> Breach:
    return Breach(label, policy.find(label).action)


def refusal(breach: Breach, policy: Policy, scores: Mapping[str, float]) -> Decision:
    """Return the decision that a breach leads to, with its sentence for the person."""
    clause = policy.find(breach.label)
    values = {"title": clause.title, "reply": clause.reply}
    key = "moderation.refused_by_server"
    if breach.label in policy.clauses:
        values |= {"licence": policy.licence.name, "label": breach.label}
        key = "moderation.refused_by_licence"
    if breach.action is Verdict.ALLOW:
        return Decision(Verdict.ALLOW, policy.version, label=breach.label, scores=scores)
    return Decision(breach.action, policy.version, breach.label, key, values, scores)

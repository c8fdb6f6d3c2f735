"""What moderators read: a person's record, recent refusals, the guild's policy, its list, its statistics."""

from collections import Counter
from collections.abc import Sequence

from bot.moderators import Dossier, Statistics
from bot.replies import CONTENT_LENGTH
from bot.wording import escape, moment, shorten
from config.words import say
from db.conduct import Bar, Refusal, Sanction
from db.guilds import GuildPolicy
from db.never_again import Unwanted
from moderation.policy import Policy

SHOWN = 5
WORDS_LENGTH = 120


def dossier_text(dossier: Dossier, policy: Policy, locale: str) -> str:
    """Return a person's record in words."""
    counts = {"refusals": len(dossier.refusals), "strikes": len(dossier.strikes), "cases": len(dossier.cases)}
    lines = [say("people.dossier", locale=locale, user=dossier.user_id, **counts)]
    lines += [sanction_line(each, locale) for each in dossier.sanctions]
    for strike in dossier.strikes[:SHOWN]:
        key = "people.strike_line" if strike.overturned_at is None else "people.strike_line_overturned"
        title = policy.find(strike.label).title
        lines.append(say(key, locale=locale, label=strike.label, title=title, when=moment(strike.at, "f")))
    if dossier.weight is not None:
        lines.append(say("people.weight_line", locale=locale, weight=dossier.weight))
    return shorten("\n".join(lines), CONTENT_LENGTH)


def sanction_line(sanction: Sanction, locale: str) -> str:
    """Return what shuts somebody out, in words."""
    if sanction.bar is Bar.LOCK:
        return say("people.lock_line", locale=locale, since=moment(sanction.since, "f"))
    by = say("people.by_policy", locale=locale) if sanction.by is None else f"<@{sanction.by}>"
    if sanction.until is None:
        return say("people.ban_line", locale=locale, since=moment(sanction.since, "f"), by=by)
    return say("people.time_out_line", locale=locale, until=moment(sanction.until, "f"), by=by)


def refusals_text(refusals: Sequence[Refusal], policy: Policy, locale: str) -> str:
    """Return what was refused lately, in words."""
    if not refusals:
        return say("people.no_refusals", locale=locale)
    same = Counter(each.fingerprint for each in refusals)
    lines = (_refusal_line(each, same[each.fingerprint], policy, locale) for each in refusals)
    return shorten("\n".join(lines), CONTENT_LENGTH)


def policy_text(guild: GuildPolicy, policy: Policy, locale: str) -> str:
    """Return what is set for the guild, in words: each rule, and whether it holds."""
    lines = [say("people.policy", locale=locale, version=policy.version)]
    for name, rule in policy.rules.items():
        state = "fixed" if rule.fixed else "off" if name in guild.rules_off else "on"
        lines.append(say(f"people.rule_{state}", locale=locale, name=name, title=rule.title))
    if guild.review_channel_id is None:
        return "\n".join([*lines, say("people.no_review_channel", locale=locale)])
    return "\n".join([*lines, say("people.review_channel", locale=locale, channel=guild.review_channel_id)])


def unwanted_text(unwanted: Sequence[Unwanted], locale: str) -> str:
    """Return the guild's list in words."""
    if not unwanted:
        return say("people.nothing_unwanted", locale=locale)
    lines = [
        say("people.unwanted", locale=locale, id=each.id, pdq=each.pdq[:16], by=each.added_by, when=_day(each))
        for each in unwanted
    ]
    return shorten("\n".join(lines), CONTENT_LENGTH)


def statistics_bars(found: Statistics, policy: Policy, locale: str) -> list[tuple[str, int]]:
    """Return names and numbers for a chart: refusals by clause or rule, then cases by kind."""
    refused = [(f"{label}: {policy.find(label).title}", count) for label, count in found.refusals.items() if label]
    cases = [(say(f"people.chart_{kind}", locale=locale), count) for kind, count in found.cases.items()]
    return refused + cases


def statistics_alt(found: Statistics, bars: Sequence[tuple[str, int]], locale: str) -> str:
    """Return the chart in words."""
    numbers = "; ".join(f"{name}: {count}" for name, count in bars)
    return say("people.statistics_alt", locale=locale, days=found.days, numbers=numbers)


def _refusal_line(refusal: Refusal, times: int, policy: Policy, locale: str) -> str:
    """Return a refusal in words; the same ones asked several times are known by their hash, when they are gone too."""
    label = refusal.label or ""
    words = say("people.words_forgotten", locale=locale)
    if refusal.words is not None:
        words = escape(shorten(" / ".join(filter(None, refusal.words.values())), WORDS_LENGTH))
    if times > 1:
        words = f"{words} {say('people.same_words', locale=locale, times=times)}"
    return say(
        "people.refusal_line",
        locale=locale,
        when=moment(refusal.at, "f"),
        user=refusal.user_id,
        label=label,
        title=policy.find(label).title if label else say("people.unlabelled", locale=locale),
        words=words,
    )


def _day(unwanted: Unwanted) -> str:
    return moment(unwanted.added_at, "d")

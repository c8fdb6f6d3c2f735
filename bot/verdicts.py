"""What was found out about a picture's origin, in words: first what it comes to, then each kind of mark."""

from collections.abc import Iterator

from bot.replies import CONTENT_LENGTH
from bot.verification import Evidence, is_near
from bot.wording import escape, moment, shorten, words_or_none
from config.words import say
from db.history import Record
from db.jobs import Job
from db.never_again import NEAR
from provenance.search import Way

PROMPT_LENGTH = 300
SETTINGS_LENGTH = 200
NAME_LENGTH = 60
WATERMARK = {
    Way.AS_IS: "verify.watermark",
    Way.DCT: "verify.watermark_dct",
    Way.SCALED: "verify.watermark_scaled",
    Way.MIRRORED: "verify.watermark_mirrored",
    Way.LIT: "verify.watermark_lit",
    Way.CROPPED: "verify.watermark_cropped",
}


def verdict_text(evidence: Evidence, locale: str) -> str:
    """Return what was found as a message's content. It claims no more than that."""
    kinds = (_conclusion, _credentials, _watermark, _id, _metadata, _fingerprint, _record)
    lines = [line for kind in kinds for line in kind(evidence, locale)]
    return shorten("\n".join(lines), CONTENT_LENGTH)


def _conclusion(evidence: Evidence, locale: str) -> Iterator[str]:
    findings = evidence.findings
    if evidence.same is not None:
        yield say("verify.same", locale=locale, id=evidence.same.id)
    elif findings.credentials is not None and findings.credentials.made_here:
        yield say("verify.signed", locale=locale)
    elif evidence.named is not None:
        key = "verify.named" if is_near(evidence.named_bits) else "verify.named_only"
        yield say(key, locale=locale, id=evidence.named.id)
    elif evidence.sighting.found:
        yield say("verify.marked", locale=locale)
    elif evidence.record_id is not None:
        yield say("verify.carries_id", locale=locale)
    elif evidence.alike is not None:
        yield say("verify.alike", locale=locale, id=evidence.alike.id)
    elif findings.settings or findings.made_by_a_model or findings.credentials is not None:
        yield say("verify.says", locale=locale)
    else:
        yield say("verify.nothing", locale=locale)


def _credentials(evidence: Evidence, locale: str) -> Iterator[str]:
    """Yield who signed the file and what for; anybody can sign with any name, so only ours is known."""
    found = evidence.findings.credentials
    if found is None:
        yield say("verify.credentials_none", locale=locale)
        return
    names = {"signer": _short(found.signer), "generator": _short(found.generator)}
    known = "verify.credentials_ours" if found.ours else "verify.credentials_valid"
    yield say(known if found.valid else "verify.credentials_broken", locale=locale, **names)
    if found.made_by_a_model:
        yield say("verify.credentials_model", locale=locale)
    if found.sources:
        origins = ", ".join(map(_short, found.origins)) or say("verify.unsigned", locale=locale)
        yield say("verify.credentials_sources", locale=locale, count=found.sources, origins=origins)


def _short(name: str) -> str:
    return escape(shorten(name, NAME_LENGTH))


def _watermark(evidence: Evidence, locale: str) -> Iterator[str]:
    """Yield where the mark was read, and how often chance would have it so."""
    sighting = evidence.sighting
    (width, height), (x, y) = sighting.size, sighting.offset
    key = WATERMARK[sighting.way] if sighting.found else "verify.watermark_none"
    yield say(key, locale=locale, agreement=sighting.agreement, width=width, height=height, x=x, y=y)


def _id(evidence: Evidence, locale: str) -> Iterator[str]:
    """Yield the id in the pixels; of one that the person may not see, what is said of one that nobody knows."""
    bits = evidence.named_bits
    if evidence.record_id is None:
        return
    if evidence.named is None:
        key = "verify.id_alone"
    elif bits is None:
        key = "verify.id"
    else:
        key = "verify.id_alike" if is_near(bits) else "verify.id_unlike"
    yield say(key, locale=locale, id=evidence.record_id, bits=bits, limit=NEAR)


def _metadata(evidence: Evidence, locale: str) -> Iterator[str]:
    findings = evidence.findings
    if findings.settings:
        settings = ", ".join(f"{name}: {value}" for name, value in findings.settings.items())
        yield say("verify.settings", locale=locale, settings=escape(shorten(settings, SETTINGS_LENGTH)))
    if findings.made_by_a_model:
        yield say("verify.declared", locale=locale)
    if not findings.settings and not findings.made_by_a_model:
        yield say("verify.metadata_none", locale=locale)


def _fingerprint(evidence: Evidence, locale: str) -> Iterator[str]:
    if evidence.same is not None:
        yield say("verify.fingerprint_same", locale=locale, id=evidence.same.id)
    elif evidence.alike is not None:
        bits = evidence.bits
        yield say("verify.fingerprint_alike", locale=locale, id=evidence.alike.id, bits=bits, limit=NEAR)
    elif evidence.findings.pdq is None:
        yield say("verify.fingerprint_plain", locale=locale)
    elif evidence.named is None:
        yield say("verify.fingerprint_none", locale=locale)


def _record(evidence: Evidence, locale: str) -> Iterator[str]:
    """Yield what the history knows, as far as it may be shown here; to moderators also who asked for it."""
    if evidence.record is None:
        return
    yield _made(evidence.record, locale)
    if evidence.may_show:
        prompt = escape(shorten(words_or_none(evidence.record.prompt, locale), PROMPT_LENGTH))
        yield say("verify.record_prompt", locale=locale, prompt=prompt)
    else:
        yield say("verify.record_restricted", locale=locale)
    if evidence.asked is not None:
        yield _asked(evidence.asked, locale)


def _made(record: Record, locale: str) -> str:
    return say(
        "verify.record",
        locale=locale,
        id=record.id,
        when=moment(record.finished_at, "f"),
        model=record.checkpoint,
        width=record.width,
        height=record.height,
        seed=record.seed,
    )


def _asked(job: Job, locale: str) -> str:
    when = moment(job.created_at, "f")
    return say("verify.asked", locale=locale, user=job.user_id, when=when, channel=job.channel_id)

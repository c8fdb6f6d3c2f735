"""What a job's reply says while it waits, while it runs, and when it is over."""

from collections.abc import Sequence
from typing import Any

import discord

from bot.adapters import write_adapters
from bot.letters import Enclosure, Letter
from bot.studio import QueueState
from bot.views.buttons import cancel_view, result_view, shown_view
from bot.wording import escape, quote, shorten, span, words_or_none
from config.words import say
from db.tables.job import Job, JobStatus
from db.tables.record import Record
from inference.request import Task
from jobs.place import Place, Reason
from jobs.reproduction import Likeness, Verdict
from moderation.policy import Policy

CONTENT_LENGTH = 2_000
EMBED_LENGTH = 4_096
ALT_LENGTH = 1_024
PROMPT_LENGTH = 800  # as quoted; the settings, seeds and ids after it always fit
NEGATIVE_LENGTH = 200
EACH_LENGTH = 60  # of each prompt where there are several
NOTE_LENGTH = 200
QUEUE_PROMPT_LENGTH = 80

HEADINGS = {  # "of": where the picture to start from is in the history
    "imagine": "bot.did_imagine",
    "vary": "bot.did_vary",
    "vary of": "bot.did_vary_of",
    "outpaint": "bot.did_outpaint",
    "outpaint of": "bot.did_outpaint_of",
    "blend": "bot.did_blend",
    "blend of": "bot.did_blend_of",
    "upscale": "bot.did_upscale",
    "upscale of": "bot.did_upscale_of",
    "inpaint": "bot.did_inpaint",
    "inpaint of": "bot.did_inpaint_of",
    "compare": "bot.did_compare",
    "again": "bot.did_again",
    "remix": "bot.did_remix",
    "reproduce": "bot.did_reproduce",
}
REASONS = {
    Reason.NO_WORKER: "bot.waiting_for_worker",
    Reason.OTHERS: "bot.waiting_for_others",
    Reason.OWN: "bot.waiting_for_own",
    Reason.NEXT: "bot.waiting_next",
    Reason.CHOOSY: "bot.waiting_choosy",
    Reason.STARTING: "bot.waiting_to_start",
}
LIKENESS = {
    Likeness.IDENTICAL: "bot.verdict_identical",
    Likeness.NEAR: "bot.verdict_near",
    Likeness.DIFFERENT: "bot.verdict_different",
}


def waiting_letter(job: Job, place: Place) -> Letter:
    """Return the reply of a job in the line: which place, how long, and why."""
    return _open_letter(job, _waiting_lines(place, job.locale))


def running_letter(job: Job, *, step: int, of: int, preview: bytes | None, seconds: float) -> Letter:
    """Return the reply of a job that is being drawn, with what can be seen so far and the seconds that are left."""
    locale = job.locale
    state = say("bot.starting", locale=locale)
    if of:
        state = say("bot.drawing", locale=locale, step=step, of=of, percent=100 * step // of)
    enclosures: tuple[Enclosure, ...] = ()
    if preview is not None:
        enclosures = (Enclosure("preview.jpg", preview, say("bot.preview_alt", locale=locale)),)
    left = say("bot.left", locale=locale, time=span(seconds, locale))
    return _open_letter(job, [f"{state} {left}"], enclosures)


def ending_letter(job: Job) -> Letter:
    """Return the reply of a job that ended without pictures."""
    locale = job.locale
    if job.status is JobStatus.CANCELLED:
        return Letter(_clip([say("bot.was_cancelled", locale=locale, user=job.user_id), _prompt_of(job)]))
    sentence = say(job.error_key or "jobs.failed_inside", locale=locale, **(job.error_values or {}))
    lines = [say("bot.no_picture", locale=locale, user=job.user_id, reason=sentence)]
    if job.status is not JobStatus.REFUSED:  # a refusal does not repeat what it refused
        lines.append(_prompt_of(job))
    return Letter(_clip(lines))


def restricted_letter(job: Job) -> Letter:
    """Return what is said of age-restricted pictures where they may not be posted."""
    return Letter(say("bot.only_age_restricted", locale=job.locale, user=job.user_id))


def undelivered_letter(job: Job) -> Letter:
    """Return what can still be said where the letter itself could not be sent."""
    return Letter(say("bot.undelivered", locale=job.locale, user=job.user_id))


def result_letter(
    job: Job,
    records: Sequence[Record],
    enclosures: Sequence[Enclosure],
    *,
    smaller: bool = False,
    lost: Sequence[str] = (),
    held: int = 0,
) -> Letter:
    """Return the reply with the pictures.

    `smaller`: some had to be made smaller than they are in the history. `lost`: sentences on those that are gone.
    `held`: so many are before a moderator.
    """
    locale = job.locale
    if not records:
        key = "bot.all_held" if held else "bot.all_deleted"
        return Letter(say(key, locale=locale, user=job.user_id))
    told = description(records, locale) if job.sheet is None else [_prompt_of(job)]
    lines = [_heading(job), *_verdict_lines(job), *told]
    lines += [*lost, *(f"-# {note}" for note in notes_of(job))]
    if held:
        lines.append(f"-# {say('bot.note_held', locale=locale, count=held)}")
    if smaller:
        lines.append(f"-# {say('bot.note_smaller', locale=locale)}")
    return Letter(_clip(lines), tuple(enclosures), result_view(records, locale))


def shown_letter(record: Record, data: bytes, suffix: str, locale: str, *, spoiler: bool) -> Letter:
    """Return a picture of the history as a message; what is no PNG file had to be made smaller."""
    heading = say("bot.shown", locale=locale, user=record.user_id)
    enclosure = Enclosure(f"imagine-{record.id}{suffix}", data, alt_text(record, locale), spoiler)
    lines = [heading, *description([record], locale)]
    if suffix != ".png":
        lines.append(f"-# {say('bot.note_smaller', locale=locale)}")
    return Letter(_clip(lines), (enclosure,), shown_view(record, locale))


def description(records: Sequence[Record], locale: str) -> list[str]:
    """Return the lines that tell how pictures of one request were made, and what each is called."""
    first, several = records[0], len({record.prompt for record in records}) > 1
    lines = [] if several else [_quoted(first.prompt, locale)]
    if first.negative_prompt:
        negative = escape(shorten(first.negative_prompt, NEGATIVE_LENGTH))
        lines.append(say("bot.without", locale=locale, negative_prompt=negative))
    lines.append(settings_line(first, locale))
    numbered = len(records) > 1
    for number, record in enumerate(records, start=1):
        key = "bot.numbered_picture" if numbered else "bot.one_picture"
        lines.append(say(key, locale=locale, number=number, id=record.id, seed=record.seed))
        if several:
            lines.append(words_or_none(escape(shorten(record.prompt, EACH_LENGTH)), locale))
    return lines


def settings_line(record: Record, locale: str) -> str:
    """Return the settings of a picture in one line."""
    line = say(
        "bot.settings",
        locale=locale,
        width=record.width,
        height=record.height,
        steps=record.num_inference_steps,
        guidance=record.guidance_scale,
        sampler=record.sampler,
        model=record.checkpoint,
    )
    if record.task == Task.IMAGE_TO_IMAGE and record.strength is not None:
        line += say("bot.settings_strength", locale=locale, strength=record.strength)
    if adapters := record.request.get("adapters"):
        line += say("bot.settings_adapters", locale=locale, adapters=escape(write_adapters(adapters)))
    return line


def sheet_alt_text(job: Job) -> str:
    """Return the words for those who cannot see a comparison."""
    assert job.sheet is not None
    sides = {side: ", ".join(labels) for side, labels in job.sheet.items() if labels}
    key = "bot.sheet_alt" if len(sides) > 1 else "bot.row_alt"
    text = say(key, locale=job.locale, prompt=words_or_none(job.request["prompt"], job.locale), **sides)
    return shorten(text, ALT_LENGTH)


def alt_text(record: Record, locale: str) -> str:
    """Return the words for those who do not see the picture."""
    text = say("bot.alt_text", locale=locale, prompt=words_or_none(record.prompt, locale))
    return shorten(text, ALT_LENGTH)


def notes_of(job: Job) -> list[str]:
    """Return what the person should know about the job, in words."""
    return [
        shorten(say(note["key"], locale=job.locale, **_harmless(note["values"])), NOTE_LENGTH) for note in job.notes
    ]


def verdict_text(verdict: Verdict, locale: str) -> str:
    """Return in words how alike a picture and its reproduction are, and what has changed between them."""
    text = say(LIKENESS[verdict.likeness], locale=locale, psnr=verdict.psnr or 0.0)
    if verdict.changed:
        names = ", ".join(verdict.changed)
        return f"{text} {say('bot.verdict_changed', locale=locale, names=shorten(names, NOTE_LENGTH))}"
    return text if verdict.likeness is Likeness.IDENTICAL else f"{text} {say('bot.verdict_unchanged', locale=locale)}"


def deleted_text(user_id: int, locale: str) -> str:
    """Return what stands where a deleted picture was."""
    return say("bot.was_deleted", locale=locale, user=user_id)


def licence_embed(policy: Policy, locale: str) -> discord.Embed:
    """Return the use restrictions in words."""
    return discord.Embed(
        title=say("bot.licence_title", locale=locale, name=policy.licence.name)[:256],
        url=policy.licence.address,
        description=shorten(policy.licence_text(locale), EMBED_LENGTH),
    )


def queue_text(state: QueueState, locale: str) -> str:
    """Return what /queue says: everybody's numbers, then each of the person's jobs with its place and why."""
    lines = [say("bot.queue", locale=locale, running=state.running, waiting=state.waiting)]
    if not state.mine:
        lines.append(say("bot.queue_without_yours", locale=locale))
    for number, ticket in enumerate(state.mine, start=1):
        prompt = words_or_none(escape(shorten(" / ".join(_prompts_of(ticket.job)), QUEUE_PROMPT_LENGTH)), locale)
        lines.append(say("bot.queue_entry", locale=locale, number=number, prompt=prompt))
        lines.append(_standing(ticket.place, locale))
    return _clip(lines)


def _standing(place: Place, locale: str) -> str:
    if place.running:
        return say("bot.queue_running", locale=locale, time=span(place.seconds, locale))
    return " ".join(_waiting_lines(place, locale))


def _heading(job: Job) -> str:
    origin = job.parent_id or job.reproduces
    key = HEADINGS.get(f"{job.action} of") if origin else None
    return say(key or HEADINGS[job.action], locale=job.locale, user=job.user_id, origin=origin)


def _open_letter(job: Job, lines: list[str], enclosures: tuple[Enclosure, ...] = ()) -> Letter:
    """Return the reply of a job that is not over: its state, its words, its notes, and a way out."""
    lines = [*lines, _prompt_of(job), *(f"-# {note}" for note in notes_of(job))]
    return Letter(_clip(lines), enclosures, cancel_view([job.id], job.locale))


def _waiting_lines(place: Place, locale: str) -> list[str]:
    """Return which place a job has in the line, why, and how long it takes."""
    reason = say(REASONS[place.reason], locale=locale, people=place.people)
    lines = [reason, _expected(place, locale)]
    return [say("bot.waiting", locale=locale, position=place.ahead + 1), *lines] if place.ahead else lines


def _expected(place: Place, locale: str) -> str:
    """Return in how long a job should be done, and how far to trust that."""
    expected = say("bot.expected", locale=locale, time=span(place.seconds, locale))
    if place.doubt is None:
        return expected
    return f"{expected} {say('bot.expected_doubt', locale=locale, percent=round(100 * place.doubt))}"


def _verdict_lines(job: Job) -> list[str]:
    return [] if job.verdict is None else [verdict_text(Verdict.from_dict(job.verdict), job.locale)]


def _prompt_of(job: Job) -> str:
    return _quoted("\n".join(_prompts_of(job)), job.locale)


def _prompts_of(job: Job) -> list[str]:
    """Return the prompts of a job's pictures, each once."""
    own = [variant["prompt"] for variant in job.request.get("variants", ())]
    return list(dict.fromkeys(prompt or job.request["prompt"] for prompt in own or [None]))


def _quoted(prompt: str, locale: str) -> str:
    return quote(prompt, PROMPT_LENGTH) if prompt.strip() else say("bot.no_words", locale=locale)


def _harmless(values: dict[str, Any]) -> dict[str, Any]:
    return {name: escape(value) if isinstance(value, str) else value for name, value in values.items()}


def _clip(lines: Sequence[str]) -> str:
    return shorten("\n".join(lines), CONTENT_LENGTH)

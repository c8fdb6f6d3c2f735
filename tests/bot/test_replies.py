"""What the replies of jobs say."""

import pytest
from guest import CHANGES
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import job, record, request

from bot.admission import Ticket
from bot.details import details_text
from bot.gallery import Family
from bot.letters import Letter
from bot.replies import (
    alt_text,
    ending_letter,
    licence_embed,
    queue_text,
    result_letter,
    running_letter,
    shown_letter,
    verdict_text,
    waiting_letter,
)
from bot.studio import QueueState
from config.words import say
from db.history import Relative
from db.tables.job import JobStatus
from inference.request import Task, Variant
from jobs.place import Place, Reason
from jobs.reproduction import Likeness, Verdict
from moderation import default_policy

WORDS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PROMPTS = st.text(WORDS, max_size=2000) | st.builds(str.__mul__, st.sampled_from("`|\\\n*a"), st.integers(0, 2000))


def ids(letter: Letter) -> list[str]:
    assert letter.view is not None
    return [component["custom_id"] for row in letter.view.to_components() for component in row["components"]]


def test_the_place_in_the_line_comes_with_its_reason() -> None:
    next_one = waiting_letter(job(), Place(0, 0, 0.0, 4.0, Reason.NEXT))
    behind_others = waiting_letter(job(), Place(5, 2, 120.0, 130.0, Reason.OTHERS, doubt=0.25))
    behind_mine = waiting_letter(job(), Place(1, 0, 10.0, 20.0, Reason.OWN))

    assert "Next in the queue" in next_one.content
    assert "Number 6" in behind_others.content
    assert "Others who wait: 2" in behind_others.content
    assert "about 2 min. Such estimates were off by about 25 % lately." in behind_others.content
    assert "Your own earlier pictures" in behind_mine.content
    assert ids(behind_mine) == ["imagine:cancel:1"]


def test_progress_is_told_in_numbers_and_shows_the_preview() -> None:
    starting = running_letter(job(), step=0, of=0, preview=None, seconds=5.0)
    drawing = running_letter(job(), step=5, of=20, preview=b"jpeg", seconds=4.0)

    assert "Starting" in starting.content
    assert "step 5 of 20 (25 %). About 4 s left." in drawing.content
    assert [(each.filename, each.data) for each in drawing.enclosures] == [("preview.jpg", b"jpeg")]


def test_notes_are_told_from_the_beginning_to_the_end() -> None:
    noted = job(notes=[{"key": "bot.note_snapped", "values": {"asked": "1×1", "size": "256×256"}}])

    for letter in (
        waiting_letter(noted, Place(0, 0, 0.0, 1.0, Reason.NEXT)),
        running_letter(noted, step=1, of=2, preview=None, seconds=5.0),
        result_letter(noted, [record()], []),
    ):
        assert "1×1 was changed to 256×256" in letter.content


def test_a_refusal_does_not_repeat_what_it_refused_and_a_failure_gives_the_prompt_back() -> None:
    refused = ending_letter(job(status=JobStatus.REFUSED, error_key="jobs.picture_refused", error_values={}))
    failed = ending_letter(job(status=JobStatus.FAILED, error_key="jobs.out_of_memory", error_values={}))

    assert "a red circle" not in refused.content
    assert "a red circle" in failed.content
    assert say("jobs.out_of_memory") in failed.content
    assert refused.view is None


def test_a_job_that_was_cancelled_gives_the_prompt_back() -> None:
    letter = ending_letter(job(status=JobStatus.CANCELLED))

    assert "Cancelled for <@11>" in letter.content
    assert "a red circle" in letter.content


@pytest.mark.parametrize("action", ["imagine", "vary", "upscale", "again", "remix", "reproduce"])
def test_every_action_names_its_requester_and_where_it_came_from(action: str) -> None:
    letter = result_letter(job(action=action, parent_id=None if action == "imagine" else "ZZZZZZZZZZ"), [record()], [])

    assert "<@11>" in letter.content
    assert ("ZZZZZZZZZZ" in letter.content) == (action != "imagine")


@pytest.mark.parametrize("action", ["vary", "upscale"])
def test_an_upload_is_not_named_as_if_it_were_in_the_history(action: str) -> None:
    assert "None" not in result_letter(job(action=action), [record()], []).content


def test_the_strength_of_a_variation_is_told() -> None:
    varied = request(task=Task.IMAGE_TO_IMAGE, source="0" * 64, strength=0.35)

    assert "strength 0.35" in result_letter(job(varied, action="vary"), [record(0, varied)], []).content


def test_a_picture_of_the_history_says_when_it_is_a_smaller_copy() -> None:
    asked = record(0, request())

    assert "smaller copy" in shown_letter(asked, b"", ".webp", "en-US", spoiler=False).content
    assert "smaller copy" not in shown_letter(asked, b"", ".png", "en-US", spoiler=False).content


def test_pictures_that_were_deleted_on_the_way_are_told_to_their_person() -> None:
    assert result_letter(job(user_id=11), [], []).content.startswith("<@11>, ")


@settings(max_examples=30, deadline=None)
@given(PROMPTS, PROMPTS, st.integers(1, 4))
def test_no_prompt_breaks_a_message(prompt: str, negative: str, count: int) -> None:
    asked = request(prompt=prompt, negative_prompt=negative, count=count)
    made = [record(number, asked) for number in range(count)]
    notes = [{"key": "jobs.note_truncated", "values": {"rest": prompt[:80]}}] * 5
    family = Family((Relative(record=made[0], kind="vary"),) * 20, (Relative(record=made[0], kind="upscale"),) * 20)
    contents = [
        result_letter(job(asked, notes=notes), made, [], smaller=True).content,
        waiting_letter(job(asked, notes=notes), Place(1, 1, 0.0, 1.0, Reason.OTHERS)).content,
        ending_letter(job(asked, status=JobStatus.CANCELLED)).content,
        shown_letter(made[0], b"", ".png", "en-US", spoiler=False).content,
        details_text(made[0], family, {}, 2, "en-US"),
        queue_text(QueueState(1, 2, (Ticket(job(asked), Place(1, 1, 0.0, 1.0, Reason.OTHERS)),) * 8), "en-US"),
    ]

    assert all(0 < len(content) <= 2000 for content in contents)
    assert all(content.count("```") in (0, 2) for content in contents)
    assert all(f"Seed {each.seed}, picture `{each.id}`" in contents[0] for each in made)
    assert 0 < len(alt_text(made[0], "en-US")) <= 1024


@pytest.mark.parametrize("length", [990, 2000])
def test_a_prompt_of_quotation_marks_alone_leaves_the_seed_and_the_id_in_sight(length: int) -> None:
    asked = request(prompt="`" * length, negative_prompt="*" * length, count=4)
    content = result_letter(job(asked), [record(number, asked) for number in range(4)], []).content

    assert content.count("```") == 2
    assert content.endswith(f"picture `{record(3).id}`")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_buttons_fit_into_discords_rows(count: int) -> None:
    records = [record(number) for number in range(count)]
    letter = result_letter(job(), records, [])
    assert letter.view is not None
    rows = letter.view.to_components()

    assert len(rows) <= 5
    assert max(len(row["components"]) for row in rows) <= 5
    assert len(set(ids(letter))) == 4 + (3 * count if count > 1 else len(CHANGES))
    assert f"imagine:upscale:{records[-1].id}" in ids(letter)


def test_a_reproduction_is_judged_in_words() -> None:
    identical = verdict_text(Verdict(Likeness.IDENTICAL, None, ()), "en-US")
    near = verdict_text(Verdict(Likeness.NEAR, 41.23, ("torch",)), "en-US")
    different = verdict_text(Verdict(Likeness.DIFFERENT, 9.0, ()), "en-US")

    assert "Identical" in identical
    assert "41.2 dB" in near
    assert "torch" in near
    assert "has changed" in different


def test_the_verdict_stands_in_the_reply() -> None:
    verdict = Verdict(Likeness.NEAR, 41.23, ("torch",)).to_dict()

    assert (
        "41.2 dB"
        in result_letter(job(action="reproduce", reproduces="Z" * 10, verdict=verdict), [record()], []).content
    )


def test_pictures_that_were_deleted_on_the_way_are_missed() -> None:
    assert "deleted" in result_letter(job(), [], []).content


def test_the_use_restrictions_fit_into_an_embed() -> None:
    embed = licence_embed(default_policy(), "en-US")

    assert len(embed) <= 6000
    assert not (embed.description or "").endswith("…")


def test_a_job_of_several_prompts_tells_them_all() -> None:
    variants = (Variant(prompt="a red circle"), Variant(prompt="a green circle"), Variant(seed=7))
    asked = job(request(variants=variants, count=3, prompt="a blue circle"))
    waits = waiting_letter(asked, Place(0, 0, 0.0, 4.0, Reason.NEXT))
    listed = queue_text(QueueState(0, 1, (Ticket(asked, Place(0, 0, 0.0, 4.0, Reason.NEXT)),)), "en-US")

    assert "a red circle\na green circle\na blue circle" in waits.content
    assert "a red circle / a green circle / a blue circle" in listed

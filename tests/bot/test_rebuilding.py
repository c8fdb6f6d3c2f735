"""What /history exports, drawn again where nothing else is known of it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from bot_kit import House, first_answer, settled
from fakes import IDENTITY, SEXUAL_AND_YOUNG, FakeExecutor, FakeEyes, InThreadClerk, draw_over
from guest import Guest, record_ids
from PIL import Image
from strict_policy import write_policy

from bot.rebuilding import Outcome, Rebuilder, Redrawn
from config.settings import load_settings
from inference.checkpoints import load_checkpoints
from jobs.excerpt import Excerpt, NotAnExcerpt
from provenance.watermark import Method

SETTINGS = load_settings()


@pytest.fixture
def house_that_draws_over(house: House) -> House:
    house.executor.outcomes = [draw_over] * 20
    return house


async def chain(ada: Guest) -> list[str]:
    """Make five pictures, each from the one before, and return their ids."""
    ids = record_ids(await ada.type("/imagine a red circle seed:1"))
    for command in ("/vary picture:{}", "/upscale picture:{}", "/reproduce id:{}", "/vary picture:{} strength:strong"):
        ids += record_ids(await ada.type(command.format(ids[-1])))
    return ids


async def export(guest: Guest, search: str = "") -> bytes:
    page = await first_answer(guest, f"/history {search}")
    message = await settled(guest, await guest.push(page, "Export"))
    return await guest.fetch(message["attachments"][0])


async def redraw(
    excerpt: bytes,
    out: Path,
    given: Path | None = None,
    policy: Path = SETTINGS.policy,
    eyes: FakeEyes | None = None,
) -> list[Redrawn]:
    """Draw an excerpt again, by another executor and in another folder."""
    await asyncio.to_thread(out.mkdir)
    clerk = InThreadClerk()
    rebuilder = Rebuilder(
        checkpoints=load_checkpoints(SETTINGS.models),
        executor=FakeExecutor([draw_over] * 20),
        pictures=clerk,  # type: ignore[arg-type]
        prompts=clerk,  # type: ignore[arg-type]
        eyes=eyes,  # type: ignore[arg-type]
        policy=policy,
        identity=IDENTITY,
        method=Method(SETTINGS.watermark),
        out=out,
    )
    return [each async for each in rebuilder.run(Excerpt.from_json(excerpt), given)]


async def test_a_chain_of_five_comes_out_the_same_from_its_export_alone(
    house_that_draws_over: House, tmp_path: Path
) -> None:
    ada = house_that_draws_over.guest()
    ids = await chain(ada)
    ids.remove(original := ids[2])  # its reproduction stands for it
    redrawn = await redraw(await export(ada, "kind:image to image"), tmp_path / "again")

    assert original not in (each.id for each in redrawn)
    assert sorted(each.id for each in redrawn) == sorted(ids)
    assert {each.outcome for each in redrawn} == {Outcome.IDENTICAL}
    for name in ids:
        before = await house_that_draws_over.history.get(name)
        assert before is not None
        path = house_that_draws_over.store.path(before.sha256)
        again = tmp_path / "again" / f"imagine-{name}.png"
        assert Image.open(path).tobytes() == Image.open(again).tobytes(), "the mark in the pixels, too"


async def test_what_comes_of_another_picture_is_another(house_that_draws_over: House, tmp_path: Path) -> None:
    ada = house_that_draws_over.guest()
    ids = await chain(ada)
    told = json.loads(await export(ada))
    first = next(each for each in told["records"] if each["id"] == ids[0])
    first["request"]["seed"] += 1
    first["fingerprint"]["engine"] = "another"
    redrawn = {each.id: each for each in await redraw(json.dumps(told).encode(), tmp_path / "again")}

    assert {each.outcome for each in redrawn.values()} == {Outcome.DIFFERENT}
    assert redrawn[ids[0]].note == "engine"


async def test_masks_are_in_the_export(house_that_draws_over: House, tmp_path: Path) -> None:
    ada = house_that_draws_over.guest()
    [source] = record_ids(await ada.type("/imagine a red circle"))
    [redrawn] = record_ids(await ada.type(f"/inpaint picture:{source} prompt:a star region:left half"))
    excerpt = await export(ada)

    assert len(Excerpt.from_json(excerpt).files) == 1
    assert [each.outcome for each in await redraw(excerpt, tmp_path / "again")] == [Outcome.IDENTICAL] * 2
    assert (tmp_path / "again" / f"imagine-{redrawn}.png").exists()


async def test_what_people_sent_is_taken_from_a_folder_by_its_content(
    house_that_draws_over: House, png: bytes, tmp_path: Path
) -> None:
    house, ada = house_that_draws_over, house_that_draws_over.guest()
    [varied] = record_ids(await ada.type("/vary", ("mine.png", png)))
    record = await house.history.get(varied)
    assert record is not None
    excerpt = await export(ada)
    given = tmp_path / "given"
    given.mkdir()
    without = await redraw(excerpt, tmp_path / "without", given)
    (given / "any name").write_bytes(await house.store.read(record.request["source"]))

    assert without[0].outcome is Outcome.FAILED
    assert "starts from is not in the export" in without[0].note
    assert await redraw(excerpt, tmp_path / "with", given) == [Redrawn(varied, Outcome.IDENTICAL)]


async def test_the_policy_is_asked_of_what_is_drawn_again(house_that_draws_over: House, tmp_path: Path) -> None:
    ada = house_that_draws_over.guest()
    await ada.type("/imagine a red circle")
    strict = write_policy(tmp_path / "policy")
    told = json.loads(await export(ada))
    told["records"][0]["request"]["prompt"] = "marmalade"
    [refused] = await redraw(json.dumps(told).encode(), tmp_path / "again", policy=strict)

    assert refused.outcome is Outcome.FAILED
    assert not list((tmp_path / "again").iterdir())


async def test_what_a_closed_world_made_of_files_is_looked_at(house_that_draws_over: House, tmp_path: Path) -> None:
    ada = house_that_draws_over.guest()
    [source] = record_ids(await ada.type("/imagine a red circle"))
    await ada.type(f"/inpaint picture:{source} prompt:a star region:left half")
    words, picture = await redraw(await export(ada), tmp_path / "again", eyes=FakeEyes(SEXUAL_AND_YOUNG))

    assert words == Redrawn(source, Outcome.IDENTICAL)
    assert picture.outcome is Outcome.FAILED
    assert [each.name for each in (tmp_path / "again").iterdir()] == [f"imagine-{source}.png"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b'{"format": "imagine excerpt 1"}'),
        b'{"format": "imagine excerpt 1", "records": [{}], "files": {}}',
        b'{"format": "imagine excerpt 1", "records": [], "files": {"x": "not base64"}}',
        b'{"format": "another", "records": [], "files": {}}',
    ],
)
def test_another_file_is_no_excerpt(data: bytes) -> None:
    with pytest.raises(NotAnExcerpt, match="no file that /history exports"):
        Excerpt.from_json(data)


async def test_a_name_that_would_lead_out_of_the_folder_is_none(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")
    excerpt = Excerpt.from_json(await export(ada))
    wicked = replace(excerpt, entries=(replace(excerpt.entries[0], id="../../evil"),))

    with pytest.raises(NotAnExcerpt):
        Excerpt.from_json(wicked.to_json())

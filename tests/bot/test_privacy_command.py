"""/privacy: shown, exported, deleted; and what retention forgets by itself."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from bot_kit import POLL_SECONDS, House, first_answer, gone, in_channel, open_house, settled
from delivery_kit import order
from guest import Guest, Json, labels, record_ids
from PIL import Image
from sqlalchemy import update
from strict_policy import id_of, write_policy

from bot import exporting, privacy
from db.audit import Audit
from db.base import utc_now
from db.cases import CaseKind, Cases, NewCase, Outcome
from db.conduct import Conduct
from db.privacy import Privacy
from db.removals import Removals
from db.session import Database
from db.tables.case import CaseRow
from db.tables.conduct import RefusalRow, StrikeRow
from db.tables.job import JobRow
from db.tables.upload import UploadRow
from local_discord.server import LocalDiscord

EPHEMERAL = 64


async def exported(guest: Guest, message: Json, label: str = "Send me everything") -> list[Json]:
    """Press the button; return what comes, up to the last words."""
    before = {each["id"] for each in await in_channel(guest)}
    await guest.push(message, label)
    async with asyncio.timeout(20):
        while True:
            new = [each for each in await in_channel(guest) if each["id"] not in before]
            if new and (labels(new[-1]) or "That is all" in new[-1]["content"]):
                return new
            await asyncio.sleep(POLL_SECONDS)


async def unpacked(guest: Guest, messages: list[Json]) -> dict[str, bytes]:
    files = {}
    for message in messages:
        for attachment in message["attachments"]:
            with zipfile.ZipFile(io.BytesIO(await guest.fetch(attachment))) as archive:
                files |= {name: archive.read(name) for name in archive.namelist()}
    return files


async def test_it_shows_what_is_kept(strict_house: House) -> None:
    ada = strict_house.guest()
    await ada.type("/imagine a red circle count:3")
    await ada.type("/imagine a castle")
    told = await first_answer(ada, "/privacy")

    assert "Pictures: 3, of 1 requests" in told["content"]
    assert "Refused requests: 1" in told["content"]
    assert "for 14 days" in told["content"]
    assert told["flags"] & EPHEMERAL
    assert labels(told) == ["Keep my words out of files", "Send me everything", "Delete everything"]


async def test_files_tell_prompts_unless_their_person_says_no(strict_house: House) -> None:
    ada = strict_house.guest()

    async def said(message: Json) -> str:
        return str(Image.open(io.BytesIO(await ada.fetch(message["attachments"][0]))).info["parameters"])

    told = await ada.type("/imagine a red circle seed:0")
    privacy = await first_answer(ada, "/privacy")
    answer = await settled(ada, await ada.push(privacy, "Keep my words out of files"))
    silent = await ada.type("/imagine a red circle seed:0")
    again = await ada.type(f"/reproduce id:{record_ids(told)[0]}")
    labelled = labels(await first_answer(ada, "/privacy"))

    assert "do not tell your prompts" in answer["content"]
    assert "a red circle" in await said(told)
    assert "a red circle" not in await said(silent)
    assert "Seed: 0" in await said(silent)
    assert "Identical" in again["content"], "a reproduction says what its original said"
    assert labelled[0] == "Let files tell my words"


async def test_everything_is_sent_to_the_person_alone(strict_house: House, png: bytes) -> None:
    ada = strict_house.guest()
    result = await ada.type("/imagine a red circle count:2")
    await ada.type("/vary", ("mine.png", png))
    await ada.type("/imagine a castle")
    messages = await exported(ada, await first_answer(ada, "/privacy"))
    files = await unpacked(ada, messages)
    data = json.loads(files.pop("data.json"))

    assert all(each["flags"] & EPHEMERAL for each in messages)
    assert not any(each["id"] in {m["id"] for m in messages} for each in await in_channel(strict_house.guest("ben")))
    assert {row["id"] for row in data["records"]} > set(record_ids(result))
    assert data["refusals"][0]["words"]["prompt"] == "a castle"
    assert len(files) == 4
    assert all(content.startswith(b"\x89PNG") for content in files.values())


async def test_an_export_comes_in_parts_of_a_size_that_discord_takes(
    strict_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = strict_house.guest()
    for _ in range(3):
        await ada.type("/imagine a red circle count:4")
    one = max(path.stat().st_size for path in strict_house.store._folder.rglob("*.png"))
    monkeypatch.setattr(exporting, "REQUEST_LIMIT", exporting.HEADROOM + 2 * one + 4_096)
    monkeypatch.setattr(exporting, "ARCHIVES", 3)
    messages = await exported(ada, await first_answer(ada, "/privacy"))
    while labels(messages[-1]):
        messages += await exported(ada, messages[-1], "Send me more")
    files = await unpacked(ada, messages)
    sizes = [attachment["size"] for each in messages for attachment in each["attachments"]]

    assert len(files) == 1 + 12
    assert len(sizes) > 6
    assert max(sizes) <= 2 * one + 4_096


async def test_the_rows_of_somebody_busy_come_in_several_files_and_the_log_says_that_they_were_sent(
    strict_house: House, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "ROWS", 2)
    ada = strict_house.guest()
    await ada.type("/imagine a red circle count:4")
    await ada.type("/imagine a red circle")
    messages = await exported(ada, await first_answer(ada, "/privacy"))
    parts = [each for each in messages if "imagine-data-" in str(each["attachments"])]
    rows = [json.loads((await unpacked(ada, [each]))["data.json"]) for each in parts]
    acts = await Audit(sqlite_database).about(id_of(strict_house, "ada"))

    assert sorted(len(part.get("records", [])) for part in rows) == [0, 1, 2, 2]
    assert [act.action for act in acts] == ["export"]


async def test_what_was_erased_leaves_the_channels_after_a_restart_too(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        result = await ada.type("/imagine a red circle")
        await order(house, kind="rest", method="DELETE", path="/channels/", status=500, times=50)
        await order(house, kind="rest", method="PATCH", path="/channels/", status=500, times=50)
        asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
        await settled(ada, await ada.push(asked, "Yes, delete it"))
        assert [each.message_id for each in await Removals(sqlite_database).due()] == [int(result["id"])]
        await house.session.delete(f"{server.base}/local/faults")
    async with open_house(server, sqlite_database, tmp_path) as house:
        await gone(house.guest(), result)
        async with asyncio.timeout(10):
            while await Removals(sqlite_database).due():  # noqa: ASYNC110 - the bot's news
                await asyncio.sleep(POLL_SECONDS)


async def test_everything_is_deleted_after_asking_once_more(strict_house: House, sqlite_database: Database) -> None:
    ada, ben = strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle")
    await ada.type("/imagine a bridge")
    bens = await ben.type("/imagine a blue circle")
    record = await strict_house.history.get(record_ids(result)[0])
    asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
    still = await strict_house.history.get(record_ids(result)[0])
    await ada.push(asked, "Yes, delete it")
    await gone(ada, result)
    left = {name for name, count in (await Privacy(sqlite_database).count(id_of(strict_house, "ada"))).items() if count}

    assert still is not None
    assert record is not None
    assert await strict_house.history.get(record.id) is None
    assert not await strict_house.store.exists(record.sha256)
    assert left == {"jobs", "refusals", "strikes", "audit"}
    assert await strict_house.history.get(record_ids(bens)[0]) is not None
    assert labels(await first_answer(ada, "/imagine a red circle")) == ["Accept"]
    assert "This is strike 2" in (await ada.type("/imagine a bridge"))["content"], "strikes outlive it"


async def test_what_waits_is_cancelled_first(strict_house: House) -> None:
    ada = strict_house.guest()
    await ada.type("/imagine a red circle")
    strict_house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    await ada.answer(started["interaction"])
    asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
    await settled(ada, await ada.push(asked, "Yes, delete it"))
    ended = await ada.follow(started["interaction"])

    assert "Cancelled for" in ended["content"]
    assert await strict_house.jobs.open_of(id_of(strict_house, "ada")) == []


async def test_who_is_shut_out_can_still_have_it(strict_house: House) -> None:
    ada = strict_house.guest()
    await ada.type("/imagine a lantern in a harbour")
    messages = await exported(ada, await first_answer(ada, "/privacy"))

    assert "data.json" in await unpacked(ada, messages)


async def test_retention_forgets_what_is_due_and_nothing_else(
    strict_house: House, sqlite_database: Database, png: bytes
) -> None:
    ada = strict_house.guest()
    user, conduct, cases = id_of(strict_house, "ada"), Conduct(sqlite_database), Cases(sqlite_database)
    await ada.type("/imagine a bridge")
    varied = await ada.type("/vary", ("mine.png", png))
    case = await cases.open(NewCase(kind=CaseKind.APPEAL, user_id=user, opened_by=user, guild_id=1, text="quince"))
    assert case is not None
    await strict_house.housekeeper.tidy_up()
    early = (await conduct.refusals(user_id=user))[0].words

    async with sqlite_database.transaction() as session:
        await session.execute(update(RefusalRow).values(at=utc_now() - timedelta(days=15)))
        await session.execute(update(UploadRow).values(created_at=utc_now() - timedelta(days=91)))
        closed = {"outcome": Outcome.UPHELD, "closed_at": utc_now() - timedelta(days=181)}
        await session.execute(update(CaseRow).values(closed))
    await strict_house.housekeeper.tidy_up()
    record = await strict_house.history.get(record_ids(varied)[0])
    refusal = (await conduct.refusals(user_id=user))[0]
    assert record is not None

    assert early == {"prompt": "a bridge", "negative_prompt": ""}
    assert refusal.words is None
    assert (await cases.about(user))[0].text == ""
    assert (await Privacy(sqlite_database).count(user))["uploads"] == 0
    assert await strict_house.store.exists(record.request["source"]), "a picture was made from it"
    assert len(await conduct.strikes(user)) == 1

    async with sqlite_database.transaction() as session:
        await session.execute(update(RefusalRow).values(at=utc_now() - timedelta(days=366)))
        await session.execute(update(StrikeRow).values(at=utc_now() - timedelta(days=366)))
    await strict_house.housekeeper.tidy_up()

    assert await conduct.refusals(user_id=user) == []
    assert await conduct.strikes(user) == []


async def test_what_was_left_for_tomorrow_goes_by_itself(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path, policy=write_policy(tmp_path / "policy")) as house:
        ada = house.guest()
        result = await ada.type("/imagine a red circle")
        asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
        await ada.push(asked, "Yes, delete it")
        await gone(ada, result)
        privacy, user = Privacy(sqlite_database), id_of(house, "ada")
        before = (await privacy.count(user))["jobs"]
        async with sqlite_database.transaction() as session:
            await session.execute(update(JobRow).values(created_at=utc_now() - timedelta(days=2)))
        await house.housekeeper.tidy_up()

        assert before == 1
        assert (await privacy.count(user))["jobs"] == 0
        assert await privacy.asked() == []

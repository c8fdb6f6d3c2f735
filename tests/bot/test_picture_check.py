"""What the picture check saw, as people and moderators meet it: stopped, held, released, hidden, and not everywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bot_kit import POLL_SECONDS, House, channel_of, first_answer, gone, in_channel, open_house, settled
from delivery_kit import POST, order
from fakes import CERTAIN, CLEAR, DOUBTFUL, SEXUAL_AND_YOUNG, FakeEyes, draw
from guest import Guest, Json, labels, record_ids
from strict_policy import write_policy

from config.settings import ROOT
from db.audit import Audit
from db.cases import CaseKind, Cases
from db.conduct import Conduct
from db.history import Showing
from db.session import Database
from inference.request import ImageRequest
from jobs.clerk import ClerkFailed
from local_discord.server import LocalDiscord

NUDITY = "no nudity outside age-restricted channels"
CHECK = """
[demo.image_check]
checker = { source = "./nowhere" }
classifier = { source = "./nowhere" }
label = "nsfw"
"""


@asynccontextmanager
async def looked_at(
    server: LocalDiscord,
    database: Database,
    folder: Path,
    *,
    eyes: FakeEyes | None = None,
    moderated: bool = True,
    more: str = "",
) -> AsyncIterator[House]:
    """Open a house whose demo model is no closed world: a stand-in for the engine says what the networks saw."""
    models = (
        (ROOT / "config" / "models.toml").read_text(encoding="utf-8").replace('image_check = "closed world"', CHECK)
    )
    (folder / "models.toml").write_text(models.partition("\n[sd15]")[0], encoding="utf-8")
    changes: dict[str, Any] = {"models": folder / "models.toml", "policy": write_policy(folder / "policy")}
    with changes["policy"].open("a") as file:
        file.write(more)
    if moderated:
        changes["review"] = {"channel": channel_of(server, "mod-room").id}
    async with open_house(server, database, folder, eyes or FakeEyes(CLEAR), **changes) as house:
        yield house


@pytest.fixture
async def watched(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with looked_at(server, sqlite_database, tmp_path) as house:
        yield house


def sees(house: House, *what: dict[str, float]) -> None:
    """Let the next job's pictures be seen so, each the next; those after them are clear."""
    house.executor.outcomes.append(partial(_drawn, what))


def _drawn(what: tuple[dict[str, float], ...], attempt: Any) -> Any:
    done = draw(attempt, seen=CLEAR)
    for pixels, seen in zip(done.pictures, what, strict=False):
        object.__setattr__(pixels, "seen", seen)
    return done


async def case_of(moderator: Guest, what: str = "Picture") -> Json:
    async with asyncio.timeout(20):
        while True:
            for each in reversed(await in_channel(moderator)):
                if f"**{what}" in each["content"]:
                    return each
            await asyncio.sleep(POLL_SECONDS)


async def until(guest: Guest, count: int) -> list[Json]:
    """Return the messages of the channel, once there are so many."""
    async with asyncio.timeout(45):
        while len(found := await in_channel(guest)) < count:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        return found


async def without_pictures(moderator: Guest, case: Json) -> None:
    """Return once the case shows no picture any more."""
    async with asyncio.timeout(20):
        while (await moderator.message(case["id"]))["attachments"]:  # noqa: ASYNC110 - the bot's news
            await asyncio.sleep(POLL_SECONDS)


async def test_what_is_clear_is_shown(watched: House) -> None:
    sees(watched, CLEAR)
    (record_id,) = record_ids(await watched.guest().type("/imagine a red circle"))
    record = await watched.history.get(record_id)

    assert record.showing is Showing.OPEN
    assert record.mark_found is not None


async def test_what_is_certain_is_stopped_and_kept_as_a_refusal_by_its_scores(
    watched: House, sqlite_database: Database
) -> None:
    sees(watched, CERTAIN)
    told = await watched.guest().type("/imagine a red circle")
    (refusal,) = await Conduct(sqlite_database).refusals()

    assert NUDITY in told["content"]
    assert told["attachments"] == []
    assert (refusal.label, refusal.scores["checker"], refusal.words["prompt"]) == ("nudity", 0.1, "a red circle")
    assert (await Audit(sqlite_database).about(refusal.user_id))[-1].details["scores"] == refusal.scores
    assert list(watched.store._folder.rglob("*.png")) == []


@pytest.mark.parametrize("seen", [None, {}, CLEAR | {"youth": float("nan")}])
async def test_what_nobody_looked_at_is_not_shown(watched: House, seen: Any) -> None:
    sees(watched, seen)

    assert "the picture check stopped it" in (await watched.guest().type("/imagine a red circle"))["content"]


async def test_what_is_in_doubt_is_seen_by_a_moderator_first(watched: House) -> None:
    sees(watched, DOUBTFUL)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    told = await ada.type("/imagine a red circle")
    case = await case_of(mia)
    (file,) = case["attachments"]
    (record_id,) = record_ids(case)

    assert "a moderator looks at them" in told["content"]
    assert told["attachments"] == []
    assert file["filename"].startswith("SPOILER_")
    assert "hidden until a moderator opens it" in file["description"]
    assert labels(case) == ["Show it", "Delete the picture", "Ban", "Note"]
    assert "There is no picture" in (await first_answer(ada, f"/show id:{record_id}"))["content"]
    assert record_id not in str(await first_answer(ada, "/history"))


async def test_what_a_moderator_lets_through_comes_as_a_message_of_its_own(watched: House) -> None:
    sees(watched, DOUBTFUL, CLEAR, DOUBTFUL)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    told = await ada.type("/imagine a red circle count:3")
    assert len(record_ids(told)) == 1
    assert "looks at before they are shown: 2" in told["content"]
    cases = [each for each in await until(mia, 2) if "**Picture" in each["content"]]
    for case in cases:
        await mia.push(case, "Show it")
    messages = await until(ada, 3)
    shown = [record_ids(each) for each in messages]

    assert shown[0] == record_ids(told)
    assert sorted(shown[1:]) == sorted(map(record_ids, cases))
    await without_pictures(mia, cases[0])
    assert len(record_ids(await ada.type(f"/show id:{shown[1][0]}"))) == 1
    await ada.push(messages[1], "Delete")
    async with asyncio.timeout(20):
        while messages[1]["id"] in [each["id"] for each in await in_channel(ada)]:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


async def test_what_a_moderator_does_not_let_through_is_gone(watched: House) -> None:
    sees(watched, DOUBTFUL)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    await ada.type("/imagine a red circle")
    case = await case_of(mia)
    record = await watched.history.get(record_ids(case)[0])
    await mia.push(case, "Delete the picture")
    (told,) = await until(watched.guest("ada", "dm"), 1)

    assert "it is not shown" in told["content"]
    assert not await watched.store.exists(record.sha256)
    assert (await watched.history.get(record.id)).deleted_at is not None
    await without_pictures(mia, case)


async def test_without_moderators_doubt_is_enough_to_stop_it(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with looked_at(server, sqlite_database, tmp_path, moderated=False) as house:
        sees(house, DOUBTFUL)

        assert NUDITY in (await house.guest().type("/imagine a red circle"))["content"]
        assert await Cases(sqlite_database).unposted() == []


@pytest.mark.parametrize(
    ("seen", "prompt"), [(SEXUAL_AND_YOUNG, "a circle"), (CLEAR | {"classifier": 0.3}, "a lantern")]
)
async def test_sexual_and_young_is_stopped_everywhere_and_the_moderators_hear_of_it(
    watched: House, sqlite_database: Database, seen: dict[str, float], prompt: str
) -> None:
    sees(watched, seen)
    told = await watched.guest("ada", "after-dark").type(f"/imagine {prompt}")
    alert = await case_of(watched.guest("mia", "mod-room"), "Alert")
    (refusal,) = await Conduct(sqlite_database).refusals()

    assert "clause b" in told["content"]
    assert (refusal.label, refusal.words) == ("b", None)
    assert "clause b of the licence" in alert["content"]
    assert prompt not in str(alert)
    assert (labels(alert), alert["attachments"]) == (["Seen", "Note"], [])
    assert list(watched.store._folder.rglob("*.png")) == []
    sees(watched, CLEAR)
    assert len(record_ids(await watched.guest().type("/imagine a square"))) == 1, "nobody is shut out by a network"


async def test_where_nudity_is_allowed_it_is_hidden_until_clicked_and_shown_nowhere_else(watched: House) -> None:
    sees(watched, CERTAIN)
    dark, studio, direct = (watched.guest("ada", name) for name in ("after-dark", "studio", "dm"))
    shown = await dark.type("/imagine a red circle")
    (record_id,) = record_ids(shown)

    assert shown["attachments"][0]["filename"] == f"SPOILER_imagine-{record_id}.png"
    assert (await watched.history.get(record_id)).showing is Showing.SPOILERED
    assert (await dark.type(f"/show id:{record_id}"))["attachments"][0]["filename"].startswith("SPOILER_")
    for elsewhere in (studio, direct):
        assert "age-restricted" in (await first_answer(elsewhere, f"/show id:{record_id}"))["content"]
        assert record_id not in str(await first_answer(elsewhere, "/history"))
    assert record_id in str(await first_answer(dark, "/history"))


async def test_a_channel_that_is_no_longer_age_restricted_gets_words_alone(watched: House) -> None:
    watched.executor.go_on.clear()
    sees(watched, CERTAIN)
    dark = watched.guest("ada", "after-dark")
    started = await dark.post("run", {"channel": "after-dark", "text": "/imagine a red circle"})
    asked = await dark.answer(started["interaction"])
    await dark.push(asked, "Accept")
    async with asyncio.timeout(20):
        while not watched.executor.attempts:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
    no_longer_age_restricted(watched)
    watched.executor.go_on.set()
    async with asyncio.timeout(20):
        while "this is none now" not in str(messages := await in_channel(dark)):  # noqa: ASYNC110 - the bot's news
            await asyncio.sleep(POLL_SECONDS)

    assert all(each["attachments"] == [] for each in messages)


@pytest.mark.parametrize("seen", [DOUBTFUL, CERTAIN, SEXUAL_AND_YOUNG])
async def test_what_people_send_is_looked_at_and_in_doubt_refused(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, png: bytes, seen: dict[str, float]
) -> None:
    eyes = FakeEyes(CLEAR)
    async with looked_at(server, sqlite_database, tmp_path, eyes=eyes) as house:
        ada = house.guest()
        sees(house, CLEAR)
        varied = await ada.type("/vary prompt:a square", ("mine.png", png))
        eyes.seen = seen
        refused = await ada.type("/vary prompt:a square", ("mine.png", png))
        (refusal,) = await Conduct(sqlite_database).refusals()

        assert eyes.called.count("look") == 2
        assert len(record_ids(varied)) == 1
        assert ("clause b" if seen is SEXUAL_AND_YOUNG else "no nudity") in refused["content"]
        assert (refusal.label == "b") is (seen is SEXUAL_AND_YOUNG)
        alerts = [each.kind for each in await Cases(sqlite_database).about(refusal.user_id)]
        assert alerts == ([CaseKind.SIGHTING] if seen is SEXUAL_AND_YOUNG else [])


@pytest.mark.parametrize("seen", [ClerkFailed("jobs.took_too_long"), {}, CLEAR | {"checker": float("nan")}])
async def test_what_people_send_and_nobody_could_look_at_is_refused(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, png: bytes, seen: Any
) -> None:
    async with looked_at(server, sqlite_database, tmp_path, eyes=FakeEyes(seen)) as house:
        refused = await house.guest().type("/vary prompt:a square", ("mine.png", png))

        assert "could not be checked" in refused["content"]
        assert house.executor.attempts == []


@pytest.mark.parametrize(
    ("seen", "may"), [(CLEAR, True), (DOUBTFUL, False), (CLEAR | {"classifier": 0.3}, False), (None, False)]
)
async def test_a_preview_is_shown_only_while_nothing_is_in_doubt(
    watched: House, seen: dict[str, float] | None, may: bool
) -> None:
    sees(watched, CLEAR)
    record = await watched.history.get(record_ids(await watched.guest().type("/imagine a red circle"))[0])
    job = await watched.jobs.get(record.job_id)

    assert watched.studio.sources._screen.may_preview(job, ImageRequest.from_dict(job.request), seen) is may


async def test_in_direct_messages_nudity_is_allowed_nowhere_not_even_from_where_it_is(watched: House) -> None:
    sees(watched, CLEAR)
    made = record_ids(await watched.guest("ada", "after-dark").type("/imagine a red circle"))[0]
    sees(watched, CERTAIN)

    assert NUDITY in (await watched.guest("ada", "dm").type(f"/vary picture:{made}"))["content"]


async def test_a_result_written_anew_is_fit_for_the_channel_as_it_is_now(watched: House) -> None:
    sees(watched, CERTAIN, CLEAR)
    dark, direct = watched.guest("ada", "after-dark"), watched.guest("ada", "dm")
    result = await dark.type("/imagine a red circle count:2")
    sexual, harmless = record_ids(result)
    no_longer_age_restricted(watched)
    shown = await direct.type(f"/show id:{harmless}")
    await direct.push(shown, "Delete")
    async with asyncio.timeout(20):
        while "this is none now" not in (await dark.message(result["id"]))["content"]:  # noqa: ASYNC110 - the bot's news
            await asyncio.sleep(POLL_SECONDS)

    assert sexual not in str(await dark.message(result["id"]))


async def test_a_release_that_cannot_be_sent_leaves_the_answer_as_it_is(watched: House) -> None:
    sees(watched, DOUBTFUL, CLEAR)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    result = await ada.type("/imagine a red circle count:2")
    case = await case_of(mia)
    await order(watched, **POST, status=400, times=1)
    await mia.push(case, "Show it")
    (_, told) = await until(ada, 2)

    assert "could not be sent" in told["content"]
    assert record_ids(await ada.message(result["id"])) == record_ids(result)


async def test_what_is_held_goes_with_its_job_and_no_moderator_can_show_it_then(watched: House) -> None:
    sees(watched, DOUBTFUL, CLEAR)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    result = await ada.type("/imagine a red circle count:2")
    case = await case_of(mia)
    held = await watched.history.get(record_ids(case)[0])
    await ada.push(result, "Delete")
    await gone(mia, case)

    assert (await watched.history.get(held.id)).deleted_at is not None
    assert not await watched.store.exists(held.sha256)


async def test_what_is_held_goes_with_its_person(watched: House, sqlite_database: Database) -> None:
    sees(watched, DOUBTFUL)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    await ada.type("/imagine a red circle")
    case = await case_of(mia)
    asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
    await ada.push(asked, "Yes, delete it")
    await gone(mia, case)

    assert await Cases(sqlite_database).unposted() == []
    assert await watched.history.get(record_ids(case)[0]) is None


async def test_a_ban_over_a_picture_deletes_it(watched: House) -> None:
    sees(watched, DOUBTFUL)
    ada, mia = watched.guest(), watched.guest("mia", "mod-room")
    await ada.type("/imagine a red circle")
    case = await case_of(mia)
    await mia.push(case, "Ban")
    await without_pictures(mia, case)

    assert (await watched.history.get(record_ids(case)[0])).deleted_at is not None
    assert "banned you" in (await first_answer(ada, "/imagine a red circle"))["content"]


async def test_a_guild_that_wants_none_is_shown_none_that_were_drawn_before(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    guild = server.core.world.home.id
    async with looked_at(server, sqlite_database, tmp_path) as house:
        sees(house, CERTAIN)
        made = record_ids(await house.guest("ada", "after-dark").type("/imagine a red circle"))[0]
    async with looked_at(
        server, sqlite_database, tmp_path, more=f'[guilds.{guild}]\nflagged_pictures = "never"\n'
    ) as house:
        dark = house.guest("ada", "after-dark")

        assert "age-restricted" in (await first_answer(dark, f"/show id:{made}"))["content"]
        assert made not in str(await first_answer(dark, "/history"))
        sees(house, CERTAIN)
        assert NUDITY in (await dark.type("/imagine a red circle"))["content"]


async def test_a_case_that_cannot_be_posted_holds_up_no_other(watched: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> tuple[bytes, str]:
        raise ClerkFailed("jobs.took_too_long")

    monkeypatch.setattr(watched.studio.gallery, "picture", broken)
    sees(watched, DOUBTFUL)
    await watched.guest().type("/imagine a red circle")
    case = await case_of(watched.guest("mia", "mod-room"))

    assert case["attachments"] == []


def no_longer_age_restricted(house: House) -> None:
    room = channel_of(house.server, "after-dark")
    room.nsfw = False
    house.server.core.gateway.dispatch("CHANNEL_UPDATE", room.payload(), guild_id=room.guild_id)

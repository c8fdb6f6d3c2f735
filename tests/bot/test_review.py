"""Appeals, reports and alerts: how they reach the moderators, who decides them, and what follows."""

import asyncio
from pathlib import Path

import pytest
from bot_kit import POLL_SECONDS, House, first_answer, gone, in_channel, open_house, settled
from guest import Guest, Json, Refused, labels, record_ids
from strict_policy import id_of, write_policy

from db.audit import Audit
from db.session import Database
from local_discord import permissions
from local_discord.guild import Overwrite
from local_discord.server import LocalDiscord

STRIKE, LOCK = "/imagine a bridge", "/imagine a lantern in a harbour"


async def moderated(house: House) -> Guest:
    """Choose the moderators' channel, and return a moderator in it."""
    mia = house.guest("mia", "mod-room")
    told = await first_answer(mia, f"/moderation channel channel:{channel_id(house, 'mod-room')}")
    assert "Cases are reviewed in" in told["content"]
    return mia


def channel_id(house: House, name: str) -> str:
    return next(str(each["id"]) for each in house.server.describe()["channels"] if each["name"] == name)


def make_moderator(house: House, name: str, *, yes: bool = True) -> None:
    guild = house.server.core.world.home
    role = next(role.id for role in guild.roles.values() if role.name == "Moderators")
    guild.members[id_of(house, name)].roles[:] = [role] if yes else []


async def case_in(moderator: Guest, what: str) -> Json:
    """Return the case in the moderators' channel, once it is there."""
    async with asyncio.timeout(20):
        while True:
            found = [each for each in await in_channel(moderator) if f"**{what}" in each["content"]]
            if found:
                return found[-1]
            await asyncio.sleep(POLL_SECONDS)


async def changed(moderator: Guest, case: Json, words: str) -> Json:
    """Return the case once it says so."""
    async with asyncio.timeout(20):
        while words not in (message := await moderator.message(case["id"]))["content"]:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return message


async def write(guest: Guest, command: str, text: str) -> Json:
    """Type a command that answers with a modal, and send it off with the text."""
    started = await guest.post("run", {"channel": guest.channel, "text": command})
    return await guest.follow(started["interaction"], fields={"text": text})


async def appealed(house: House) -> tuple[Guest, Json]:
    """Let ada earn a time-out and appeal; return a moderator and the case."""
    mia, ada = await moderated(house), house.guest()
    await ada.type(STRIKE)
    await ada.type(STRIKE)
    await write(ada, "/appeal", "it was a bridge over a river")
    return mia, await case_in(mia, "Appeal")


async def test_an_appeal_reaches_the_moderators_with_what_was_refused(strict_house: House) -> None:
    _, case = await appealed(strict_house)

    assert "it was a bridge over a river" in case["content"]
    assert "a bridge\n" in case["content"]
    assert "defaming or harassing people" in case["content"]
    assert labels(case) == ["Uphold", "Overturn", "Ban", "Note"]
    assert "**Appeal" not in str(await in_channel(strict_house.guest("ada")))
    assert case["mentions"] == []


async def test_an_overturned_strike_lets_its_person_in_again(strict_house: House, sqlite_database: Database) -> None:
    mia, case = await appealed(strict_house)
    await mia.push(case, "Overturn")
    closed = await changed(mia, case, "Taken back")
    drawn = await strict_house.guest().type("/imagine a red circle")
    told = await in_channel(strict_house.guest("ada", "dm"))
    acts = await Audit(sqlite_database).about(id_of(strict_house, "ada"))

    assert labels(closed) == ["Note"]
    assert len(record_ids(drawn)) == 1
    assert "taken back" in told[-1]["content"]
    assert (acts[-1].action, acts[-1].actor) == ("decide", id_of(strict_house, "mia"))
    assert "This is strike 2" in (await strict_house.guest().type(STRIKE))["content"], "the other one still counts"


async def test_an_upheld_strike_stays_and_cannot_be_appealed_against_again(strict_house: House) -> None:
    mia, case = await appealed(strict_house)
    ada = strict_house.guest()
    twice = await write(ada, "/appeal", "please")
    await mia.push(case, "Uphold")
    await changed(mia, case, "Left as it was")

    assert "an appeal before the moderators already" in twice["content"]
    assert "You cannot use me" in (await first_answer(ada, "/imagine a red circle"))["content"]
    assert "have decided about that already" in (await first_answer(ada, "/appeal"))["content"]


async def test_the_buttons_work_after_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    policy = write_policy(tmp_path / "policy")
    async with open_house(server, sqlite_database, tmp_path, policy=policy) as house:
        _, case = await appealed(house)
    async with open_house(server, sqlite_database, tmp_path, policy=policy) as house:
        mia = house.guest("mia", "mod-room")
        started = await mia.push(case, "Note")
        await mia.follow(started["interaction"], fields={"text": "looks harmless"})
        noted = await changed(mia, case, "looks harmless")
        await mia.push(noted, "Overturn")
        await changed(mia, case, "Taken back")

        assert len(record_ids(await house.guest().type("/imagine a red circle"))) == 1


async def test_the_right_to_decide_is_that_of_the_moment(strict_house: House) -> None:
    _, case = await appealed(strict_house)
    make_moderator(strict_house, "ben")
    ben = strict_house.guest("ben", "mod-room")
    make_moderator(strict_house, "ben", yes=False)
    room = next(each for each in strict_house.server.core.world.channels.values() if each.name == "mod-room")
    room.overwrites.append(Overwrite(id_of(strict_house, "ben"), 1, allow=permissions.VIEW_CHANNEL))
    refused = await settled(ben, await ben.push(case, "Overturn"))
    make_moderator(strict_house, "ben")
    await ben.push(case, "Overturn")

    assert "Only moderators" in refused["content"]
    assert "Taken back" in (await changed(ben, case, "Taken back"))["content"]


async def test_rights_in_one_channel_are_no_rights_in_the_guild(strict_house: House) -> None:
    _, case = await appealed(strict_house)
    room = next(each for each in strict_house.server.core.world.channels.values() if each.name == "mod-room")
    allowed = permissions.VIEW_CHANNEL | permissions.MANAGE_MESSAGES
    room.overwrites.append(Overwrite(id_of(strict_house, "ben"), 1, allow=allowed))
    ben = strict_house.guest("ben", "mod-room")

    assert "Only moderators" in (await settled(ben, await ben.push(case, "Overturn")))["content"]
    assert "Only moderators" in (await first_answer(ben, "/moderation policy"))["content"]


async def test_nobody_decides_their_own_case(strict_house: House) -> None:
    await moderated(strict_house)
    make_moderator(strict_house, "ada")
    ada = strict_house.guest("ada", "mod-room")
    await ada.type(STRIKE)
    await write(ada, "/appeal", "I say so")
    case = await case_in(ada, "Appeal")

    assert "about you" in (await settled(ada, await ada.push(case, "Overturn")))["content"]


async def test_a_case_is_decided_once(strict_house: House) -> None:
    mia, case = await appealed(strict_house)
    await mia.push(case, "Uphold")
    await changed(mia, case, "Left as it was")
    again = await mia.post("press", {"message": case["id"], "custom_id": "imagine:note:1"})

    assert (await mia.get(f"interactions/{again['interaction']}", wait=10))["state"] == "modal"
    with pytest.raises(Refused):
        await mia.push(case, "Overturn")


async def test_without_a_strike_there_is_nothing_to_appeal(strict_house: House) -> None:
    assert "nothing to appeal" in (await first_answer(strict_house.guest(), "/appeal"))["content"]


async def test_a_lock_is_told_to_moderators_without_a_word_of_it_and_nobody_lifts_it(strict_house: House) -> None:
    mia, ada = await moderated(strict_house), strict_house.guest()
    await ada.type(LOCK)
    alert = await case_in(mia, "Alert")
    ada_id = id_of(strict_house, "ada")
    unbanned = await first_answer(mia, f"/moderation unban user:{ada_id}")

    assert f"<@{ada_id}>" in alert["content"]
    assert "harbour" not in str(alert)
    assert labels(alert) == ["Seen", "Note"]
    assert "a locked account stays locked" in unbanned["content"]
    assert "no moderator can lift this" in (await first_answer(ada, "/appeal"))["content"]
    assert "locked" in (await first_answer(ada, "/imagine a red circle"))["content"]


async def test_a_report_by_command_reaches_the_moderators_and_deletes_the_picture(strict_house: House) -> None:
    mia, ada, ben = await moderated(strict_house), strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle")
    thanked = await write(ben, f"/report id:{record_ids(result)[0]}", "I do not like it")
    twice = await write(ben, f"/report id:{record_ids(result)[0]}", "really")
    case = await case_in(mia, "Report")
    await mia.push(case, "Delete the picture")
    await gone(ada, result)
    record = await strict_house.history.get(record_ids(result)[0])

    assert "have your report" in thanked["content"]
    assert "already" in twice["content"]
    assert "I do not like it" in case["content"]
    assert case["attachments"] == [], "a picture that may be wrong is not copied"
    assert "Picture deleted" in (await changed(mia, case, "Picture deleted"))["content"]
    assert record is not None
    assert record.deleted_by == id_of(strict_house, "mia")
    assert not await strict_house.store.exists(record.sha256)


async def test_a_report_by_menu_asks_which_of_several_pictures(strict_house: House) -> None:
    mia, ada, ben = await moderated(strict_house), strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle count:3")
    started = await ben.post("run", {"channel": "studio", "command": "Report", "target": result["id"]})
    asked = await settled(ben, started)
    pressed = await ben.push(asked, "Report 2")
    await ben.follow(pressed["interaction"], fields={"text": "this one"})
    case = await case_in(mia, "Report")
    await mia.push(case, "Delete the picture")
    await changed(mia, case, "Picture deleted")
    async with asyncio.timeout(10):
        while len((left := await ada.message(result["id"]))["attachments"]) != 2:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    assert record_ids(left) == [record_ids(result)[0], record_ids(result)[2]]


async def test_a_reported_person_can_be_banned_in_the_guild_and_appeal(strict_house: House) -> None:
    mia, ada, ben = await moderated(strict_house), strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle")
    await write(ben, f"/report id:{record_ids(result)[0]}", "spam")
    case = await case_in(mia, "Report")
    await mia.push(case, "Ban")
    await changed(mia, case, "Banned")
    refused = await first_answer(ada, "/imagine a red circle")
    elsewhere = await strict_house.guest("ada", "dm").type("/imagine a red circle")
    await write(ada, "/appeal", "it was no spam")
    appeal = await case_in(mia, "Appeal")
    await mia.push(appeal, "Overturn")
    await changed(mia, appeal, "Taken back")

    assert "A moderator of this server banned you" in refused["content"]
    assert len(record_ids(elsewhere)) == 1, "the moderators of a guild decide about that guild"
    assert len(record_ids(await ada.type("/imagine a red circle"))) == 1


async def test_a_report_outlives_the_erasure_of_its_picture(strict_house: House) -> None:
    mia, ada, ben = await moderated(strict_house), strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle")
    await write(ben, f"/report id:{record_ids(result)[0]}", "spam")
    case = await case_in(mia, "Report")
    asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
    await ada.push(asked, "Yes, delete it")
    await gone(ada, result)
    await mia.push(case, "Delete the picture")

    assert "Picture deleted" in (await changed(mia, case, "Picture deleted"))["content"]


async def test_one_cannot_report_what_one_cannot_see(strict_house: House) -> None:
    await moderated(strict_house)
    secret = record_ids(await strict_house.guest("mia", "mod-room").type("/imagine a secret"))[0]
    mine = record_ids(await strict_house.guest("ada").type("/imagine a red circle"))[0]
    ada = strict_house.guest("ada")

    assert "no picture" in (await first_answer(ada, f"/report id:{secret}"))["content"]
    assert "is yours" in (await write(ada, f"/report id:{mine}", "hm"))["content"]


async def test_a_case_waits_until_there_is_a_channel_for_it(strict_house: House) -> None:
    ada, ben = strict_house.guest("ada"), strict_house.guest("ben")
    result = await ada.type("/imagine a red circle")
    await write(ben, f"/report id:{record_ids(result)[0]}", "early")
    mia = await moderated(strict_house)

    assert "early" in (await case_in(mia, "Report"))["content"]


async def test_cases_do_not_go_where_everybody_reads(strict_house: House) -> None:
    mia = strict_house.guest("mia")
    told = await first_answer(mia, f"/moderation channel channel:{channel_id(strict_house, 'studio')}")

    assert "Everybody can see that channel" in told["content"]
    assert await in_channel(strict_house.guest("ada")) == []


async def test_what_belongs_to_no_guild_goes_to_the_operators_channel(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    room = next(int(each["id"]) for each in server.describe()["channels"] if each["name"] == "mod-room")
    policy = write_policy(tmp_path / "policy")
    changes = {"policy": policy, "review": {"channel": room}}
    async with open_house(server, sqlite_database, tmp_path, **changes) as house:
        ada, mia = house.guest("ada", "dm"), house.guest("mia", "mod-room")
        await ada.type(STRIKE)
        await write(ada, "/appeal", "in private")
        case = await case_in(mia, "Appeal")
        await mia.push(case, "Overturn")

        assert "in private" in case["content"]
        assert await changed(mia, case, "Taken back")

"""/moderation: what a guild's moderators see, set and do; and that it is theirs alone."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_kit import House, first_answer, in_channel, open_house, settled
from guest import Refused, record_ids
from PIL import Image
from strict_policy import id_of, write_policy

from db.audit import Audit
from db.session import Database
from local_discord import permissions
from local_discord.guild import Overwrite
from local_discord.server import LocalDiscord
from moderation.policy import SERVER_RULES
from provenance.pdq import pdq_of_file


@pytest.fixture
async def user_first(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """A bot whose turns go round among people, whatever their guild."""
    changes = {"policy": write_policy(tmp_path / "policy"), "fairness": {"levels": ("user",), "slack": 0}}
    async with open_house(server, sqlite_database, tmp_path, **changes) as running:
        yield running


async def test_it_is_not_offered_to_others_nor_in_direct_messages(strict_house: House) -> None:
    for guest in (strict_house.guest("ada"), strict_house.guest("mia", "dm")):
        with pytest.raises(Refused, match="no command"):
            await guest.type("/moderation policy")


@pytest.mark.parametrize(
    "command",
    [
        "user user:{ben}",
        "refusals",
        "ban user:{ben}",
        "unban user:{ben}",
        "weight user:{ben} share:2",
        "policy",
        "rule name:gore on:false",
        "channel channel:{room}",
        "statistics",
        "never add picture:{picture}",
        "never list",
        "never remove number:1",
    ],
)
async def test_each_of_its_commands_asks_for_the_rights_itself(strict_house: House, command: str) -> None:
    """Discord shows it to whom a channel, or a guild's own settings, give the permission; that is not enough."""
    ada = strict_house.guest("ada", "studio")
    made = record_ids(await ada.type("/imagine a red circle"))[0]
    channels = strict_house.server.core.world.channels
    studio = next(each for each in channels.values() if each.name == "studio")
    room = next(each for each in channels.values() if each.name == "mod-room")
    studio.overwrites.append(Overwrite(id_of(strict_house, "ada"), 1, allow=permissions.MANAGE_MESSAGES))
    room.overwrites.append(Overwrite(id_of(strict_house, "ada"), 1, allow=permissions.VIEW_CHANNEL))
    told = command.format(ben=id_of(strict_house, "ben"), room=room.id, picture=made)

    assert "Only moderators" in (await first_answer(ada, f"/moderation {told}"))["content"]


async def test_a_role_that_the_operator_names_moderates(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    guild = server.core.world.home
    role = server.core.world._add_role(guild, "Elders", permissions.EVERYONE)
    changes = {"policy": write_policy(tmp_path / "policy"), "review": {"roles": (str(role.id),)}}
    studio = next(each for each in server.core.world.channels.values() if each.name == "studio")
    async with open_house(server, sqlite_database, tmp_path, **changes) as house:
        studio.overwrites.append(Overwrite(id_of(house, "ben"), 1, allow=permissions.MANAGE_MESSAGES))
        before = await first_answer(house.guest("ben"), "/moderation policy")
        guild.members[id_of(house, "ben")].roles.append(role.id)
        after = await first_answer(house.guest("ben"), "/moderation policy")

    assert "Only moderators" in before["content"]
    assert "On: `gore`" in after["content"]


async def test_a_record_tells_what_happened_here(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    await ada.type("/imagine a castle")
    await ada.type("/imagine a bridge")
    await strict_house.guest("ada", "dm").type("/imagine a castle in private")
    record = await first_answer(mia, f"/moderation user user:{id_of(strict_house, 'ada')}")
    refusals = await first_answer(mia, "/moderation refusals")

    assert "2 refused, 1 strikes" in record["content"]
    assert "defaming or harassing people" in record["content"]
    assert "a castle" in refusals["content"]
    assert "a bridge" in refusals["content"]
    assert "in private" not in refusals["content"]
    assert record["flags"] & 64
    assert refusals["mentions"] == []


async def test_a_ban_holds_in_the_guild_until_it_is_lifted(strict_house: House, sqlite_database: Database) -> None:
    ada, mia, user = strict_house.guest("ada"), strict_house.guest("mia"), id_of(strict_house, "ada")
    await ada.type("/imagine a red circle")
    strict_house.executor.go_on.clear()
    running = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    await ada.answer(running["interaction"])
    waiting = await ada.post("run", {"channel": "studio", "text": "/imagine a green circle"})
    await ada.answer(waiting["interaction"])
    told = await first_answer(mia, f"/moderation ban user:{user}")
    refused = await first_answer(ada, "/imagine a red circle")
    left = [job.request["prompt"] for job in await strict_house.jobs.open_of(user)]
    strict_house.executor.go_on.set()
    lifted = await first_answer(mia, f"/moderation unban user:{user}")
    again = await first_answer(mia, f"/moderation unban user:{user}")
    acts = [each.action for each in await Audit(sqlite_database).about(user)]

    assert "Banned since" in told["content"]
    assert "A moderator of this server banned you" in refused["content"]
    assert left == ["a blue circle"]
    assert "can use me here again" in lifted["content"]
    assert "No moderator of this server" in again["content"]
    assert acts == ["ban", "unban"]
    assert len(record_ids(await ada.type("/imagine a red circle"))) == 1


async def test_a_time_out_tells_when_it_ends(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    await first_answer(mia, f"/moderation ban user:{id_of(strict_house, 'ada')} hours:2")

    assert "until <t:" in (await first_answer(ada, "/imagine a red circle"))["content"]
    assert "/appeal" in (await first_answer(ada, "/imagine a red circle"))["content"]
    assert "yourself" in (await first_answer(mia, f"/moderation ban user:{id_of(strict_house, 'mia')}"))["content"]


async def test_a_share_counts_from_the_next_request_on(strict_house: House) -> None:
    ada, mia, user = strict_house.guest("ada"), strict_house.guest("mia"), id_of(strict_house, "ada")
    await first_answer(mia, f"/moderation weight user:{user} share:2.5")
    heavy = record_ids(await ada.type("/imagine a red circle"))[0]
    await first_answer(mia, f"/moderation weight user:{user}")
    usual = record_ids(await ada.type("/imagine a red circle"))[0]
    weights = []
    for record_id in (heavy, usual):
        record = await strict_house.history.get(record_id)
        assert record is not None
        weights.append((await strict_house.studio.job_of(record)).weight)

    assert weights == [2.5, 1.0]


async def test_a_guild_sets_no_shares_where_they_would_count_beside_other_guilds(user_first: House) -> None:
    told = await first_answer(user_first.guest("mia"), f"/moderation weight user:{id_of(user_first, 'ada')} share:9")

    assert "only the operator" in told["content"]


async def test_a_rule_of_the_server_can_be_switched_off_here_alone(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    off = await first_answer(mia, "/moderation rule name:gore on:false")
    here = await ada.type("/imagine a castle")
    elsewhere = await strict_house.guest("ada", "dm").type("/imagine a castle")
    await first_answer(mia, "/moderation rule name:gore on:true")
    again = await ada.type("/imagine a castle")

    assert "Off: `gore`" in off["content"]
    assert "On: `operator`" in off["content"]
    assert len(record_ids(here)) == 1
    assert "no gore" in elsewhere["content"]
    assert "no gore" in again["content"]


async def test_what_discord_asks_for_and_what_the_licence_asks_for_stays_on(strict_house: House) -> None:
    mia = strict_house.guest("mia")
    fixed = [name for name in SERVER_RULES if strict_house.studio.policy.rules[name].fixed]
    told = await first_answer(mia, f"/moderation rule name:{fixed[0]} on:false")
    with pytest.raises(Refused):
        await mia.type("/moderation rule name:b on:false")

    assert fixed == ["nudity", "real_people", "nonsense", "language"]
    assert "cannot be switched off" in told["content"]


async def test_a_picture_on_the_list_is_stopped_when_it_is_drawn_sent_or_shown_again(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    result = await ada.type("/imagine a red circle seed:7")
    first = record_ids(result)[0]
    file = await ada.fetch(result["attachments"][0])
    added = await first_answer(mia, f"/moderation never add picture:{first}")
    drawn = await ada.type("/imagine a red circle seed:7")
    other = await ada.type("/imagine a red circle seed:8")
    sent = await ada.type("/vary", ("again.jpg", as_jpeg(file)))
    private = await strict_house.guest("ada", "dm").type("/imagine a red circle seed:7")
    shown = await first_answer(ada, f"/show id:{first}")
    listed = await first_answer(mia, "/moderation never list")
    removed = await first_answer(mia, "/moderation never remove number:1")
    allowed = await ada.type("/imagine a red circle seed:7")

    assert "is stopped here from now on" in added["content"]
    assert drawn["attachments"] == []
    assert "not posted" in drawn["content"]
    assert len(record_ids(other)) == 1
    assert "do not want that picture" in sent["content"]
    assert "do not want that picture" in shown["content"]
    assert shown["attachments"] == []
    assert len(record_ids(private)) == 1, "the list is the guild's"
    assert listed["content"].startswith("1. `")
    assert "Taken off" in removed["content"]
    assert len(record_ids(allowed)) == 1


async def test_a_file_is_put_on_the_list_without_being_kept(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    result = await ada.type("/imagine a red circle seed:7")
    file = as_jpeg(await ada.fetch(result["attachments"][0]))
    before = len(list(strict_house.store._folder.rglob("*.png")))
    started = await mia.post("run", {"channel": "studio", "text": "/moderation never add"}, (("bad.jpg", file),))
    added = await settled(mia, started)

    assert "is stopped here from now on" in added["content"]
    assert len(list(strict_house.store._folder.rglob("*.png"))) == before
    assert "do not want that picture" in (await ada.type("/vary", ("bad.jpg", file)))["content"]


async def test_a_hash_that_others_tell_of_is_put_on_the_list(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    result = await ada.type("/imagine a red circle seed:7")
    pdq = pdq_of_file(await ada.fetch(result["attachments"][0]))
    assert pdq is not None
    nearly = f"{int(pdq, 16) ^ 0b1011:064X}"
    added = await first_answer(mia, f"/moderation never add hash:{nearly}")
    wrong = await first_answer(mia, "/moderation never add hash:1234")
    neither = await first_answer(mia, "/moderation never add")

    assert nearly.lower() in added["content"]
    assert "64 digits" in wrong["content"]
    assert "Give one of these" in neither["content"]
    assert "not posted" in (await ada.type("/imagine a red circle seed:7"))["content"]


async def test_a_picture_with_nothing_in_it_cannot_be_listed(strict_house: House, png: bytes) -> None:
    mia = strict_house.guest("mia")
    started = await mia.post("run", {"channel": "studio", "text": "/moderation never add"}, (("plain.png", png),))

    assert "too little" in (await settled(mia, started))["content"]


async def test_statistics_are_a_picture_with_all_of_it_in_words(strict_house: House) -> None:
    ada, mia = strict_house.guest("ada"), strict_house.guest("mia")
    empty = await first_answer(mia, "/moderation statistics")
    for prompt in ("a castle", "a castle", "a bridge"):
        await ada.type(f"/imagine {prompt}")
    told = await first_answer(mia, "/moderation statistics")
    chart = Image.open(io.BytesIO(await mia.fetch(told["attachments"][0])))

    for words in (told["content"], told["attachments"][0]["description"]):
        assert "gore: no gore: 2" in words
        assert "e: defaming or harassing people: 1" in words
    assert "Nothing was refused" in empty["content"]
    assert chart.width > 300
    assert len(set(chart.convert("RGB").get_flattened_data())) > 2
    assert await in_channel(strict_house.guest("ben")) == []


def as_jpeg(data: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()

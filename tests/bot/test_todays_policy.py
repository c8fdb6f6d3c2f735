"""Whatever was once allowed is judged anew, by the policy of the day and of the guild."""

import io
import shutil
from pathlib import Path

from bot_kit import House, open_house
from guest import Json, record_ids
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from db.session import Database
from local_discord.server import LocalDiscord
from moderation.policy_file import DEFAULT

REFUSED = "not on this server"


def stricter(folder: Path, guild_id: int) -> Path:
    """The shipped policy, in which the guild rules out lanterns: a word that harms nobody."""
    shutil.copytree(DEFAULT.parent / "terms", folder / "terms")
    policy = folder / "policy.toml"
    policy.write_text(
        f'{DEFAULT.read_text(encoding="utf-8")}\n[guilds.{guild_id}]\nwords = ["lantern"]\n', encoding="utf-8"
    )
    return policy


def picture_that_says(**texts: str) -> bytes:
    notes, file = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        notes.add_text(name, text)
    Image.new("RGB", (64, 64), "teal").save(file, "PNG", pnginfo=notes)
    return file.getvalue()


async def remixed(house: House, result: Json) -> Json:
    ada = house.guest()
    started = await ada.push(result, "Remix")
    return await ada.follow(started["interaction"], fields={"prompt": "a green lantern"})


async def test_every_way_back_to_an_old_picture_is_judged_by_todays_policy(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path / "data") as house:
        result = await house.guest().type("/imagine a red lantern")
    (first,), (guild,) = record_ids(result), server.core.world.guilds
    (tmp_path / "policy").mkdir()
    policy = stricter(tmp_path / "policy", guild)
    async with open_house(server, sqlite_database, tmp_path / "data", policy=policy) as house:
        ada = house.guest()
        answers = {label: (await ada.press(result, label))["content"] for label in ("Again", "Vary", "Upscale")}
        answers["Reproduce"] = (await ada.type(f"/reproduce id:{first}"))["content"]
        answers["Remix"] = (await remixed(house, result))["content"]
        answers["Imagine"] = (await ada.type("/imagine a l4ntern"))["content"]
        alone = await house.guest("ada", "dm").type("/imagine a red lantern")
        drawn = [attempt.request.prompt for attempt in house.executor.attempts]

    assert {label for label, answer in answers.items() if REFUSED in answer} == set(answers)
    assert drawn == ["a red lantern"], "only the one in the direct message, where the guild's words do not hold"
    assert record_ids(alone)


async def test_the_text_in_an_uploaded_picture_is_judged_and_its_negative_prompt_as_one(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    (guild,) = server.core.world.guilds
    async with open_house(server, sqlite_database, tmp_path / "data", policy=stricter(tmp_path, guild)) as house:
        ada = house.guest()
        settings = "Steps: 20, Sampler: DDIM, Seed: 7, Size: 64x64"
        asking = picture_that_says(parameters=f"a lantern\n{settings}")
        avoiding = picture_that_says(parameters=f"a fox\nNegative prompt: lantern\n{settings}")
        refused = await ada.use("Upscale", (await ada.say("look", ("one.png", asking)))["id"])
        made = await ada.use("Upscale", (await ada.say("look", ("two.png", avoiding)))["id"])

    assert REFUSED in refused["content"]
    assert made["attachments"]

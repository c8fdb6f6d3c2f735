"""/history, page by page."""

from pathlib import Path

from bot_kit import House, first_answer, open_house, settled
from guest import Guest, Json, components, labels, record_ids

from db.session import Database
from local_discord.server import LocalDiscord

EPHEMERAL = 64


def texts(message: Json) -> str:
    return "\n".join(str(each["content"]) for each in components(message) if each["type"] == 10)


def thumbnails(message: Json) -> list[Json]:
    return [each for each in components(message) if each["type"] == 11]


async def draw(guest: Guest, count: int) -> list[str]:
    """Draw so many pictures and return their ids, the newest first."""
    found: list[str] = []
    for number in range(count):
        found = record_ids(await guest.type(f"/imagine circle number {number}")) + found
    return found


async def test_there_is_nothing_at_first(house: House) -> None:
    message = await house.guest().type("/history")

    assert "no pictures here yet" in message["content"]
    assert message["flags"] & EPHEMERAL


async def test_pages_are_turned_forth_and_back_even_after_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        ids = await draw(house.guest(), 6)
        first = await first_answer(house.guest(), "/history")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        second = await settled(ada, await ada.push(first, "Next"))
        back = await settled(ada, await ada.push(second, "Previous"))

    assert "page 1 of 2 (6 in all)" in texts(first)
    assert [each for each in ids if each in texts(first)] == ids[:5]
    assert len(thumbnails(first)) == 5
    assert labels(first)[-2:] == ["Next", "Export"]
    assert ids[5] in texts(second)
    assert len(thumbnails(second)) == 1
    assert texts(back) == texts(first)


async def test_a_search_stays_a_search_on_every_page(house: House) -> None:
    ada = house.guest()
    await draw(ada, 6)
    await ada.type("/imagine a blue square")
    first = await first_answer(ada, "/history search:circle number")
    second = await settled(ada, await ada.push(first, "Next"))
    nothing = await ada.type("/history search:elephant")

    assert "(6 in all)" in texts(first)
    assert "(6 in all)" in texts(second)
    assert "blue" not in texts(first) + texts(second)
    assert "No picture here" in nothing["content"]


async def test_one_persons_pictures_can_be_looked_through(house: House) -> None:
    await house.guest("ada").type("/imagine a red circle")
    await house.guest("ben").type("/imagine a blue circle")
    ben = next(user["id"] for user in house.server.describe()["users"] if user["name"] == "ben")
    started = await house.guest("ada").post(
        "run", {"channel": "studio", "command": "history", "options": {"user": ben}}
    )
    message = await settled(house.guest("ada"), started)

    assert "a blue circle" in texts(message)
    assert "a red circle" not in texts(message)


async def test_each_picture_has_alt_text_and_can_be_opened(house: House) -> None:
    ada = house.guest()
    ids = await draw(ada, 1)
    page = await first_answer(ada, "/history")
    [thumbnail] = thumbnails(page)
    details = await ada.press(page, "Details")

    assert thumbnail["description"] == "circle number 0"
    assert ids[0] in details["content"]
    assert labels(page) == ["Show", "Details", "Export"]


async def test_a_picture_whose_file_is_lost_is_listed_without_it(house: House) -> None:
    ada = house.guest()
    ids = await draw(ada, 2)
    lost = await house.history.get(ids[0])
    assert lost is not None
    await house.store.delete(lost.sha256)
    page = await first_answer(ada, "/history")
    shown = await ada.type(f"/show id:{ids[0]}")

    assert len(thumbnails(page)) == 1
    assert f"`{ids[0]}`: cannot be shown" in texts(page)
    assert "is lost" in shown["content"]

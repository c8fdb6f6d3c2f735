"""Favourites, and what others may do with somebody's pictures."""

from bot_kit import House, first_answer, settled
from guest import Guest, Json, components, labels, record_ids

CLOSED = "has closed that picture"


def texts(message: Json) -> str:
    return "\n".join(str(each["content"]) for each in components(message) if each["type"] == 10)


async def details(guest: Guest, record_id: str) -> Json:
    shown = await guest.type(f"/show id:{record_id}")
    return await settled(guest, await guest.push(shown, "Details"))


async def test_a_closed_picture_is_nobody_elses_to_go_on_from_by_whatever_way(house: House) -> None:
    ada, ben, mia = house.guest("ada"), house.guest("ben"), house.guest("mia")
    result = await ada.type("/imagine a red circle")
    [closed] = record_ids(result)
    before = await ben.type(f"/vary picture:{closed}")
    told = await ada.type(f"/sharing others:closed picture:{closed}")
    ways = [f"/vary picture:{closed}", f"/upscale picture:{closed}", f"/remix id:{closed}"]
    ways += [f"/outpaint picture:{closed} zoom:2", f"/inpaint picture:{closed} prompt:a star region:left half"]
    file = await ada.fetch(result["attachments"][0])

    assert f"`{closed}` is closed now" in told["content"]
    for other in (ben, mia):  # a moderator is one of the others
        for way in ways:
            assert CLOSED in (await other.type(way))["content"], way
        for label in ("Vary", "Upscale", "Again", "Remix", "Zoom out 2×", "Edit region"):
            assert CLOSED in (await settled(other, await other.push(result, label)))["content"], label
        assert CLOSED in (await other.use("Use as source", result["id"]))["content"]
        assert CLOSED in (await other.type("/vary", ("mine.png", file)))["content"]
        shown = await other.type(f"/show id:{closed}")
        assert CLOSED in (await settled(other, await other.push(shown, "Again")))["content"]
    for way in ways:
        assert record_ids(await ada.type(way)), way
    assert record_ids(await ben.type(f"/vary picture:{record_ids(before)[0]}")), "what was made before stays open"


async def test_who_reproduces_a_closed_picture_can_go_on_from_it_no_more_than_before(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [closed] = record_ids(await ada.type("/imagine a red circle"))
    await ada.type(f"/sharing others:closed picture:{closed}")
    reproduced = await ben.type(f"/reproduce id:{closed}")
    [again] = record_ids(reproduced)
    [once_more] = record_ids(await ben.type(f"/reproduce id:{again}"))

    assert "Identical" in reproduced["content"]
    for copy in (again, once_more):
        assert CLOSED in (await ben.type(f"/vary picture:{copy}"))["content"]
        assert record_ids(await ada.type(f"/vary picture:{copy}"))


async def test_a_private_picture_is_its_owners_alone_until_it_is_opened(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [made] = record_ids(await ada.type("/imagine a red circle"))
    told = await settled(ada, await ada.push(await details(ada, made), "Make private"))
    hidden = await ben.type(f"/show id:{made}")
    listed = await ben.type("/history")
    seen = await details(ada, made)
    await ada.push(seen, "Open to others")
    opened = record_ids(await ben.type(f"/vary picture:{made}"))

    assert "stays where it was posted" in told["content"]
    assert "no picture" in hidden["content"]
    assert "no pictures here yet" in listed["content"]
    assert "Private: only its owner" in seen["content"]
    assert opened


async def test_only_the_owner_says_what_others_may_do(house: House) -> None:
    ada, mia = house.guest("ada"), house.guest("mia")
    [made] = record_ids(await ada.type("/imagine a red circle"))
    refused = await mia.type(f"/sharing others:closed picture:{made}")

    assert "Only the person who asked" in refused["content"]
    assert "Close to others" in labels(await details(ada, made))
    assert "Close to others" not in labels(await details(mia, made))


async def test_what_is_made_from_now_on_is_shared_as_its_person_wishes(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [before] = record_ids(await ada.type("/imagine a circle"))
    await ada.type("/sharing others:closed")
    [closed] = record_ids(await ada.type("/imagine a circle"))
    await ada.type("/sharing others:private")
    [private] = record_ids(await ada.type("/imagine a circle"))
    await ada.type("/sharing others:open")
    [after] = record_ids(await ada.type("/imagine a circle"))

    assert record_ids(await ben.type(f"/vary picture:{before}"))
    assert CLOSED in (await ben.type(f"/vary picture:{closed}"))["content"]
    assert "no picture" in (await ben.type(f"/vary picture:{private}"))["content"]
    assert record_ids(await ben.type(f"/vary picture:{after}"))


async def test_what_was_made_in_direct_messages_stays_private(house: House) -> None:
    alone = house.guest("ada", "dm")
    [made] = record_ids(await alone.type("/imagine a circle"))

    assert "stays private" in (await alone.type(f"/sharing others:open picture:{made}"))["content"]
    assert "no picture" in (await house.guest("ben").type(f"/vary picture:{made}"))["content"]


async def test_favourites_are_counted_for_all_and_listed_for_their_person(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [liked] = record_ids(await ada.type("/imagine a red circle"))
    [other] = record_ids(await ada.type("/imagine a blue circle"))
    await settled(ben, await ben.push(await details(ben, liked), "Favourite"))
    await settled(ada, await ada.push(await details(ada, liked), "Favourite"))
    seen = await details(ben, liked)
    mine = await first_answer(ben, "/history favourites:True")
    await settled(ben, await ben.push(seen, "No favourite"))
    none = await first_answer(ben, "/history favourites:True")

    assert "Liked by 2." in seen["content"]
    assert liked in texts(mine)
    assert other not in texts(mine)
    assert "No picture here is like that" in none["content"]
    assert "Liked by 1." in (await details(ben, liked))["content"]
    assert "Liked" not in (await details(ben, other))["content"]


async def test_a_favourite_that_is_made_private_is_listed_no_more_and_can_be_taken_back(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [liked] = record_ids(await ada.type("/imagine a red circle"))
    await settled(ben, await ben.push(await details(ben, liked), "Favourite"))
    seen = await details(ben, liked)
    await ada.type(f"/sharing others:private picture:{liked}")

    assert "No picture here is like that" in (await ben.type("/history favourites:True"))["content"]
    assert "no favourite of yours any more" in (await settled(ben, await ben.push(seen, "No favourite")))["content"]
    assert "Liked" not in (await details(ada, liked))["content"]

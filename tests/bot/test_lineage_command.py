"""/lineage: a family drawn as one picture, told in words, with what may not be seen as an empty box."""

import io

from bot_kit import House, first_answer, gone, settled
from guest import Json, components, labels, record_ids
from PIL import Image

from provenance import credentials

EPHEMERAL = 64


def options(message: Json) -> list[str]:
    """Return the ids that the menu offers."""
    [menu] = [each for each in components(message) if each["type"] == 3]
    return [option["value"] for option in menu["options"]]


async def test_a_family_is_drawn_credited_and_opened(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [first] = record_ids(await ada.type("/imagine a red circle"))
    [varied] = record_ids(await ben.type(f"/vary picture:{first}"))
    [larger] = record_ids(await ada.type(f"/upscale picture:{varied}"))
    [other] = record_ids(await ada.type(f"/remix id:{first}"))
    shown = await first_answer(ada, f"/lineage picture:{varied}")
    [picture] = shown["attachments"]
    data = await ada.fetch(picture)
    people = {user["name"]: user["id"] for user in house.server.describe()["users"]}
    opened = await ada.post(
        "select", {"message": shown["id"], "custom_id": "imagine-menu:details:", "values": [larger]}
    )
    details = await ada.follow(opened["interaction"])

    assert shown["flags"] & EPHEMERAL
    assert f"1: {first}. <@{people['ada']}>" in shown["content"]
    assert f"2: {varied}, vary of 1. <@{people['ben']}>" in shown["content"]
    assert f"3: {larger}, upscale of 2. <@{people['ada']}>" in shown["content"]
    assert other not in shown["content"], "a sister is no ancestor and no descendant"
    assert options(shown) == [first, varied, larger]
    assert f"2: {varied}, vary of 1." in picture["description"]
    assert f"**Picture `{larger}`**" in details["content"]
    assert Image.open(io.BytesIO(data)).height > 600, "three rows"
    found = credentials.read(data)
    assert found is not None
    assert found.made_by_a_model
    assert b"compositeWithTrainedAlgorithmicMedia" in data


async def test_what_may_not_be_seen_is_an_empty_box_in_its_place(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [first] = record_ids(await ada.type("/imagine a secret"))
    [varied] = record_ids(await ben.type(f"/vary picture:{first}"))
    [deleted] = record_ids(result := await ben.type(f"/vary picture:{varied}"))
    await ada.type(f"/sharing others:private picture:{first}")
    await ben.push(result, "Delete")
    await gone(ben, result)
    shown = await first_answer(ben, f"/lineage picture:{varied}")

    assert "1: hidden.\n" in shown["content"]
    assert f"2: {varied}, vary of 1." in shown["content"]
    assert "3: hidden, vary of 2." in shown["content"]
    assert first not in str(shown)
    assert deleted not in str(shown)
    assert options(shown) == [varied]


async def test_a_picture_without_relatives_has_no_tree(house: House) -> None:
    ada = house.guest()
    [alone] = record_ids(await ada.type("/imagine a red circle"))

    assert "nothing has been made from it" in (await ada.type(f"/lineage picture:{alone}"))["content"]


async def test_the_details_lead_to_the_family(house: House) -> None:
    ada = house.guest()
    [first] = record_ids(result := await ada.type("/imagine a red circle"))
    await ada.type(f"/vary picture:{first}")
    details = await ada.press(result, "Details")
    shown = await settled(ada, await ada.push(details, "Lineage"))

    assert "Lineage" in labels(details)
    assert len(options(shown)) == 2

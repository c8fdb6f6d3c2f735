"""Pictures changed by buttons, commands and the menu: varied by seed, continued, blended, started from."""

from bot_kit import House
from guest import CHANGES, Json, labels, record_ids

from inference.request import ImageRequest, Task
from inference.window import Window


def last(house: House) -> ImageRequest:
    return house.executor.attempts[-1].request


async def sources(house: House, *result: Json) -> list[str]:
    """Return the file of each message's first picture."""
    records = [await house.history.get(record_ids(each)[0]) for each in result]
    return [record.sha256 for record in records if record is not None]


async def parents(house: House, made: Json) -> set[tuple[str, str]]:
    """Return the ids of what a message's first picture was made from, and how."""
    record = await house.history.get(record_ids(made)[0])
    assert record is not None
    found = await house.history.parents(record.id, record.user_id, [record.channel_id])
    return {(each.record.id, each.kind) for each in found}


async def test_the_buttons_under_a_picture_continue_it(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    (source,) = await sources(house, result)
    for label, window in (
        ("Zoom out 1.5×", Window(left=-64, top=-64, width=384, height=384)),
        ("Zoom out 2×", Window(left=-128, top=-128, width=512, height=512)),
        ("Pan left", Window(left=-128, top=0, width=256, height=256)),
        ("Pan down", Window(left=0, top=128, width=256, height=256)),
    ):
        made = await ada.press(result, label)
        asked = last(house)
        assert (asked.task, asked.window, asked.source) == (Task.OUTPAINT, window, source)
        assert (asked.prompt, asked.width, asked.height) == ("a red circle", 256, 256)
        assert "Continued for" in made["content"]
        assert await parents(house, made) == {(record_ids(result)[0], "outpaint")}


async def test_a_picture_that_is_none_is_made_square(house: House) -> None:
    ada = house.guest()
    wide = await ada.type("/imagine a red circle width:384")
    made = await ada.press(wide, "Make square")

    assert last(house).window == Window(left=0, top=-64, width=384, height=384)
    assert (made["attachments"][0]["width"], made["attachments"][0]["height"]) == (384, 384)
    assert "Make square" not in labels(made)


async def test_each_of_several_pictures_has_all_the_ways_too(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:4 seed:7")
    ways = await ada.press(result, "More 3")
    await ada.press(ways, "Pan up")

    assert labels(ways) == CHANGES
    record = await house.history.get(record_ids(result)[2])
    assert record is not None
    assert last(house).source == record.sha256


async def test_a_strong_variation_goes_farther_than_a_subtle_one(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    await ada.press(result, "Vary")
    subtle = last(house).strength
    await ada.press(result, "Vary strongly")

    assert subtle is not None
    assert last(house).strength is not None
    assert subtle < last(house).strength  # type: ignore[operator]


async def test_a_variation_by_seed_keeps_the_seed_and_turns_its_noise(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle seed:0"))[0]
    varied = await ada.type(f"/vary picture:{first} by:seed strength:strong seed:5")
    again = await ada.type(f"/vary picture:{record_ids(varied)[0]} by:seed strength:0.1 seed:6")

    assert (last(house).task, last(house).seed) == (Task.TEXT_TO_IMAGE, 0)
    assert [(each.seed, each.strength) for each in last(house).variations] == [(5, 0.45), (6, 0.1)]
    assert await parents(house, again) == {(record_ids(varied)[0], "vary")}


async def test_a_remix_of_a_variation_by_seed_starts_from_its_noise(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle seed:0"))[0]
    varied = await ada.type(f"/vary picture:{first} by:seed seed:5")
    before = last(house)
    await ada.press(varied, "Remix")
    kept = last(house).variations
    started = await ada.push(varied, "Remix")
    await ada.follow(started["interaction"], fields={"seed": "9"})

    assert kept == before.variations
    assert (last(house).seed, last(house).variations) == (9, ())


async def test_by_seed_only_what_grew_from_one_is_varied(house: House, png: bytes) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    enlarged = record_ids(await ada.press(result, "Upscale"))[0]
    uploaded = await ada.type("/vary by:seed", ("cat.png", png))

    assert "what seed a file grew from" in uploaded["content"]
    assert "grew from many seeds" in (await ada.type(f"/vary picture:{enlarged} by:seed"))["content"]


async def test_a_picture_is_continued_by_pixels_to_an_aspect_or_from_farther_off(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle"))[0]
    await ada.type(f"/outpaint picture:{first} left:64 down:64 prompt:a meadow seed:0")
    assert (last(house).window, last(house).prompt) == (Window(left=-64, top=0, width=320, height=320), "a meadow")
    assert last(house).seed == 0
    await ada.type(f"/outpaint picture:{first} aspect:2:1")
    assert last(house).window == Window(left=-128, top=0, width=512, height=256)
    await ada.type(f"/outpaint picture:{first} zoom:3")
    assert last(house).window == Window(left=-256, top=-256, width=768, height=768)


async def test_how_a_picture_goes_on_is_said_in_one_way(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle"))[0]
    for options in ("", "left:0", "left:8 zoom:2", "aspect:2:1 zoom:2"):
        assert "One of the three" in (await ada.type(f"/outpaint picture:{first} {options}"))["content"]
    assert "already" in (await ada.type(f"/outpaint picture:{first} aspect:1:1"))["content"]
    assert len(house.executor.attempts) == 1


async def test_pictures_are_blended_with_their_words_and_all_of_them_are_parents(house: House, png: bytes) -> None:
    ada = house.guest()
    first, second = await ada.type("/imagine a red circle"), await ada.type("/imagine a blue star")
    one, other = record_ids(first)[0], record_ids(second)[0]
    made = await ada.type(f"/blend picture_1:{one} picture_2:{other}", ("cat.png", png))

    assert last(house).task is Task.BLEND
    assert [each.prompt for each in last(house).blended] == ["a red circle", "a blue star", ""]
    assert [each.source for each in last(house).blended[:2]] == await sources(house, first, second)
    assert await parents(house, made) == {(one, "blend"), (other, "blend")}
    assert "a red circle + a blue star" in made["content"]


async def test_other_words_go_before_those_of_the_blended_pictures(house: House) -> None:
    ada = house.guest()
    one = record_ids(await ada.type("/imagine a star"))[0]
    other = record_ids(await ada.type("/imagine a fish"))[0]
    await ada.type(f"/blend picture_1:{one} picture_2:{other} prompt:a red boat strength:0.5")

    assert {each.prompt for each in last(house).blended} == {"a red boat"} == set(last(house).prompts)
    assert last(house).strength == 0.5


async def test_one_picture_alone_is_not_blended(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a star"))[0]
    assert "2 to 4 pictures" in (await ada.type(f"/blend picture_1:{first}"))["content"]


async def test_any_picture_of_a_message_is_a_source(house: House, png: bytes) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    posted = await ben.say("look", ("cat.png", png), ("dog.png", png))
    choice = await ada.use("Use as source", posted["id"])
    started = await ada.push(choice, "Picture 2")
    made = await ada.follow(started["interaction"], fields={"prompt": "a fish", "strength": "0.6"})

    assert labels(choice) == ["Picture 1", "Picture 2"]
    assert (last(house).task, last(house).prompt, last(house).strength) == (Task.IMAGE_TO_IMAGE, "a fish", 0.6)
    assert made["attachments"]


async def test_of_as_many_files_as_a_message_holds_each_picture_can_be_chosen(house: House, png: bytes) -> None:
    ada = house.guest()
    posted = await ada.say("look", ("notes.txt", b"no picture"), *((f"{number}.png", png) for number in range(9)))
    choice = await ada.use("Use as source", posted["id"])

    assert labels(choice) == [f"Picture {number}" for number in range(1, 10)]


async def test_what_a_picture_was_drawn_from_stands_in_the_modal(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle negative_prompt:blue")
    made = await ada.use("Use as source", result["id"])

    assert last(house).prompt == "a red circle"
    assert [last(house).source] == await sources(house, result)
    assert await parents(house, made) == {(record_ids(result)[0], "vary")}


async def test_a_source_that_is_gone_meanwhile_is_said_to_be(house: House, png: bytes) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    posted = await ben.say("look", ("cat.png", png), ("dog.png", png))
    choice = await ada.use("Use as source", posted["id"])
    await ben.post("delete", {"message": posted["id"]})
    started = await ada.push(choice, "Picture 1")
    told = await ada.follow(started["interaction"], fields={"prompt": "a fish"})

    assert "cannot get at that picture any more" in told["content"]


async def test_every_changed_picture_reproduces(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle seed:3")
    first = record_ids(result)[0]
    for made in (
        await ada.press(result, "Vary strongly"),
        await ada.press(result, "Pan right"),
        await ada.type(f"/vary picture:{first} by:seed"),
        await ada.type(f"/blend picture_1:{first} picture_2:{first}"),
    ):
        told = await ada.type(f"/reproduce {record_ids(made)[0]}")
        assert "Identical" in told["content"]

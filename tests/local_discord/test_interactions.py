"""Interactions over raw HTTP: acknowledging, answering, following up, tokens."""

import asyncio

import pytest
from local_discord_kit import Bot, Person, png

from local_discord.server import LocalDiscord

PROMPT = {"name": "prompt", "description": "what", "type": 3, "required": True}


@pytest.fixture
async def asked(bot: Bot, ada: Person) -> dict:
    await bot.command(options=[PROMPT])
    await ada.run("/imagine a red circle")
    return await bot.interaction()


def test_payload_carries_what_client_libraries_need(asked: dict, server: LocalDiscord) -> None:
    needed = {"version", "application_id", "attachment_size_limit", "app_permissions", "entitlements", "context"}
    needed |= {"authorizing_integration_owners", "locale", "guild_locale", "channel", "channel_id", "guild", "guild_id"}

    assert needed <= asked.keys()
    assert asked["member"]["user"]["username"] == "ada"
    assert int(asked["member"]["permissions"]) > 0
    assert asked["data"]["options"] == [{"name": "prompt", "type": 3, "value": "a red circle"}]
    assert asked["authorizing_integration_owners"] == {"0": str(server.world.home.id)}


async def test_answer_at_once(bot: Bot, ada: Person, asked: dict) -> None:
    reply = await bot.respond(asked, 4, {"content": "hello"})
    outcome = await ada.outcome(asked["id"])

    assert reply.status == 204
    assert outcome["state"] == "answered"
    assert outcome["message"]["content"] == "hello"
    assert outcome["message"]["type"] == 20


async def test_with_response_gives_interaction_and_message(bot: Bot, asked: dict) -> None:
    reply = await bot.respond(asked, 4, {"content": "hello"}, query="?with_response=1")

    assert reply.status == 200
    assert reply.body["resource"]["message"]["content"] == "hello"
    assert reply.body["interaction"]["response_message_id"] == reply.body["resource"]["message"]["id"]


async def test_deferral_is_edited_into_a_picture(bot: Bot, ada: Person, asked: dict) -> None:
    reply = await bot.respond(asked, 5, query="?with_response=1")
    thinking = await ada.outcome(asked["id"], wait=0)
    described = {"content": "done", "attachments": [{"id": 0, "description": "a circle"}]}
    edited = await bot.webhook("PATCH", asked, described, which="@original", files=[("circle.png", png())])
    outcome = await ada.outcome(asked["id"])

    assert reply.body["interaction"]["response_message_loading"] is True
    assert (thinking["state"], thinking["message"]) == ("thinking", None)
    assert edited.status == 200
    assert outcome["state"] == "answered"
    (picture,) = outcome["message"]["attachments"]
    assert (picture["width"], picture["height"], picture["content_type"]) == (32, 16, "image/png")
    assert picture["description"] == "a circle"


async def test_second_acknowledgement_is_refused(bot: Bot, asked: dict) -> None:
    await bot.respond(asked, 5)
    reply = await bot.respond(asked, 4, {"content": "again"})

    assert (reply.status, reply.code) == (400, 40060)


async def test_unknown_interaction(bot: Bot, asked: dict) -> None:
    reply = await bot.respond({**asked, "token": "forged"}, 5)

    assert (reply.status, reply.code) == (404, 10062)


@pytest.mark.timeout(20)
async def test_three_seconds_without_acknowledgement_fail(bot: Bot, ada: Person, asked: dict) -> None:
    outcome = await ada.outcome(asked["id"])
    reply = await bot.respond(asked, 5)
    follow_up = await bot.webhook("POST", asked, {"content": "late"})

    assert outcome["state"] == "failed"
    assert outcome["error"] == "The application did not respond"
    assert (reply.status, reply.code) == (404, 10062)
    assert (follow_up.status, follow_up.code) == (404, 10015)


async def test_token_expires_after_fifteen_minutes(bot: Bot, server: LocalDiscord, asked: dict) -> None:
    await bot.respond(asked, 5)
    server.clock.advance(15 * 60 + 1)
    reply = await bot.webhook("PATCH", asked, {"content": "late"}, which="@original")

    assert (reply.status, reply.code) == (401, 50027)


async def test_ephemeral_answer_is_seen_by_its_person_alone(
    bot: Bot, ada: Person, ben: Person, studio: int, asked: dict
) -> None:
    await bot.respond(asked, 4, {"content": "secret", "flags": 64})
    message = (await ada.outcome(asked["id"]))["message"]
    by_the_bot = await bot.call("GET", f"/channels/{studio}/messages/{message['id']}")

    assert message["ephemeral"] is True
    assert [item["content"] for item in await ada.messages()] == ["secret"]
    assert await ben.messages() == []
    assert by_the_bot.code == 10008


async def test_follow_ups_are_read_edited_and_deleted(bot: Bot, ada: Person, asked: dict) -> None:
    await bot.respond(asked, 4, {"content": "first"})
    made = await bot.webhook("POST", asked, {"content": "second"})
    edited = await bot.webhook("PATCH", asked, {"content": "third"}, which=made.body["id"])
    read = await bot.webhook("GET", asked, which=made.body["id"])
    gone = await bot.webhook("DELETE", asked, which=made.body["id"])
    again = await bot.webhook("GET", asked, which=made.body["id"])

    assert edited.body["edited_timestamp"] is not None
    assert read.body["content"] == "third"
    assert gone.status == 204
    assert again.code == 10008
    assert [item["content"] for item in await ada.messages()] == ["first"]


async def test_first_follow_up_takes_the_place_of_a_deferral(bot: Bot, ada: Person, asked: dict) -> None:
    await bot.respond(asked, 5)
    await bot.webhook("POST", asked, {"content": "done"})
    outcome = await ada.outcome(asked["id"])

    assert outcome["message"]["content"] == "done"
    assert len(await ada.messages()) == 1


async def test_original_can_be_deleted(bot: Bot, ada: Person, asked: dict) -> None:
    await bot.respond(asked, 4, {"content": "hello"})
    gone = await bot.webhook("DELETE", asked, which="@original")
    read = await bot.webhook("GET", asked, which="@original")

    assert gone.status == 204
    assert read.code == 10008
    assert await ada.messages() == []


@pytest.mark.parametrize("kind", [1, 6, 7, 8])
async def test_answer_of_a_type_that_does_not_fit(bot: Bot, asked: dict, kind: int) -> None:
    reply = await bot.respond(asked, kind, {} if kind != 1 else None)

    assert (reply.status, reply.code) == (400, 50035)


@pytest.mark.parametrize(("kind", "code"), [(10, 50040), (12, 50035), (99, 50035)])
async def test_answers_that_this_application_cannot_give(bot: Bot, asked: dict, kind: int, code: int) -> None:
    reply = await bot.respond(asked, kind)

    assert (reply.status, reply.code) == (400, code)


async def test_deferral_carries_no_flag_but_ephemeral(bot: Bot, asked: dict) -> None:
    reply = await bot.respond(asked, 5, {"flags": 1 << 15})

    assert reply.code == 50035


async def pressed(bot: Bot, ada: Person, studio: int) -> tuple[dict, str]:
    button = {"type": 2, "style": 1, "label": "go", "custom_id": "go"}
    body = {"content": "before", "components": [{"type": 1, "components": [button]}]}
    message = (await bot.call("POST", f"/channels/{studio}/messages", body)).body
    await ada.post("press", {"message": message["id"], "custom_id": "go"})
    return await bot.interaction(), message["id"]


async def test_silent_deferral_then_edit_changes_the_message_with_the_button(
    bot: Bot, ada: Person, studio: int
) -> None:
    asked, message = await pressed(bot, ada, studio)
    await bot.respond(asked, 6)
    silent = await ada.outcome(asked["id"])
    edited = await bot.webhook("PATCH", asked, {"content": "after"}, which="@original")
    outcome = await ada.outcome(asked["id"])

    assert asked["message"]["id"] == edited.body["id"] == message
    assert asked["data"] == {"custom_id": "go", "component_type": 2, "id": 2}
    assert silent["state"] == "acknowledged"
    assert (outcome["state"], outcome["message"]["content"]) == ("updated", "after")


async def test_answer_to_a_button_refers_to_its_message(bot: Bot, ada: Person, studio: int) -> None:
    asked, message = await pressed(bot, ada, studio)
    answered = await bot.respond(asked, 4, {"content": "x"}, query="?with_response=true")
    made = answered.body["resource"]["message"]

    assert made["message_reference"]["message_id"] == message
    assert made["interaction_metadata"]["interacted_message_id"] == message


async def test_update_in_place_follows_the_rules_of_messages(bot: Bot, ada: Person, studio: int) -> None:
    asked, _ = await pressed(bot, ada, studio)
    bad = await bot.respond(asked, 7, {"content": "x" * 2001})
    good = await bot.respond(asked, 7, {"content": "after", "components": []}, query="?with_response=1")

    assert bad.faults("data", "content") == ["BASE_TYPE_MAX_LENGTH"]
    assert good.body["resource"]["type"] == 7
    assert (await ada.outcome(asked["id"]))["message"]["components"] == []


async def test_quiet_waits_until_the_message_rests(bot: Bot, ada: Person, asked: dict) -> None:
    await bot.respond(asked, 4, {"content": "0"})
    waiting = asyncio.create_task(ada.outcome(asked["id"], until="quiet", wait=10))
    await asyncio.sleep(1)
    await bot.webhook("PATCH", asked, {"content": "1"}, which="@original")

    assert (await waiting)["message"]["content"] == "1"


async def test_events_tell_a_person_what_they_may_see(
    bot: Bot, ada: Person, ben: Person, asked: dict, server: LocalDiscord
) -> None:
    url = f"{server.base}/local/events"
    async with (
        ada.session.get(url, params={"user": "ada"}) as hers,
        ada.session.get(url, params={"user": "ben"}) as his,
    ):
        await bot.respond(asked, 4, {"content": "secret", "flags": 64})
        await ben.post("say", {"content": "hello"})
        async with asyncio.timeout(5):
            seen = await _until(hers, b"hello")
            heard = await _until(his, b"hello")

    assert b"event: interaction" in seen
    assert b"secret" in seen
    assert b"secret" not in heard


async def _until(response: object, word: bytes) -> bytes:
    seen = b""
    while word not in seen:
        seen += await response.content.readany()
    return seen

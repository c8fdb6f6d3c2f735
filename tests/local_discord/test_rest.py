"""The REST API over raw HTTP: who may do what, what is refused and how."""

import struct

import pytest
from local_discord_kit import Bot, Person, png

from local_discord import permissions
from local_discord.server import LocalDiscord


def room(server: LocalDiscord, name: str) -> int:
    return next(channel.id for channel in server.world.home.channels.values() if channel.name == name)


@pytest.fixture
def messages(studio: int) -> str:
    return f"/channels/{studio}/messages"


@pytest.mark.parametrize("token", ["", "Bot wrong", "Bearer x"])
async def test_bad_token(bot: Bot, token: str) -> None:
    reply = await bot.call("GET", "/users/@me", token=token)

    assert (reply.status, reply.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_unknown_route_and_method(bot: Bot) -> None:
    assert (await bot.call("GET", "/nowhere")).body == {"message": "404: Not Found", "code": 0}
    assert (await bot.call("DELETE", "/users/@me")).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/users/@me",
        "/users/{ada}",
        "/users/@me/guilds",
        "/applications/@me",
        "/oauth2/applications/@me",
        "/gateway",
        "/gateway/bot",
        "/guilds/{guild}",
        "/guilds/{guild}?with_counts=true",
        "/guilds/{guild}/channels",
        "/guilds/{guild}/roles",
        "/guilds/{guild}/members?limit=10",
        "/guilds/{guild}/members/{ada}",
        "/channels/{studio}",
        "/applications/{app}/commands",
        "/applications/{app}/guilds/{guild}/commands",
    ],
)
async def test_reading(bot: Bot, server: LocalDiscord, path: str) -> None:
    names = {"ada": server.world.people[0].id, "guild": server.world.home.id, "studio": room(server, "studio")}
    reply = await bot.call("GET", path.format(app=server.world.application_id, **names))

    assert reply.status == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/channels/1", 10003),
        ("/guilds/1", 10004),
        ("/users/1", 10013),
        ("/channels/{studio}/messages/1", 10008),
        ("/applications/{app}/commands/1", 10063),
        ("/guilds/{guild}/members/1", 10013),
    ],
)
async def test_unknown_things(bot: Bot, server: LocalDiscord, path: str, code: int) -> None:
    names = {"guild": server.world.home.id, "studio": room(server, "studio"), "app": server.world.application_id}
    reply = await bot.call("GET", path.format(**names))

    assert (reply.status, reply.code) == (404, code)


async def test_body_that_is_no_json(bot: Bot, messages: str) -> None:
    url = f"{bot.base}/api/v10{messages}"
    headers = {"Authorization": f"Bot {bot.server.token}", "Content-Type": "application/json"}
    async with bot.session.post(url, data=b"{", headers=headers) as answer:
        assert (await answer.json())["code"] == 50109


async def test_form_errors_are_nested(bot: Bot, messages: str) -> None:
    reply = await bot.call("POST", messages, {"content": "x" * 2001, "embeds": [{"title": "t" * 257}]})

    assert (reply.status, reply.code) == (400, 50035)
    assert reply.faults("content") == ["BASE_TYPE_MAX_LENGTH"]
    assert reply.faults("embeds", 0, "title") == ["BASE_TYPE_MAX_LENGTH"]


@pytest.mark.parametrize("body", [{}, {"content": "  \n "}, {"embeds": []}])
async def test_empty_message(bot: Bot, messages: str, body: dict) -> None:
    reply = await bot.call("POST", messages, body)

    assert (reply.status, reply.code) == (400, 50006)


async def test_edit_and_delete(bot: Bot, ada: Person, messages: str) -> None:
    made = (await bot.call("POST", messages, {"content": "one"})).body
    edited = (await bot.call("PATCH", f"{messages}/{made['id']}", {"content": "two"})).body
    gone = await bot.call("DELETE", f"{messages}/{made['id']}")

    assert (edited["content"], edited["edited_timestamp"] is None) == ("two", False)
    assert gone.status == 204
    assert (await bot.call("GET", f"{messages}/{made['id']}")).code == 10008


async def test_anothers_message_cannot_be_edited_but_deleted_by_permission(
    bot: Bot, ada: Person, server: LocalDiscord, messages: str
) -> None:
    said = (await ada.post("say", {"content": "mine"})).body
    edited = await bot.call("PATCH", f"{messages}/{said['id']}", {"content": "x"})
    await ada.post("permissions", {"deny": permissions.MANAGE_MESSAGES})
    refused = await bot.call("DELETE", f"{messages}/{said['id']}")
    await ada.post("permissions", {})
    gone = await bot.call("DELETE", f"{messages}/{said['id']}")

    assert (edited.status, edited.code) == (403, 50005)
    assert (refused.status, refused.code) == (403, 50013)
    assert gone.status == 204


@pytest.mark.parametrize(
    ("denied", "files", "code"),
    [
        (permissions.VIEW_CHANNEL, False, 50001),
        (permissions.SEND_MESSAGES, False, 50013),
        (permissions.ATTACH_FILES, True, 50013),
    ],
)
async def test_what_the_bot_may_not(bot: Bot, ada: Person, messages: str, denied: int, files: bool, code: int) -> None:
    await ada.post("permissions", {"deny": denied})
    reply = await bot.call("POST", messages, {"content": "x"}, files=[("a.png", png())] if files else ())

    assert (reply.status, reply.code) == (403, code)


async def test_history_needs_its_permission(bot: Bot, ada: Person, messages: str) -> None:
    await bot.call("POST", messages, {"content": "x"})
    await ada.post("permissions", {"deny": permissions.READ_HISTORY})

    assert (await bot.call("GET", messages)).body == []


async def test_mod_room_is_for_moderators(ben: Person, mia: Person, server: LocalDiscord) -> None:
    ben.room = mia.room = "mod-room"

    assert (await ben.post("say", {"content": "x"})).status == 404
    assert (await mia.post("say", {"content": "x"})).status == 200


async def test_listing_by_place(bot: Bot, ada: Person, messages: str) -> None:
    ids = [(await ada.post("say", {"content": str(n)})).body["id"] for n in range(5)]

    async def listed(query: str) -> list[str]:
        return [item["content"] for item in (await bot.call("GET", messages + query)).body]

    assert await listed("?limit=2") == ["4", "3"]
    assert await listed(f"?before={ids[2]}") == ["1", "0"]
    assert await listed(f"?after={ids[2]}&limit=1") == ["3"]
    assert await listed(f"?around={ids[2]}&limit=3") == ["3", "2", "1"]


async def test_bulk_delete(bot: Bot, ada: Person, messages: str) -> None:
    ids = [(await ada.post("say", {"content": str(n)})).body["id"] for n in range(3)]
    one = await bot.call("POST", f"{messages}/bulk-delete", {"messages": ids[:1]})
    old = await bot.call("POST", f"{messages}/bulk-delete", {"messages": ["1", "2"]})
    done = await bot.call("POST", f"{messages}/bulk-delete", {"messages": ids[:2]})

    assert (one.code, old.code, done.status) == (50035, 50034, 204)
    assert [item["content"] for item in await ada.messages()] == ["2"]


async def test_enforced_nonce_gives_the_message_that_is_there(bot: Bot, ada: Person, messages: str) -> None:
    first = await bot.call("POST", messages, {"content": "once", "nonce": "n1", "enforce_nonce": True})
    second = await bot.call("POST", messages, {"content": "twice", "nonce": "n1", "enforce_nonce": True})
    third = await bot.call("POST", messages, {"content": "twice", "nonce": "n1"})

    assert first.body["id"] == second.body["id"] != third.body["id"]
    assert second.body["content"] == "once"


async def test_a_nonce_is_remembered_for_a_few_minutes(bot: Bot, messages: str) -> None:
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
    first = await bot.call("POST", messages, body)
    bot.server.core.world.clock.advance(600)
    late = await bot.call("POST", messages, body)

    assert first.body["id"] != late.body["id"]


async def test_closed_direct_messages_take_none(bot: Bot) -> None:
    ben = next(user for user in bot.server.core.world.people if user.name == "ben")
    opened = await bot.call("POST", "/users/@me/channels", {"recipient_id": str(ben.id)})
    ben.takes_direct = False
    refused = await bot.call("POST", f"/channels/{opened.body['id']}/messages", {"content": "hello"})

    assert (refused.status, refused.code) == (403, 50007)


async def test_reply_to_a_message(bot: Bot, ada: Person, messages: str) -> None:
    said = (await ada.post("say", {"content": "hello"})).body
    reply = await bot.call("POST", messages, {"content": "hi", "message_reference": {"message_id": said["id"]}})
    lost = {"content": "hi", "message_reference": {"message_id": "1"}}
    refused = await bot.call("POST", messages, lost)
    lost["message_reference"]["fail_if_not_exists"] = False
    alone = await bot.call("POST", messages, lost)

    assert reply.body["type"] == 19
    assert reply.body["referenced_message"]["content"] == "hello"
    assert [user["username"] for user in reply.body["mentions"]] == ["ada"]
    assert refused.faults("message_reference") == ["REPLIES_UNKNOWN_MESSAGE"]
    assert alone.body["type"] == 0


@pytest.mark.parametrize(
    ("allowed", "mentioned"),
    [(None, ["ada"]), ({"parse": []}, []), ({"parse": ["users"]}, ["ada"]), ({"users": ["1"]}, [])],
)
async def test_mentions_are_the_ones_allowed(
    bot: Bot, server: LocalDiscord, messages: str, allowed: dict | None, mentioned: list[str]
) -> None:
    content = f"@everyone <@{server.world.people[0].id}>"
    body = (await bot.call("POST", messages, {"content": content, "allowed_mentions": allowed})).body

    assert [user["username"] for user in body["mentions"]] == mentioned
    assert body["mention_everyone"] is False


async def test_everyone_needs_permission_and_leave(bot: Bot, ada: Person, messages: str) -> None:
    await ada.post("permissions", {"allow": permissions.MENTION_EVERYONE})
    loud = await bot.call("POST", messages, {"content": "@everyone"})
    quiet = await bot.call("POST", messages, {"content": "@everyone", "allowed_mentions": {"parse": []}})

    assert loud.body["mention_everyone"] is True
    assert quiet.body["mention_everyone"] is False


async def test_direct_messages(bot: Bot, ada: Person, server: LocalDiscord) -> None:
    channel = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(server.world.people[0].id)})).body
    await bot.call("POST", f"/channels/{channel['id']}/messages", {"content": "psst"})
    ada.room = "dm"

    assert [item["content"] for item in await ada.messages()] == ["psst"]


async def test_commands_are_created_changed_and_deleted(bot: Bot, server: LocalDiscord) -> None:
    base = f"/applications/{server.world.application_id}/commands"
    body = {"name": "draw", "description": "d"}
    made = await bot.call("POST", base, body)
    again = await bot.call("POST", base, {**body, "description": "e"})
    changed = await bot.call("PATCH", f"{base}/{made.body['id']}", {"name": "paint"})
    guarded = await bot.call("PATCH", f"{base}/{made.body['id']}", {"default_member_permissions": "8", "contexts": [0]})
    open_again = await bot.call("PATCH", f"{base}/{made.body['id']}", {"dm_permission": True})
    bad = await bot.call("PATCH", f"{base}/{made.body['id']}", {"name": "No"})
    put = await bot.call("PUT", base, [{"name": "paint", "description": "f"}, {"name": "Menu", "type": 3}])
    gone = await bot.call("DELETE", f"{base}/{made.body['id']}")

    assert (made.status, again.status) == (201, 200)
    assert (again.body["id"], again.body["description"]) == (made.body["id"], "e")
    assert (changed.body["name"], changed.body["description"]) == ("paint", "e")
    assert (guarded.body["name"], guarded.body["contexts"], guarded.body["dm_permission"]) == ("paint", [0], False)
    assert (open_again.body["contexts"], open_again.body["default_member_permissions"]) == (None, "8")
    assert bad.code == 50035
    assert [item["id"] for item in put.body][:1] == [made.body["id"]]
    assert gone.status == 204
    assert [item["name"] for item in (await bot.call("GET", base)).body] == ["Menu"]


async def test_another_application_is_out_of_reach(bot: Bot) -> None:
    assert (await bot.call("GET", "/applications/1/commands")).code == 50001


async def test_guild_commands_belong_to_their_guild(bot: Bot, ada: Person, server: LocalDiscord) -> None:
    other = (await ada.post("guilds", {"name": "Elsewhere", "owner": "ada"})).body
    base = f"/applications/{server.world.application_id}/guilds/{server.world.home.id}/commands"
    await bot.call("PUT", base, [{"name": "here", "description": "d"}])

    assert [item["name"] for item in await ada.get("commands")] == ["here"]
    assert await ada.get("commands", channel=other["channels"][0]["id"]) == []
    assert (await bot.event("GUILD_CREATE"))["name"] == "Elsewhere"


JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + struct.pack(">HH", 20, 30) + b"\x03" * 12
GIF = b"GIF89a" + struct.pack("<HH", 7, 8)
WEBP = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (9).to_bytes(3, "little") + (10).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("name", "data", "size", "kind"),
    [
        ("a.png", png(20000, 20000), (20000, 20000), "image/png"),
        ("a.jpg", JPEG, (30, 20), "image/jpeg"),
        ("a.gif", GIF, (7, 8), "image/gif"),
        ("a.webp", WEBP, (10, 11), "image/webp"),
        ("broken.png", b"\x89PNG\r\n\x1a\n", (None, None), "image/png"),
        ("notes.txt", b"hello", (None, None), "text/plain"),
    ],
)
async def test_pictures_are_measured_by_their_heads(
    bot: Bot, messages: str, name: str, data: bytes, size: tuple, kind: str
) -> None:
    (file,) = (await bot.call("POST", messages, {}, files=[(name, data)])).body["attachments"]

    assert (file.get("width"), file.get("height")) == size
    assert (file["content_type"], file["size"], file["filename"]) == (kind, len(data), name)


async def test_addresses_are_signed_and_expire(bot: Bot, server: LocalDiscord, messages: str) -> None:
    made = (await bot.call("POST", messages, {}, files=[("a b.png", png())])).body
    url = made["attachments"][0]["url"]

    async def status(address: str) -> int:
        async with bot.session.get(address) as answer:
            return answer.status

    assert await status(url) == 200
    assert await status(url.replace("hm=", "hm=0")) == 404
    assert await status(url.split("?")[0]) == 404
    assert await status(url.replace("a_b.png", "other.png")) == 404
    server.clock.advance(25 * 3600)
    assert await status(url) == 404
    fresh = (await bot.call("GET", f"{messages}/{made['id']}")).body["attachments"][0]["url"]
    assert await status(fresh) == 200
    await bot.call("DELETE", f"{messages}/{made['id']}")
    assert await status(fresh) == 404


async def test_edits_keep_and_remove_attachments(bot: Bot, messages: str) -> None:
    made = (await bot.call("POST", messages, {"content": "x"}, files=[("a.png", png()), ("b.png", png())])).body
    first = made["attachments"][0]["id"]
    place = f"{messages}/{made['id']}"
    kept = (await bot.call("PATCH", place, {"attachments": [{"id": first, "description": "alt"}]})).body
    added = (await bot.call("PATCH", place, {"attachments": [{"id": first}, {"id": 0}]}, files=[("c.png", png())])).body
    unknown = await bot.call("PATCH", place, {"attachments": [{"id": "5"}]})
    emptied = (await bot.call("PATCH", place, {"attachments": []})).body

    assert [(file["filename"], file["description"]) for file in kept["attachments"]] == [("a.png", "alt")]
    assert [file["filename"] for file in added["attachments"]] == ["a.png", "c.png"]
    assert unknown.faults("attachments", 0, "id") == ["ATTACHMENT_NOT_FOUND"]
    assert emptied["attachments"] == []


async def test_spoilers(bot: Bot, messages: str) -> None:
    told = {"attachments": [{"id": "1", "is_spoiler": True}]}
    body = (await bot.call("POST", messages, told, files=[("SPOILER_a.png", png()), ("b.png", png())])).body

    assert [file["flags"] for file in body["attachments"]] == [8, 8]


async def test_gallery_must_point_to_a_file(bot: Bot, messages: str) -> None:
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}
    lost = await bot.call("POST", messages, {"flags": 1 << 15, "components": [gallery]})
    found = await bot.call("POST", messages, {"flags": 1 << 15, "components": [gallery]}, files=[("a.png", png())])

    assert lost.faults("components") == ["UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"]
    assert found.body["components"][0]["items"][0]["media"]["width"] == 32


async def test_version_2_cannot_be_left(bot: Bot, messages: str) -> None:
    made = (await bot.call("POST", messages, {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]})).body
    place = f"{messages}/{made['id']}"
    refused = await bot.call("PATCH", place, {"content": "old"})
    changed = await bot.call("PATCH", place, {"flags": 0, "components": [{"type": 10, "content": "y"}]})
    plain = (await bot.call("POST", messages, {"content": "old"})).body
    mixed = await bot.call(
        "PATCH", f"{messages}/{plain['id']}", {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}
    )

    assert refused.faults("content") == ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]
    assert changed.body["flags"] == 1 << 15
    assert mixed.faults("content") == ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]


@pytest.mark.parametrize("files", [[11], [9, 9, 9]])
async def test_too_large_an_upload(bot: Bot, server: LocalDiscord, messages: str, files: list[int]) -> None:
    bot.base = server.base
    reply = await bot.call(
        "POST", messages, {}, files=[(f"{n}.bin", bytes(size << 20)) for n, size in enumerate(files)]
    )

    assert (reply.status, reply.code) == (413, 40005)


async def test_version_9_answers_too(bot: Bot, server: LocalDiscord) -> None:
    headers = {"Authorization": f"Bot {server.token}"}
    async with bot.session.get(f"{server.base}/api/v9/users/@me", headers=headers) as answer:
        assert answer.status == 200
    async with bot.session.get(f"{server.base}/api/v5/users/@me", headers=headers) as answer:
        assert answer.status == 404

"""The real discord.py client over the server: every kind of interaction, there and back."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import discord
import pytest
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from local_discord_kit import Person, png
from local_discord_watching import Watch

from local_discord.server import LocalDiscord


class Buttons(ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Again", custom_id="again")
    async def again(self, interaction: discord.Interaction, button: ui.Button) -> None:
        await interaction.response.edit_message(content="pressed")

    @ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, button: ui.Button) -> None:
        await interaction.response.defer()
        await interaction.followup.send("a follow-up", ephemeral=True)

    @ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, button: ui.Button) -> None:
        await interaction.response.send_modal(Remix())

    @ui.select(custom_id="tone", options=[discord.SelectOption(label=tone) for tone in ("jade", "azure")])
    async def tone(self, interaction: discord.Interaction, select: ui.Select) -> None:
        await interaction.response.send_message(f"tone {select.values[0]}")

    @ui.select(cls=ui.UserSelect, custom_id="who")
    async def who(self, interaction: discord.Interaction, select: ui.UserSelect) -> None:
        await interaction.response.send_message(f"who {select.values[0].name}")


class Remix(ui.Modal, title="Remix"):
    prompt = ui.TextInput(label="Prompt", custom_id="prompt", default="a lamp")
    tone = ui.Label(
        text="Tone", component=ui.Select(custom_id="tone", options=[discord.SelectOption(label="jade", default=True)])
    )
    picture = ui.Label(text="Picture", component=ui.FileUpload(custom_id="picture", required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        files = [file.filename for file in self.picture.component.values]
        await interaction.response.send_message(f"{self.prompt.value} {self.tone.component.values} {files}")


class Gallery(ui.LayoutView):
    def __init__(self, name: str) -> None:
        super().__init__(timeout=None)
        pictures = ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{name}", description="alt", spoiler=True))
        row = ui.ActionRow(ui.Button(label="Again", custom_id="again-2"))
        self.add_item(ui.Container(ui.TextDisplay("# Done"), pictures, ui.Separator(), row))
        self.add_item(ui.Section(ui.TextDisplay("aside"), accessory=ui.Thumbnail(f"attachment://{name}")))
        self.add_item(ui.File(f"attachment://{name}"))


def commands(tree: app_commands.CommandTree) -> None:
    @tree.command(description="draw")
    @app_commands.describe(prompt="what", seed="the seed")
    async def imagine(
        interaction: discord.Interaction, prompt: str, seed: app_commands.Range[int, 0, 100] | None = None
    ) -> None:
        await interaction.response.defer(thinking=True)
        file = discord.File(io.BytesIO(png()), "circle.png", description=prompt[:1024])
        await interaction.edit_original_response(content=f"seed {seed}", attachments=[file], view=Buttons())
        await interaction.followup.send("and a follow-up", file=discord.File(io.BytesIO(b"words"), "words.txt"))

    @imagine.autocomplete("seed")
    async def seeds(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[int]]:
        return [app_commands.Choice(name=f"seed {current}{digit}", value=digit) for digit in range(3)]

    @tree.command(description="measure", nsfw=True)
    async def measure(interaction: discord.Interaction, picture: discord.Attachment, who: discord.Member) -> None:
        size = f"{picture.width}x{picture.height} {len(await picture.read())} {who.name}"
        await interaction.response.send_message(size, ephemeral=True)

    @tree.command(description="a gallery")
    async def gallery(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        file = discord.File(io.BytesIO(png(64, 64)), "g.png")
        await interaction.edit_original_response(view=Gallery("g.png"), attachments=[file])

    @tree.context_menu(name="Details")
    async def details(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"of {message.content}", ephemeral=True)

    @tree.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
        embed = discord.Embed(title=member.name).set_image(url="attachment://g.png").add_field(name="a", value="b")
        await interaction.response.send_message(embed=embed, file=discord.File(io.BytesIO(png()), "g.png"))

    group = app_commands.Group(
        name="look", description="look", default_permissions=discord.Permissions(manage_guild=True)
    )

    @group.command(description="at one")
    async def one(interaction: discord.Interaction, number: float = 1.0) -> None:
        await interaction.response.send_message(f"one {number}")

    tree.add_command(group)


@dataclass
class Studio:
    client: discord.Client
    tree: app_commands.CommandTree
    ada: Person


@pytest.fixture
async def studio_bot(
    server: LocalDiscord, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[discord.Client]:
    discord.http._set_api_version(10)
    monkeypatch.setattr(discord.http.Route, "BASE", f"{watch.base}/api/v10")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.core.gateway_url))
    client = discord.Client(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
    tree = app_commands.CommandTree(client)
    commands(tree)
    ready = asyncio.Event()
    client._connection.guild_ready_timeout = 0.1

    @client.event
    async def on_ready() -> None:
        ready.set()

    async with client:
        await client.login(server.token)
        running = asyncio.create_task(client.connect())
        await asyncio.wait_for(ready.wait(), 10)
        await tree.sync()
        client.add_view(Buttons())
        yield client
        await client.close()
        await running


@pytest.fixture
async def ada(studio_bot: discord.Client, server: LocalDiscord) -> AsyncIterator[Person]:
    async with discord.http.aiohttp.ClientSession() as session:
        yield Person(session, server.base)


async def drawn(ada: Person) -> dict:
    return (await ada.outcome(await ada.run("/imagine a circle seed:7")))["message"]


async def test_deferral_edit_picture_and_follow_up(ada: Person) -> None:
    message = await drawn(ada)
    await asyncio.sleep(0.2)
    second = (await ada.messages())[-1]

    assert message["content"] == "seed 7"
    assert message["attachments"][0]["description"] == "a circle"
    assert second["attachments"][0]["content_type"] == "text/plain"
    async with ada.session.get(message["attachments"][0]["url"]) as answer:
        assert await answer.read() == png()


async def test_autocomplete(ada: Person) -> None:
    told = {"command": "imagine", "options": {"prompt": "x", "seed": "4"}, "focused": "seed"}
    reply = await ada.post("autocomplete", told)

    assert reply.body["choices"][0] == {"name": "seed 40", "value": 0}


async def test_button_updates_its_message(ada: Person) -> None:
    message = await drawn(ada)
    reply = await ada.post("press", {"message": message["id"], "custom_id": "again"})
    outcome = await ada.outcome(reply.body["interaction"])

    assert outcome["state"] == "updated"
    assert outcome["message"]["content"] == "pressed"
    assert outcome["message"]["id"] == message["id"]


async def test_silent_deferral_with_a_follow_up(ada: Person) -> None:
    message = await drawn(ada)
    reply = await ada.post("press", {"message": message["id"], "custom_id": "later"})
    await asyncio.sleep(0.3)
    outcome = await ada.outcome(reply.body["interaction"])

    assert outcome["state"] == "answered"
    assert (outcome["message"]["content"], outcome["message"]["ephemeral"]) == ("a follow-up", True)


@pytest.mark.parametrize(("menu", "value", "said"), [("tone", "jade", "tone jade"), ("who", "ben", "who ben")])
async def test_selects(ada: Person, menu: str, value: str, said: str) -> None:
    message = await drawn(ada)
    reply = await ada.post("select", {"message": message["id"], "custom_id": menu, "values": [value]})

    assert (await ada.outcome(reply.body["interaction"]))["message"]["content"] == said


async def test_modal_with_text_select_and_file(ada: Person) -> None:
    message = await drawn(ada)
    opened = await ada.post("press", {"message": message["id"], "custom_id": "form"})
    modal = await ada.outcome(opened.body["interaction"])
    told = {"interaction": opened.body["interaction"], "fields": {"prompt": "a chair"}}
    sent = await ada.post("submit", told, files=[("a.png", png())])
    outcome = await ada.outcome(sent.body["interaction"])

    assert (modal["state"], modal["modal"]["title"]) == ("modal", "Remix")
    assert outcome["message"]["content"] == "a chair ['jade'] ['a.png']"


async def test_modal_keeps_what_it_filled_in(ada: Person) -> None:
    message = await drawn(ada)
    opened = await ada.post("press", {"message": message["id"], "custom_id": "form"})
    await ada.outcome(opened.body["interaction"])
    sent = await ada.post("submit", {"interaction": opened.body["interaction"], "fields": {}})

    assert (await ada.outcome(sent.body["interaction"]))["message"]["content"] == "a lamp ['jade'] []"


async def test_attachment_and_member_options_in_an_age_restricted_channel(ada: Person) -> None:
    ada.room = "after-dark"
    outcome = await ada.outcome(await ada.run("/measure who:ben", files=[("p.png", png(5, 6))]))

    assert outcome["message"]["content"] == "5x6 24 ben"
    assert outcome["message"]["ephemeral"] is True


async def test_layout_view_with_media(ada: Person) -> None:
    message = (await ada.outcome(await ada.run("/gallery")))["message"]
    container, section, file = message["components"]

    (item,) = container["components"][1]["items"]
    assert (item["media"]["width"], item["description"], item["spoiler"]) == (64, "alt", True)
    assert section["accessory"]["media"]["url"].startswith("http")
    assert file["name"] == "g.png"
    assert message["attachments"] == []


async def test_message_context_menu(ada: Person) -> None:
    message = await drawn(ada)
    reply = await ada.post("run", {"command": "Details", "target": message["id"]})

    assert (await ada.outcome(reply.body["interaction"]))["message"]["content"] == "of seed 7"


async def test_user_context_menu_with_an_embed(ada: Person) -> None:
    reply = await ada.post("run", {"command": "Greet", "target": "ben"})
    message = (await ada.outcome(reply.body["interaction"]))["message"]

    assert message["embeds"][0]["title"] == "ben"
    assert message["embeds"][0]["image"]["width"] == 32
    assert message["attachments"] == []
    assert message["type"] == 23


async def test_subcommands_are_for_those_who_may(ada: Person) -> None:
    refused = await ada.post("run", {"text": "/look one number:2.5"})
    ada.name = "mia"
    outcome = await ada.outcome(await ada.run("/look one number:2.5"))

    assert (refused.status, refused.body["error"]) == (404, "There is no command “/look” here.")
    assert outcome["message"]["content"] == "one 2.5"


async def test_direct_messages(ada: Person, studio_bot: discord.Client, server: LocalDiscord) -> None:
    user = await studio_bot.fetch_user(server.world.people[0].id)
    sent = await user.send("hello", file=discord.File(io.BytesIO(b"x"), "SPOILER_x.txt"))
    await sent.edit(content="changed")
    ada.room = "dm"
    (message,) = await ada.messages()
    outcome = await ada.outcome(await ada.run("/imagine x"))

    assert message["content"] == "changed"
    assert message["attachments"][0]["flags"] == 8
    assert outcome["message"]["content"] == "seed None"


async def test_channel_messages(ada: Person, studio_bot: discord.Client, studio: int) -> None:
    channel = await studio_bot.fetch_channel(studio)
    async with channel.typing():
        sent = await channel.send("@everyone <@1>", nonce="n1")
    answer = await sent.reply("answer")
    read = [message.content async for message in channel.history(limit=10)]
    await channel.delete_messages([sent, answer])

    assert read == ["answer", "@everyone <@1>"]
    assert not sent.mention_everyone
    assert await ada.messages() == []

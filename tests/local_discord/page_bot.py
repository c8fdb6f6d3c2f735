"""A small real discord.py bot whose commands use, one by one, what the chat page must be able to show."""

import asyncio
from io import BytesIO
from typing import Any

import discord
from discord import app_commands, ui
from PIL import Image

TONES = ("amber", "azure", "crimson", "jade")


def picture(tone: str) -> BytesIO:
    """A small PNG in one colour."""
    colours = {"amber": "#e2a03d", "azure": "#3d8fe2", "crimson": "#b3243c", "jade": "#2f9e6e"}
    buffer = BytesIO()
    Image.new("RGB", (64, 64), colours[tone]).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def picture_file(tone: str, *, spoiler: bool = False) -> discord.File:
    """The picture with its alt text."""
    return discord.File(picture(tone), f"{tone}.png", description=f"a field of {tone}", spoiler=spoiler)


class Again(ui.View):
    """A button, a disabled one, a link and a select menu."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Button(label="Licence", url="https://example.org/licence"))
        self.add_item(ui.Button(label="Not yet", disabled=True, custom_id="not-yet"))

    @ui.button(label="Again", style=discord.ButtonStyle.primary, custom_id="again")
    async def again(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.send_message(f"Again for {interaction.user.name}")

    @ui.button(label="Ask", style=discord.ButtonStyle.secondary, custom_id="ask")
    async def ask(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Remix())

    @ui.select(
        placeholder="Which tone?",
        custom_id="tone",
        options=[discord.SelectOption(label=t.title(), value=t) for t in TONES],
    )
    async def tone(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"The tone is {select.values[0]}")


class Remix(ui.Modal, title="Remix"):
    """A modal with every kind of field."""

    subject = ui.Label(text="Subject", component=ui.TextInput(default="a lamp", min_length=3))
    tone: ui.Label[Any] = ui.Label(
        text="Tone", component=ui.Select(options=[discord.SelectOption(label=t.title(), value=t) for t in TONES])
    )
    size: ui.Label[Any] = ui.Label(
        text="Size",
        component=ui.RadioGroup(
            options=[discord.RadioGroupOption(label="Small"), discord.RadioGroupOption(label="Large")]
        ),
    )
    source: ui.Label[Any] = ui.Label(text="Source", component=ui.FileUpload(required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        items: list[Any] = [self.subject.component, self.tone.component, self.size.component, self.source.component]
        subject, tone, size, source = items
        names = ", ".join(file.filename for file in source.values)
        await interaction.response.send_message(
            f"Remixed {subject.value} in {tone.values[0]}, {size.value}, from {names or 'nothing'}"
        )


class Note(ui.Modal, title="Note"):
    """A modal of the older form, which answers with what was written."""

    words: ui.TextInput[Any] = ui.TextInput(label="Words", style=discord.TextStyle.paragraph, max_length=20)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Noted: {self.words.value}")


class Pickers(ui.View):
    """Select menus for a person, a channel, and several words at once."""

    @ui.select(cls=ui.UserSelect, placeholder="Who?")
    async def who(self, interaction: discord.Interaction, select: ui.UserSelect[Any]) -> None:
        await interaction.response.send_message(f"Chose {select.values[0].name}")

    @ui.select(cls=ui.ChannelSelect, placeholder="Where?")
    async def where(self, interaction: discord.Interaction, select: ui.ChannelSelect[Any]) -> None:
        await interaction.response.send_message(f"Chose {select.values[0].name}")

    @ui.select(
        placeholder="Which?", min_values=2, max_values=3, options=[discord.SelectOption(label=t.title()) for t in TONES]
    )
    async def which(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        await interaction.response.send_message(f"Chose {' and '.join(select.values)}")


class Panel(ui.LayoutView):
    """The newer components."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        gallery = ui.MediaGallery[Any]()
        gallery.add_item(media="attachment://amber.png", description="the amber one")
        gallery.add_item(media="attachment://azure.png", description="the azure one", spoiler=True)
        button = ui.Button[Any](label="Touch", custom_id="touch")
        button.callback = self.touch  # type: ignore[method-assign]
        self.add_item(
            ui.Container(
                ui.TextDisplay("## A panel\nwith **two** pictures"),
                gallery,
                ui.Separator(),
                ui.Section("A section", accessory=ui.Thumbnail("attachment://jade.png", description="the jade one")),
                ui.File("attachment://notes.txt"),
                ui.ActionRow(button),
                accent_colour=0xE2A03D,
            )
        )

    async def touch(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Touched", ephemeral=True)


class PageBot(discord.Client):
    """Registers the commands for the page's tests when it is ready."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)
        self.synced = asyncio.Event()
        self.pondered = asyncio.Event()
        for command in (paint, whisper, panel, show, silence, form, ponder, note, card, pickers, give, echo, greet):
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        self.add_view(Again())
        self.add_view(Panel())
        await self.tree.sync()
        self.synced.set()


@app_commands.command(description="Paint a field of colour")
@app_commands.describe(subject="What to paint", tone="Which colour", count="How many", hidden="Behind a cover")
@app_commands.choices(hidden=[app_commands.Choice(name="behind a cover", value=1)])
async def paint(
    interaction: discord.Interaction,
    subject: str,
    tone: str = "amber",
    count: app_commands.Range[int, 1, 4] = 1,
    hidden: int = 0,
) -> None:
    await interaction.response.defer(thinking=True)
    tones = [tone, *(other for other in TONES if other != tone)][:count]
    files = [picture_file(each, spoiler=bool(hidden)) for each in tones]
    await interaction.edit_original_response(
        content=f"Painted **{subject}** in {tone}", attachments=files, view=Again()
    )


@paint.autocomplete("tone")
async def tones(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=tone.title(), value=tone) for tone in TONES if tone.startswith(typed.lower())]


@app_commands.command(description="Say something to you alone")
async def whisper(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("For your ears, ||well kept||", ephemeral=True)


@app_commands.command(description="Show a panel of newer components")
async def panel(interaction: discord.Interaction) -> None:
    files = [discord.File(picture(tone), f"{tone}.png") for tone in ("amber", "azure", "jade")]
    files.append(discord.File(BytesIO(b"notes"), "notes.txt"))
    await interaction.response.send_message(view=Panel(), files=files)


@app_commands.command(description="Show a file again")
@app_commands.describe(file="The file to show")
async def show(interaction: discord.Interaction, file: discord.Attachment) -> None:
    again = await file.to_file(description="what was sent")
    await interaction.response.send_message(f"You sent {file.filename}", file=again)


@app_commands.command(description="Answer nothing at all")
async def silence(interaction: discord.Interaction) -> None:
    """Never acknowledges, so that the page must say that nothing came."""


@app_commands.command(description="Ask with a form")
async def form(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Remix())


@app_commands.command(description="Think until told to stop")
async def ponder(interaction: discord.Interaction[PageBot]) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.client.pondered.wait()
    await interaction.edit_original_response(content="Pondered")


@app_commands.command(description="Take a note")
async def note(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Note())


@app_commands.command(description="Show an embed")
async def card(interaction: discord.Interaction) -> None:
    embed = discord.Embed(title="A card", description="with **fields**", url="https://example.org/", colour=0x2F9E6E)
    embed.add_field(name="Seed", value="7").set_footer(text="page 1 of 3").set_image(url="attachment://jade.png")
    await interaction.response.send_message(embed=embed, file=picture_file("jade"))


@app_commands.command(description="Show select menus")
async def pickers(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Pick", view=Pickers())


@app_commands.command(description="Take options of the rarer types")
@app_commands.describe(to="To whom", where="In which channel", share="How much", loud="Whether loudly")
async def give(
    interaction: discord.Interaction, to: discord.Member, where: discord.TextChannel, share: float, loud: bool
) -> None:
    await interaction.response.send_message(f"{share} to {to.name} in {where.name}, {'loud' if loud else 'quiet'}")


@app_commands.context_menu(name="Echo")
async def echo(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"Echo: {message.content}")


@app_commands.context_menu(name="Greet")
async def greet(interaction: discord.Interaction, user: discord.User) -> None:
    await interaction.response.send_message(f"Hello {user.mention}")

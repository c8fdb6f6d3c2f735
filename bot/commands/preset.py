"""/preset: styles that people keep for themselves, and moderators for their server."""

from typing import Any

from discord import app_commands
from discord.app_commands import Range

from bot.commands.options import suggest_models, suggest_samplers
from bot.commands.prompts import suggest_aspects, suggest_kept, suggest_presets
from bot.interaction import Interaction, caller_of, locale_of, think
from bot.preset_lines import preset_text, presets_text
from bot.setting_lines import read_setting
from bot.styles import tidy
from bot.translator import words
from bot.tree import whisper
from config.words import say
from db.presets import Preset
from inference.request import GUIDANCE, STEPS

preset = app_commands.Group(name="preset", description=words("commands.preset"))


@preset.command(description=words("commands.preset_save"))
@app_commands.describe(
    name=words("commands.preset_name"),
    prompt=words("commands.preset_prompt"),
    negative_prompt=words("commands.preset_negative_prompt"),
    model=words("commands.imagine_model"),
    sampler=words("commands.imagine_sampler"),
    steps=words("commands.imagine_steps"),
    guidance=words("commands.imagine_guidance"),
    aspect=words("commands.imagine_aspect"),
    server=words("commands.preset_server"),
)
@app_commands.autocomplete(model=suggest_models, sampler=suggest_samplers, aspect=suggest_aspects, name=suggest_kept)
async def save(
    interaction: Interaction,
    name: str,
    prompt: str = "",
    negative_prompt: str = "",
    model: str | None = None,
    sampler: str | None = None,
    steps: Range[int, STEPS[0], STEPS[1]] | None = None,
    guidance: Range[float, GUIDANCE[0], GUIDANCE[1]] | None = None,
    aspect: str | None = None,
    server: bool = False,
) -> None:
    """Keep a preset, instead of the one of that name."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    given = {"model": model, "sampler": sampler, "aspect": aspect}
    settings: dict[str, Any] = {"steps": steps, "guidance": guidance}
    for setting, text in given.items():
        settings |= {} if text is None else read_setting(setting, text)
    studio.catalogue.choose(model)
    settings = {setting: value for setting, value in settings.items() if value is not None}
    kept = Preset(name=tidy(name), template=prompt.strip(), negative_prompt=negative_prompt.strip(), settings=settings)
    await studio.styles.save(caller, kept, for_guild=server)
    await whisper(interaction, preset_text(kept, caller.locale))


@preset.command(name="list", description=words("commands.preset_list"))
async def show_all(interaction: Interaction) -> None:
    """Show the presets that can be used here."""
    await think(interaction, ephemeral=True)
    locale = locale_of(interaction)
    await whisper(interaction, presets_text(await interaction.client.studio.styles.all(caller_of(interaction)), locale))


@preset.command(description=words("commands.preset_show"))
@app_commands.describe(name=words("commands.preset_name"))
@app_commands.autocomplete(name=suggest_presets)
async def show(interaction: Interaction, name: str) -> None:
    """Show all that a preset says."""
    await think(interaction, ephemeral=True)
    found = await interaction.client.studio.styles.find(caller_of(interaction), name)
    await whisper(interaction, preset_text(found, locale_of(interaction)))


@preset.command(description=words("commands.preset_delete"))
@app_commands.describe(name=words("commands.preset_name"), server=words("commands.preset_server"))
@app_commands.autocomplete(name=suggest_kept)
async def delete(interaction: Interaction, name: str, server: bool = False) -> None:
    """Forget a preset."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.styles.delete(caller_of(interaction), name, for_guild=server)
    await whisper(interaction, say("bot.preset_deleted", locale=locale_of(interaction), name=tidy(name)))

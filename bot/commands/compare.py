"""/compare: one prompt over the values of settings."""

from discord import app_commands
from discord.app_commands import Choice, Range

from bot.axes import SETTINGS, Axis, read_axis
from bot.commands.options import suggest_models, suggest_samplers
from bot.commands.prompts import suggest_aspects
from bot.interaction import Interaction
from bot.setting_lines import read_sampler
from bot.translator import words
from bot.wishes import Wish
from config.words import UserError
from inference.request import GUIDANCE, SEEDS, STEPS

CHOICES = [Choice(name=setting, value=setting) for setting in SETTINGS]


@app_commands.command(description=words("commands.compare"))
@app_commands.describe(
    prompt=words("commands.imagine_prompt"),
    columns=words("commands.compare_columns"),
    column_values=words("commands.compare_column_values"),
    rows=words("commands.compare_rows"),
    row_values=words("commands.compare_row_values"),
    negative_prompt=words("commands.imagine_negative_prompt"),
    seed=words("commands.imagine_seed"),
    steps=words("commands.imagine_steps"),
    guidance=words("commands.imagine_guidance"),
    aspect=words("commands.imagine_aspect"),
    sampler=words("commands.imagine_sampler"),
    model=words("commands.imagine_model"),
)
@app_commands.autocomplete(aspect=suggest_aspects, sampler=suggest_samplers, model=suggest_models)
@app_commands.choices(columns=CHOICES, rows=CHOICES)
async def compare(
    interaction: Interaction,
    prompt: str,
    columns: str,
    column_values: str,
    rows: str | None = None,
    row_values: str | None = None,
    negative_prompt: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    steps: Range[int, STEPS[0], STEPS[1]] | None = None,
    guidance: Range[float, GUIDANCE[0], GUIDANCE[1]] | None = None,
    aspect: str | None = None,
    sampler: str | None = None,
    model: str | None = None,
) -> None:
    """Draw one prompt over the values of one setting or two."""
    across, down = read_axis(columns, column_values), _rows(rows, row_values)
    wish = Wish(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        steps=steps,
        guidance=guidance,
        aspect=aspect,
        sampler=None if sampler is None else read_sampler(sampler),
        checkpoint=model,
    )
    comparing = interaction.client.studio.comparing
    await interaction.client.making.make(interaction, lambda caller: comparing.compare(caller, wish, across, down))


def _rows(setting: str | None, values: str | None) -> Axis | None:
    """Return what differs from top to bottom, if anything does. Raises UserError where only half of it is said."""
    if setting is None and values is None:
        return None
    if setting is None or values is None:
        raise UserError("bot.compare_needs_values", setting=setting or "rows")
    return read_axis(setting, values)

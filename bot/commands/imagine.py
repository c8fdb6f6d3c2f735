"""/imagine: pictures from words."""

from discord import app_commands
from discord.app_commands import Range

from bot.commands.options import suggest_models, suggest_samplers
from bot.commands.prompts import suggest_adapters, suggest_aspects, suggest_presets
from bot.interaction import Interaction
from bot.setting_lines import read_sampler
from bot.translator import words
from bot.wishes import Wish
from inference.request import COUNT, GUIDANCE, SEEDS, SIDE, STEPS


@app_commands.command(description=words("commands.imagine"))
@app_commands.describe(
    prompt=words("commands.imagine_prompt"),
    negative_prompt=words("commands.imagine_negative_prompt"),
    seed=words("commands.imagine_seed"),
    steps=words("commands.imagine_steps"),
    guidance=words("commands.imagine_guidance"),
    width=words("commands.imagine_width"),
    height=words("commands.imagine_height"),
    aspect=words("commands.imagine_aspect"),
    sampler=words("commands.imagine_sampler"),
    model=words("commands.imagine_model"),
    count=words("commands.imagine_count"),
    preset=words("commands.imagine_preset"),
    adapters=words("commands.imagine_adapters"),
)
@app_commands.autocomplete(
    aspect=suggest_aspects,
    sampler=suggest_samplers,
    model=suggest_models,
    preset=suggest_presets,
    adapters=suggest_adapters,
)
async def imagine(
    interaction: Interaction,
    prompt: str,
    negative_prompt: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    steps: Range[int, STEPS[0], STEPS[1]] | None = None,
    guidance: Range[float, GUIDANCE[0], GUIDANCE[1]] | None = None,
    width: Range[int, SIDE[0], SIDE[1]] | None = None,
    height: Range[int, SIDE[0], SIDE[1]] | None = None,
    aspect: str | None = None,
    sampler: str | None = None,
    model: str | None = None,
    count: Range[int, COUNT[0], COUNT[1]] | None = None,
    preset: str | None = None,
    adapters: str | None = None,
) -> None:
    """Draw pictures from words."""
    wish = Wish(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        steps=steps,
        guidance=guidance,
        width=width,
        height=height,
        aspect=aspect,
        sampler=None if sampler is None else read_sampler(sampler),
        checkpoint=model,
        count=count,
        preset=preset,
        adapters=adapters,
    )
    studio = interaction.client.studio
    await interaction.client.making.make(interaction, lambda caller: studio.drawing.imagine(caller, wish))

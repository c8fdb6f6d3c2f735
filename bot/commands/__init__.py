"""The commands: every one of them is listed here, and which depend on what is there."""

from typing import Any, TypeAlias

from discord.app_commands import Command, ContextMenu, Group

from bot.commands import (
    about,
    appeal,
    change,
    compare,
    describe,
    enlarge,
    imagine,
    inpaint,
    keeping,
    menus,
    moderation,
    past,
    preset,
    privacy,
    queue,
    redraw,
    settings,
    status,
    verify,
)
from bot.studio import Studio

AnyCommand: TypeAlias = Command[Any, ..., Any] | ContextMenu | Group

COMMANDS: tuple[AnyCommand, ...] = (
    imagine.imagine,
    preset.preset,
    settings.settings,
    change.vary,
    change.upscale,
    inpaint.inpaint_command,
    compare.compare,
    redraw.outpaint,
    redraw.blend,
    past.history,
    past.show,
    past.remix,
    past.reproduce,
    keeping.lineage,
    keeping.sharing,
    verify.verify,
    queue.queue,
    queue.cancel,
    appeal.appeal,
    appeal.report,
    privacy.privacy,
    moderation.moderation,
    status.status,
    about.license,
    about.help,
    menus.source,
    menus.upscale,
    menus.details,
    appeal.report_menu,
    verify.verify_menu,
)


def commands_for(studio: Studio) -> list[AnyCommand]:
    """Return the commands for what this studio has: /describe with a captioner, methods of /upscale with upscalers."""
    commands: list[AnyCommand] = [
        enlarge.upscale if studio.catalogue.upscalers and each is change.upscale else each for each in COMMANDS
    ]
    return commands if studio.describing is None else [*commands, describe.describe]

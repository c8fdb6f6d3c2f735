"""The bot of discordjs.mjs on hikari: python hikari_bot.py REST TOKEN."""

import json
import sys
from typing import Any

import hikari

rest, token = sys.argv[1:]
bot = hikari.GatewayBot(token, rest_url=rest, intents=hikari.Intents.GUILDS, banner=None, logs="ERROR")


def tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


@bot.listen()
async def register(event: hikari.StartedEvent) -> None:
    what = hikari.CommandOption(
        type=hikari.OptionType.STRING, name="what", description="What to draw", is_required=True, autocomplete=True
    )
    count = hikari.CommandOption(
        type=hikari.OptionType.INTEGER, name="count", description="How many", min_value=1, max_value=4
    )
    draw = bot.rest.slash_command_builder("draw", "Draw something").add_option(what).add_option(count)
    application = await bot.rest.fetch_application()
    await bot.rest.set_application_commands(application, [draw])
    guilds = [guild.name for guild in bot.cache.get_guilds_view().values()]
    me = bot.get_me()
    tell(ready=me and me.username, guilds=guilds)


@bot.listen()
async def resumed(event: hikari.ShardResumedEvent) -> None:
    tell(resumed=True)


@bot.listen()
async def failed(event: hikari.ExceptionEvent[Any]) -> None:
    tell(error=repr(event.exception))


@bot.listen()
async def answer(event: hikari.InteractionCreateEvent) -> None:
    match event.interaction:
        case hikari.AutocompleteInteraction() as asked:
            typed = asked.options[0].value
            await asked.create_response([hikari.impl.AutocompleteChoiceBuilder(f"{typed} cat", "cat")])
        case hikari.CommandInteraction() as command:
            await command.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
            await draw(command, str((command.options or [])[0].value))
        case hikari.ComponentInteraction(custom_id="again") as pressed:
            update = hikari.ResponseType.MESSAGE_UPDATE
            await pressed.create_initial_response(update, "again", components=[])
        case hikari.ComponentInteraction(custom_id="remix") as pressed:
            row = bot.rest.build_modal_action_row()
            row.add_text_input("prompt", "Prompt", style=hikari.TextInputStyle.PARAGRAPH)
            await pressed.create_modal_response("Remix", "remix", component=row)
        case hikari.ComponentInteraction() as picked:
            await picked.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
            await picked.execute(f"picked {picked.values[0]}", flags=hikari.MessageFlag.EPHEMERAL)
        case hikari.ModalInteraction() as modal:
            written = modal.components[0].components[0].value
            await modal.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, f"wrote {written}")


async def draw(command: hikari.CommandInteraction, what: str) -> None:
    buttons = bot.rest.build_message_action_row()
    buttons.add_interactive_button(hikari.ButtonStyle.PRIMARY, "again", label="Again")
    buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "remix", label="Remix")
    sizes = bot.rest.build_message_action_row()
    sizes.add_text_menu("size").add_option("Small", "s").add_option("Large", "l")
    file = hikari.Bytes(what.encode(), "picture.txt")
    message = await command.edit_initial_response(f"drew {what}", attachment=file, components=[buttons, sizes])
    tell(answered=str(message.id), attachments=[attached.filename for attached in message.attachments])


bot.run(check_for_updates=False, asyncio_debug=False)

"""The command line. What it needs is imported late: the processes beside the bot import this module, too."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config.logs import LogStyle, set_up, style_here
from config.settings import ConfigError, Settings, load_settings

LOCK_SECONDS = 300.0  # how long a trial waits for another one on the same data

log = logging.getLogger("run_bot")


async def serve(settings: Settings) -> int:
    """Run the bot until a signal comes."""
    from bot.house import open_house, running
    from bot.login import chosen_login
    from config.data_lock import data_lock
    from observing.server import open_observing
    from observing.watchdog import signs_of_life

    stop, starting = asyncio.Event(), asyncio.current_task()
    assert starting is not None
    at_a_signal(starting.cancel)  # it may stand by for days before it serves
    with suppress(asyncio.CancelledError):
        async with (
            signs_of_life(),
            open_observing(settings.observing) as observing,
            data_lock(settings.data),
            chosen_login(settings) as login,
            open_house(settings) as house,
            running(house, login),
        ):
            at_a_signal(stop.set)
            if observing is not None:
                observing.watch(house.metrics.registry, house.overview.look)
            if await first_of(house.client.wait_until_ready(), stop.wait()) == 0:
                print(f"Ready. {f'Chat with it at {login.page}' if login.page else 'It is on Discord.'}", flush=True)
                await stop.wait()
            print("Stopping: what runs may end, the rest waits for the next start.", flush=True)
    return 0


def at_a_signal(act: Callable[[], object]) -> None:
    """Do this, and no longer what was said before, when somebody wants the process to end."""
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, act)


async def first_of(*waits: Coroutine[Any, Any, Any]) -> int:
    """Wait for the first of several things, and return which it was."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(index for index, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()


async def try_commands(settings: Settings, commands: list[str], user: str, out: Path, as_json: bool) -> int:
    """Run slash commands through everything, as one person would, and show what comes."""
    import aiohttp

    from bot.house import open_house, running
    from bot.login import local_server
    from bot.trial import Trial, TrialFailed
    from config.data_lock import data_lock

    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    async with data_lock(settings.data, patience=LOCK_SECONDS), local_server() as login, open_house(settings) as house:
        assert login.page is not None
        async with running(house, login), aiohttp.ClientSession() as session:
            await house.client.wait_until_ready()
            trial = Trial(session, login.page, user, house.history, out)
            try:
                async for reply in trial.run(commands):
                    print(reply.as_json() if as_json else reply.as_text(), flush=True)
            except TrialFailed as failure:
                print(json.dumps({"error": str(failure)}) if as_json else failure, flush=True)
                return 1
    return 0


async def rebuild(settings: Settings, excerpt: Path, given: Path | None, out: Path) -> int:
    """Draw the pictures of an export of /history again, and say of each whether it came out the same."""
    from bot.rebuilding import Outcome
    from bot.workshop import open_rebuilder
    from config.words import UserError
    from jobs.excerpt import Excerpt

    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    outcomes = []
    try:
        told = Excerpt.from_json(await asyncio.to_thread(excerpt.read_bytes))
        async with open_rebuilder(settings, out) as rebuilder:
            async for redrawn in rebuilder.run(told, given):
                outcomes.append(redrawn.outcome)
                print(f"{redrawn.outcome:<10} {redrawn.id} {redrawn.note}".rstrip(), flush=True)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    same = outcomes.count(Outcome.IDENTICAL)
    print(f"{same} of {len(outcomes)} came out the same.")
    return 0 if same == len(outcomes) else 1


async def doctor(settings: Settings) -> int:
    """Print every finding; the exit status says whether there is a problem."""
    from bot.doctor import examine
    from inference.checkpoints import load_checkpoints

    findings = await examine(settings, load_checkpoints(settings.models))
    print("\n".join(map(str, findings)))
    return 0 if all(finding.well for finding in findings) else 1


async def upgrade(settings: Settings) -> int:
    """Bring the database to this version's schema."""
    from db.session import Database

    settings.data.mkdir(parents=True, exist_ok=True)
    async with Database(settings.database_url) as database:
        await database.migrate()
        print(f"The database is at revision {await database.revision()}.")
    return 0


async def copy(settings: Settings, source: str, target: str) -> int:
    """Copy everything from one database into an empty one, and say how many rows of which table."""
    from db.transfer import transfer

    old, new = (settings.model_copy(update={"database": each}).database_url for each in (source, target))
    counts = await transfer(old, new, settings.data)
    print("\n".join(f"{count:>9} {table}" for table, count in counts.items()))
    print("All is copied. Set database to the new address, and start the bot.")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="run_bot.py", description="Stable Diffusion for a chat server.")
    top.add_argument("--version", action="version", version=f"imagine-bot {version('imagine-bot')}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    trial = commands.add_parser("try", help="run slash commands through everything, without Discord")
    trial.add_argument("commands", nargs="+", metavar="SLASH_COMMAND", help="{last} is the id of the last picture")
    trial.add_argument("--as", dest="user", default="ada", metavar="NAME", help="ada, ben or mia (a moderator)")
    trial.add_argument("--out", type=Path, default=Path("pictures"), metavar="DIR", help="where the pictures go")
    trial.add_argument("--json", action="store_true", help="one JSON object per command and line")
    again = commands.add_parser("rebuild", help="draw the pictures of an export of /history again, and compare them")
    again.add_argument("excerpt", type=Path, metavar="EXPORT.json", help="the file that Export under /history gives")
    again.add_argument("--out", type=Path, default=Path("pictures"), metavar="DIR", help="where the pictures go")
    again.add_argument("--files", type=Path, metavar="DIR", help="pictures that people had sent, under any names")
    commands.add_parser("doctor", help="look at everything the bot needs, and say what to do")
    database = commands.add_parser("db", help="look after the database").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    database.add_parser("upgrade", help="bring the schema to this version")
    copying = database.add_parser("copy", help="copy everything into an empty database, say from SQLite to PostgreSQL")
    copying.add_argument("source", metavar="FROM", help="an address, as in the setting database")
    copying.add_argument("target", metavar="TO", help="another one")
    return top


def job_of(arguments: argparse.Namespace) -> Callable[[Settings], Coroutine[Any, Any, int]]:
    """Return what the command line asks for."""
    if arguments.command == "try":
        return lambda settings: try_commands(
            settings, arguments.commands, arguments.user, arguments.out, arguments.json
        )
    if arguments.command == "rebuild":
        return lambda settings: rebuild(settings, arguments.excerpt, arguments.files, arguments.out)
    if arguments.command == "db" and arguments.action == "copy":
        return lambda settings: copy(settings, arguments.source, arguments.target)
    return {"doctor": doctor, "db": upgrade}.get(arguments.command, serve)


def main() -> int:
    """Run the command line; configuration mistakes are words, not tracebacks."""
    arguments = parser().parse_args()
    quiet = arguments.command is not None
    try:
        settings = load_settings()
        set_up(settings.logs, logging.WARNING if quiet else logging.INFO)
        return asyncio.run(job_of(arguments)(settings))
    except* ConfigError as group:
        say_what_is_wrong(list(leaves(group)))
    return 2


def say_what_is_wrong(errors: list[BaseException]) -> None:
    """Tell of mistakes in the configuration; into the log where programs read it, once its style is known."""
    if style_here() is LogStyle.JSON:
        for error in errors:
            log.critical("cannot start: %s", error)
    else:
        print("Cannot start:", *errors, sep="\n", file=sys.stderr)


def leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    """Yield the exceptions in a group, those of the groups in it too."""
    for error in group.exceptions:
        yield from leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)


if __name__ == "__main__":
    sys.exit(main())

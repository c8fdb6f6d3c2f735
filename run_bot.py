"""Command line and composition root: builds the collaborators, runs them, closes them in reverse order."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.settings import ROOT, ConfigError, Endpoints, Settings, load_settings

if TYPE_CHECKING:  # the clerks' processes import this module too, and need none of it
    from bot.client import ImagineClient
    from bot.delivery import Delivery
    from bot.progress import ProgressBoard
    from db.history import History
    from jobs.dispatcher import Dispatcher

SERVER_SECONDS = 30.0
CLOSE_SECONDS = 2.0

log = logging.getLogger("imagine")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to log in: Discord itself, or the chat server of this machine."""

    token: str
    endpoints: Endpoints | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """The collaborators that run."""

    client: "ImagineClient"
    dispatcher: "Dispatcher"
    delivery: "Delivery"
    board: "ProgressBoard"
    history: "History"

    async def run(self, token: str) -> None:
        """Serve until cancelled; the end of one is the end of all, loudly."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.client.start(token))
            group.create_task(self.dispatcher.run(self.board))
            group.create_task(self.board.run())
            group.create_task(self.delivery.run(self.board))


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Build everything on the settings; on leaving, drain and close in reverse order."""
    from bot.admission import Admission
    from bot.client import ImagineClient
    from bot.delivery import Delivery
    from bot.gallery import Gallery
    from bot.progress import ProgressBoard
    from bot.studio import Studio
    from db.history import History
    from db.images import PictureStore
    from db.jobs import Jobs
    from db.outbox import Outbox
    from db.people import People
    from db.session import Database
    from db.uploads import Uploads
    from inference.checkpoints import load_checkpoints
    from inference.local import LocalExecutor
    from jobs.clerk import Clerk
    from jobs.dispatcher import Dispatcher
    from jobs.finish import Finisher
    from moderation.policy import load_policy

    policy = load_policy(settings.policy)
    known = load_checkpoints(settings.models)
    unknown = [name for name in settings.checkpoints if name not in known]
    if unknown:
        raise ConfigError(f"checkpoints: {', '.join(unknown)} not in {settings.models}")
    checkpoints = {name: known[name] for name in settings.checkpoints}
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(settings.database_url))
        await database.migrate()
        jobs, history, uploads = Jobs(database), History(database), Uploads(database)
        store = PictureStore(settings.data / "pictures")
        await store.sweep(await history.known_pictures() | await uploads.known_pictures())
        pictures = await stack.enter_async_context(Clerk())
        prompts = await stack.enter_async_context(Clerk())
        executor = LocalExecutor(settings, checkpoints)
        await executor.start()
        stack.push_async_callback(executor.close, CLOSE_SECONDS)
        gallery = Gallery(history=history, store=store, clerk=pictures)
        finisher = Finisher(checkpoints=checkpoints, history=history, store=store, clerk=pictures)
        dispatcher = Dispatcher(jobs=jobs, store=store, executor=executor, finisher=finisher, times=settings.times)
        studio = Studio(
            checkpoints=checkpoints,
            default_checkpoint=settings.checkpoint,
            limits=settings.limits,
            policy=policy,
            people=People(database),
            jobs=jobs,
            uploads=uploads,
            store=store,
            dispatcher=dispatcher,
            gallery=gallery,
            admission=Admission(
                jobs=jobs, dispatcher=dispatcher, clerk=prompts, policy_file=settings.policy, limits=settings.limits
            ),
            clerk=pictures,
        )
        client = await stack.enter_async_context(ImagineClient(studio=studio, data=settings.data))
        delivery = Delivery(client=client, outbox=Outbox(database), jobs=jobs, gallery=gallery)
        board = ProgressBoard(
            client=client, place=dispatcher.place, every=settings.times.preview_every, ended=delivery.wake
        )
        stack.push_async_callback(board.close)
        stack.push_async_callback(dispatcher.drain)
        yield House(client, dispatcher, delivery, board, history)


@asynccontextmanager
async def local_server() -> AsyncIterator[Place]:
    """Start the chat server of this machine as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", "--until-eof"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,  # never written to: its end is ours, however we end
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), SERVER_SECONDS)
        world = json.loads(line)
        endpoints = Endpoints(rest=world["rest"], gateway=world["gateway"], cdn=world["cdn"])
        yield Place(world["token"], endpoints, world["page"])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def chosen_place(settings: Settings) -> AsyncIterator[Place]:
    """Give Discord where there is a token, else the chat server of this machine."""
    if settings.discord_token is not None:
        yield Place(settings.discord_token.get_secret_value(), settings.discord)
        return
    async with local_server() as place:
        yield place


def point_to(place: Place) -> None:
    """Let discord.py speak to the place."""
    if place.endpoints is None:
        return
    import discord
    from discord.gateway import DiscordWebSocket
    from yarl import URL

    discord.http.Route.BASE = place.endpoints.rest
    DiscordWebSocket.DEFAULT_GATEWAY = URL(place.endpoints.gateway)
    discord.Asset.BASE = place.endpoints.cdn


async def serve(settings: Settings) -> int:
    """Run the bot until a signal comes."""
    from config.data_lock import data_lock

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with data_lock(settings.data, wait=False):
        async with chosen_place(settings) as place, open_house(settings) as house:
            point_to(place)
            async with running(house, place.token):
                await house.client.wait_until_ready()
                print(f"Ready. {f'Chat with it at {place.page}' if place.page else 'It is on Discord.'}", flush=True)
                await stop.wait()
                print("Stopping: what runs may end, the rest waits for the next start.", flush=True)
    return 0


@asynccontextmanager
async def running(house: House, token: str) -> AsyncIterator[None]:
    """Run the house beside the body; whichever fails first ends both."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.run(token))
        yield
        await house.dispatcher.drain()
        task.cancel()


async def try_commands(settings: Settings, commands: list[str], user: str, out: Path, as_json: bool) -> int:
    """Run slash commands through everything, as one person would, and show what comes."""
    import aiohttp

    from bot.trial import Trial, TrialFailed
    from config.data_lock import data_lock

    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    with data_lock(settings.data, wait=True):
        async with local_server() as place, open_house(settings) as house:
            point_to(place)
            assert place.page is not None
            async with running(house, place.token), aiohttp.ClientSession() as session:
                await house.client.wait_until_ready()
                trial = Trial(session, place.page, user, house.history, out)
                try:
                    async for reply in trial.run(commands):
                        print(reply.as_json() if as_json else reply.as_text(), flush=True)
                except TrialFailed as failure:
                    print(json.dumps({"error": str(failure)}) if as_json else failure, flush=True)
                    return 1
    return 0


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
    commands.add_parser("doctor", help="look at everything the bot needs, and say what to do")
    database = commands.add_parser("db", help="look after the database").add_subparsers(required=True, metavar="ACTION")
    database.add_parser("upgrade", help="bring the schema to this version")
    return top


def job_of(arguments: argparse.Namespace) -> Callable[[Settings], Coroutine[Any, Any, int]]:
    """Return what the command line asks for."""
    if arguments.command == "try":
        return lambda settings: try_commands(
            settings, arguments.commands, arguments.user, arguments.out, arguments.json
        )
    return {"doctor": doctor, "db": upgrade}.get(arguments.command, serve)


def main() -> int:
    """Run the command line; configuration mistakes are words, not tracebacks."""
    arguments = parser().parse_args()
    quiet = arguments.command is not None
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        return asyncio.run(job_of(arguments)(load_settings()))
    except* ConfigError as group:
        print("Cannot start:", *group.exceptions, sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

"""Command line and composition root: builds the collaborators, runs them, closes them in reverse order."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.settings import ConfigError, Settings, load_settings

if TYPE_CHECKING:  # the clerks' processes import this module too, and need none of it
    from bot.admission import Admission
    from bot.client import ImagineClient
    from bot.delivery import Delivery
    from bot.housekeeper import Housekeeper
    from bot.login import Login
    from bot.progress import ProgressBoard
    from db.history import History
    from db.session import Database
    from inference.checkpoints import Checkpoint
    from inference.executor import Executor
    from jobs.clerk import Clerk
    from jobs.dispatcher import Dispatcher

CLOSE_SECONDS = 2.0
LOCK_SECONDS = 300.0  # how long a trial waits for another one on the same data

log = logging.getLogger("imagine")


@dataclass(frozen=True, slots=True)
class House:
    """The collaborators that run."""

    client: "ImagineClient"
    dispatcher: "Dispatcher"
    delivery: "Delivery"
    board: "ProgressBoard"
    housekeeper: "Housekeeper"
    history: "History"
    database: "Database"
    admission: "Admission"
    checkpoints: Sequence["Checkpoint"]  #: the one that workers start with comes first

    async def run(self, login: "Login") -> None:
        """Serve until cancelled; the end of one is the end of all, loudly."""
        from bot.login import join
        from db.bell import listen

        async with asyncio.TaskGroup() as group:
            group.create_task(join(self.client, login))
            group.create_task(self.admission.prepare())
            group.create_task(self.dispatcher.run(self.board, self.checkpoints))
            group.create_task(listen(self.database, self.dispatcher.heard))
            group.create_task(self.board.run())
            group.create_task(self.delivery.run(self.board))
            group.create_task(self.client.desk.run())
            group.create_task(self.housekeeper.run())

    async def close(self) -> None:
        """Let what runs end or be put back, then stop following it."""
        await self.dispatcher.drain()
        await self.board.close()


@dataclass(frozen=True, slots=True)
class Tools:
    """The processes and the database that a house stands on: the real ones, or a test's."""

    database: "Database"
    executor: "Executor"
    pictures: "Clerk"
    prompts: "Clerk"


def build_house(settings: Settings, tools: Tools) -> House:
    """Put the collaborators together. Raises ConfigError where policy or checkpoints are wrong."""
    from bot.admission import Admission
    from bot.client import ImagineClient
    from bot.delivery import Delivery
    from bot.discipline import Discipline
    from bot.gallery import Gallery
    from bot.housekeeper import Housekeeper
    from bot.moderators import Moderators
    from bot.privacy import Privacy
    from bot.progress import ProgressBoard
    from bot.review import Review
    from bot.studio import Studio
    from config.secret_key import secret_key
    from db.cases import Cases
    from db.conduct import Conduct
    from db.guilds import Guilds
    from db.history import History
    from db.images import PictureStore
    from db.jobs import Jobs
    from db.never_again import NeverAgain
    from db.outbox import Outbox
    from db.people import People
    from db.privacy import Privacy as Rows
    from db.shares import Shares
    from db.timings import Timings
    from db.uploads import Uploads
    from jobs.dispatcher import Dispatcher
    from jobs.finish import Finisher
    from jobs.queue import Queue
    from moderation.policy_file import load_policy

    policy, checkpoints = load_policy(settings.policy), offered_checkpoints(settings)
    jobs, history, store = Jobs(tools.database), History(tools.database), PictureStore(settings.data / "pictures")
    gallery = Gallery(history=history, store=store, clerk=tools.pictures)
    timings, never_again = Timings(tools.database), NeverAgain(tools.database)
    finisher = Finisher(
        checkpoints=checkpoints, history=history, never_again=never_again, store=store, clerk=tools.pictures
    )
    dispatcher = Dispatcher(
        jobs=jobs,
        timings=timings,
        queue=Queue(jobs, Shares(tools.database), settings.fairness.levels),
        store=store,
        executor=tools.executor,
        finisher=finisher,
        times=settings.times,
        slack=settings.fairness.slack,
        spool=settings.data / "spool",
    )
    conduct, guilds, cases = Conduct(tools.database), Guilds(tools.database), Cases(tools.database)
    news = asyncio.Event()
    discipline = Discipline(
        policy=policy, conduct=conduct, jobs=jobs, dispatcher=dispatcher, news=news, key=secret_key(settings)
    )
    review = Review(
        settings=settings.review,
        cases=cases,
        conduct=conduct,
        discipline=discipline,
        gallery=gallery,
        guilds=guilds,
        news=news,
    )
    moderators = Moderators(
        policy=policy,
        fairness=settings.fairness,
        limits=settings.limits,
        review=review,
        cases=cases,
        conduct=conduct,
        discipline=discipline,
        gallery=gallery,
        guilds=guilds,
        never_again=never_again,
        clerk=tools.pictures,
    )
    privacy = Privacy(rows=Rows(tools.database), jobs=jobs, dispatcher=dispatcher, store=store, clerk=tools.pictures)
    housekeeper = Housekeeper(
        retention=settings.retention,
        discipline=discipline,
        conduct=conduct,
        cases=cases,
        uploads=Uploads(tools.database),
        privacy=privacy,
    )
    admission = Admission(
        timings=timings,
        dispatcher=dispatcher,
        discipline=discipline,
        guilds=guilds,
        clerk=tools.prompts,
        policy_file=settings.policy,
        limits=settings.limits,
        roles=settings.roles,
    )
    studio = Studio(
        checkpoints=checkpoints,
        default_checkpoint=settings.checkpoint,
        limits=settings.limits,
        policy=policy,
        people=People(tools.database),
        jobs=jobs,
        uploads=Uploads(tools.database),
        never_again=never_again,
        store=store,
        dispatcher=dispatcher,
        gallery=gallery,
        discipline=discipline,
        review=review,
        moderators=moderators,
        privacy=privacy,
        retention=settings.retention,
        admission=admission,
        clerk=tools.pictures,
    )
    client = ImagineClient(studio=studio, data=settings.data)
    delivery = Delivery(client=client, outbox=Outbox(tools.database), jobs=jobs, gallery=gallery)
    every = settings.times.preview_every
    board = ProgressBoard(client=client, dispatcher=dispatcher, every=every, ended=delivery.wake)
    first_loaded = sorted(checkpoints.values(), key=lambda checkpoint: checkpoint.name != settings.checkpoint)
    return House(client, dispatcher, delivery, board, housekeeper, history, tools.database, admission, first_loaded)


def offered_checkpoints(settings: Settings) -> dict[str, "Checkpoint"]:
    """Return the checkpoints on offer. Raises ConfigError for names that models.toml does not know."""
    from inference.checkpoints import load_checkpoints

    known = load_checkpoints(settings.models)
    unknown = [name for name in settings.checkpoints if name not in known]
    if unknown:
        raise ConfigError(f"checkpoints: {', '.join(unknown)} not in {settings.models}")
    return {name: known[name] for name in settings.checkpoints}


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Start the processes and the database, and build the house on them; close in reverse order."""
    from db.session import Database
    from inference.local import LocalExecutor
    from jobs.clerk import MEMORY_BYTES, Clerk
    from moderation.policy_file import load_policy

    guard = load_policy(settings.policy).guard
    memory = MEMORY_BYTES if guard is None else guard.memory_gib << 30
    executor = LocalExecutor(settings, offered_checkpoints(settings))
    async with Database(settings.database_url) as database, Clerk() as pictures, Clerk(memory=memory) as prompts:
        await database.migrate()
        house = build_house(settings, Tools(database, executor, pictures, prompts))
        async with database.held(), AsyncExitStack() as stack:
            await remove_rubbish(settings, database)
            stack.push_async_callback(executor.close, CLOSE_SECONDS)
            await executor.start()
            await stack.enter_async_context(house.client)
            stack.push_async_callback(house.close)
            yield house


async def remove_rubbish(settings: Settings, database: "Database") -> None:
    """Remove picture files that no row needs: a crash between file and row left them."""
    from db.images import PictureStore
    from db.privacy import Privacy

    await PictureStore(settings.data / "pictures").sweep(await Privacy(database).needed())


async def serve(settings: Settings) -> int:
    """Run the bot until a signal comes."""
    from bot.login import chosen_login
    from config.data_lock import data_lock

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with (
        data_lock(settings.data),
        chosen_login(settings) as login,
        open_house(settings) as house,
        running(house, login),
    ):
        if await first_of(house.client.wait_until_ready(), stop.wait()) == 0:
            print(f"Ready. {f'Chat with it at {login.page}' if login.page else 'It is on Discord.'}", flush=True)
            await stop.wait()
        print("Stopping: what runs may end, the rest waits for the next start.", flush=True)
    return 0


async def first_of(*waits: Coroutine[Any, Any, Any]) -> int:
    """Wait for the first of several things, and return which it was."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(index for index, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def running(house: House, login: "Login") -> AsyncIterator[None]:
    """Run the house beside the body; whichever fails first ends both."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.run(login))
        yield
        await house.close()
        task.cancel()


async def try_commands(settings: Settings, commands: list[str], user: str, out: Path, as_json: bool) -> int:
    """Run slash commands through everything, as one person would, and show what comes."""
    import aiohttp

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
        print("Cannot start:", *leaves(group), sep="\n", file=sys.stderr)
    return 2


def leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    """Yield the exceptions in a group, those of the groups in it too."""
    for error in group.exceptions:
        yield from leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)


if __name__ == "__main__":
    sys.exit(main())

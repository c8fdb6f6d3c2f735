"""Puts the collaborators together, each once, when it is first asked for."""

import asyncio
from dataclasses import dataclass
from functools import cached_property

from bot.adapters import AdapterShelf
from bot.admission import Admission
from bot.catalogue import Catalogue
from bot.changing import Changing
from bot.client import ImagineClient
from bot.collection import Collection
from bot.comparing import Comparing
from bot.composing import Composing
from bot.delivery import Delivery
from bot.describing import Describing
from bot.discipline import Discipline
from bot.drawing import Drawing
from bot.extras import offered_upscalers, offered_viewer
from bot.finding import Finding
from bot.gallery import Gallery
from bot.gateway import latencies
from bot.genealogy import Genealogy
from bot.housekeeper import Housekeeper
from bot.masks import Masks
from bot.moderators import Moderators
from bot.offering import Offering
from bot.overview import Overview
from bot.preferences import Preferences
from bot.privacy import Privacy
from bot.progress import ProgressBoard
from bot.review import Review
from bot.screen import Screen
from bot.sources import Sources
from bot.status import StatusReport
from bot.studio import Studio
from bot.styles import Styles
from bot.verification import Verification
from config.secret_key import derived_key, secret_key
from config.settings import ConfigError, Settings
from db.cases import Cases
from db.conduct import Conduct
from db.defaults import Defaults
from db.favourites import Favourites
from db.fingerprints import Fingerprints
from db.guilds import Guilds
from db.history import History
from db.images import PictureStore
from db.jobs import Jobs
from db.lineage import Lineage
from db.load import Loads
from db.never_again import NeverAgain
from db.offers import Offers
from db.outbox import Outbox
from db.people import People
from db.presets import Presets
from db.privacy import Privacy as Rows
from db.removals import Removals
from db.searches import Searches
from db.session import Database
from db.shares import Shares
from db.timings import Timings
from db.uploads import Uploads
from inference.checkpoints import Checkpoint, load_checkpoints
from inference.executor import Executor
from inference.upscalers import UpscalerCheckpoint
from inference.viewers import Task
from jobs.audience import Audience, Audiences
from jobs.clerk import Clerk
from jobs.dispatcher import Dispatcher
from jobs.finish import Finisher
from jobs.queue import Queue
from jobs.tally import Tally
from moderation.policy import Policy
from moderation.policy_file import load_policy
from observing.metrics import Metrics
from painting.server import PaintingServer
from provenance.identity import Identity, load_identity
from provenance.watermark import Method

AT_ONCE = 4  # pieces of work after an acknowledgement


@dataclass(frozen=True, slots=True)
class Tools:
    """The processes and the database that a house stands on: the real ones, or a test's."""

    database: Database
    store: PictureStore
    executor: Executor
    pictures: Clerk
    prompts: Clerk
    eyes: Clerk | None  #: for what people send, unless the world of every checkpoint is closed
    captions: Clerk | None = None  #: for what /describe looks at, where there is a captioner
    finder: Clerk | None = None  #: for what /inpaint looks for, where there is a segmenter


class Builder:
    """Knows who needs whom. Raises ConfigError where policy or checkpoints are wrong."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._news = asyncio.Event()  #: that there is something for moderators to look at
        database = tools.database
        self._jobs, self._timings = Jobs(database), Timings(database)
        self.metrics = Metrics()
        self._conduct = Conduct(database, heard=lambda refusal: self.metrics.refused(refusal.label))
        self._guilds, self._cases = Guilds(database), Cases(database)
        self._people = People(database)
        self._uploads, self._never_again = Uploads(database), NeverAgain(database)
        self._outbox = Outbox(database)
        self._offers, self._adapters = Offers(database), AdapterShelf()
        self._lineage = Lineage(database)
        self._store = tools.store
        self.history = History(database)

    @cached_property
    def policy(self) -> Policy:
        """The policy."""
        return load_policy(self._settings.policy)

    @cached_property
    def checkpoints(self) -> dict[str, Checkpoint]:
        """The checkpoints on offer, by name."""
        return offered_checkpoints(self._settings)

    @cached_property
    def upscalers(self) -> dict[str, UpscalerCheckpoint]:
        """The upscalers on offer, by name."""
        return offered_upscalers(self._settings)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """Who hands out work."""
        checkpoints = self.checkpoints | self.upscalers
        finisher = Finisher(
            checkpoints=checkpoints,
            history=self.history,
            screening=self.screen,
            store=self._store,
            clerk=self._tools.pictures,
            identity=self._identity,
            method=Method(self._settings.watermark),
        )
        return Dispatcher(
            jobs=self._jobs,
            timings=self._timings,
            history=self.history,
            queue=Queue(self._jobs, Shares(self._tools.database), self._settings.fairness.levels),
            store=self._store,
            executor=self._tools.executor,
            screening=self.screen,
            finisher=finisher,
            times=self._settings.times,
            slack=self._settings.fairness.slack,
            spool=self._settings.data / "spool",
            memory={name: checkpoint.memory for name, checkpoint in checkpoints.items()},
        )

    @cached_property
    def admission(self) -> Admission:
        """The way into the queue."""
        return Admission(
            turns=self._turns,
            people=self._people,
            timings=self._timings,
            dispatcher=self.dispatcher,
            discipline=self.discipline,
            guilds=self._guilds,
            gallery=self._gallery,
            screen=self.screen,
            limits=self._settings.limits,
            roles=self._settings.roles,
        )

    @cached_property
    def screen(self) -> Screen:
        """What judges words and pictures."""
        return Screen(
            policy=self.policy,
            policy_file=self._settings.policy,
            checkpoints=self.checkpoints | self.upscalers,
            guilds=self._guilds,
            conduct=self._conduct,
            never_again=self._never_again,
            prompts=self._tools.prompts,
            pictures=self._tools.pictures,
            eyes=self._tools.eyes,
            review_channel=self._settings.review.channel,
            key=self._key,
        )

    @cached_property
    def client(self) -> ImagineClient:
        """Who speaks Discord, with everything that people can ask for."""
        return ImagineClient(
            studio=self._studio,
            removals=Removals(self._tools.database),
            data=self._settings.data,
            page=self.page,
            shards=self._settings.shards,
        )

    @cached_property
    def page(self) -> PaintingServer | None:
        """The page on which masks are painted, where there is to be one."""
        settings = self._settings.painting_page
        return None if settings is None else PaintingServer(settings, derived_key(self._key, "painting"))

    @cached_property
    def delivery(self) -> Delivery:
        """Who brings what was made to whom asked for it."""
        return Delivery(
            client=self.client, outbox=self._outbox, jobs=self._jobs, gallery=self._gallery, metrics=self.metrics
        )

    @cached_property
    def board(self) -> ProgressBoard:
        """Who tells people how far their jobs are."""
        every = self._settings.times.preview_every
        return ProgressBoard(client=self.client, dispatcher=self.dispatcher, every=every, ended=self._tell)

    @cached_property
    def audience(self) -> Audience:
        """Who hears of every job."""
        return Audiences(self.board, Tally(self.metrics))

    @cached_property
    def overview(self) -> Overview:
        """Who looks at how things stand."""
        tools = self._tools
        clerks = {
            "pictures": tools.pictures,
            "prompts": tools.prompts,
            "eyes": tools.eyes,
            "captions": tools.captions,
            "finder": tools.finder,
        }
        return Overview(
            gateway=lambda: latencies(self.client),
            dispatcher=self.dispatcher,
            executor=tools.executor,
            outbox=self._outbox,
            clerks={name: clerk for name, clerk in clerks.items() if clerk is not None},
            store=self._store,
            slack=self._settings.fairness.slack,
        )

    def _tell(self) -> None:
        """Look for what is to be told: to people, and to moderators."""
        self.delivery.wake()
        self._news.set()

    @cached_property
    def housekeeper(self) -> Housekeeper:
        """Who forgets what is not to be kept any longer."""
        return Housekeeper(
            retention=self._settings.retention,
            discipline=self.discipline,
            conduct=self._conduct,
            cases=self._cases,
            uploads=self._uploads,
            offers=self._offers,
            privacy=self._privacy,
            finding=self._finding,
        )

    @cached_property
    def _identity(self) -> Identity:
        return load_identity(self._settings)

    @cached_property
    def _key(self) -> bytes:
        return secret_key(self._settings)

    @cached_property
    def _gallery(self) -> Gallery:
        return Gallery(
            policy=self.policy,
            history=self.history,
            never_again=self._never_again,
            store=self._store,
            clerk=self._tools.pictures,
            identity=self._identity,
        )

    @cached_property
    def _finding(self) -> Finding:
        searches = Searches(self._tools.database)
        return Finding(gallery=self._gallery, searches=searches, lineage=self._lineage, store=self._store)

    @cached_property
    def _genealogy(self) -> Genealogy:
        return Genealogy(
            gallery=self._gallery, lineage=self._lineage, clerk=self._tools.pictures, identity=self._identity
        )

    @cached_property
    def _collection(self) -> Collection:
        return Collection(gallery=self._gallery, favourites=Favourites(self._tools.database), people=self._people)

    @cached_property
    def discipline(self) -> Discipline:
        """What refusals have for consequence, and who is shut out."""
        return Discipline(
            policy=self.policy,
            conduct=self._conduct,
            jobs=self._jobs,
            dispatcher=self.dispatcher,
            news=self._news,
            key=self._key,
        )

    @cached_property
    def _review(self) -> Review:
        return Review(
            settings=self._settings.review,
            cases=self._cases,
            conduct=self._conduct,
            discipline=self.discipline,
            gallery=self._gallery,
            guilds=self._guilds,
            news=self._news,
            released=lambda: self.delivery.wake(),
        )

    @cached_property
    def _moderators(self) -> Moderators:
        return Moderators(
            policy=self.policy,
            fairness=self._settings.fairness,
            limits=self._settings.limits,
            review=self._review,
            cases=self._cases,
            conduct=self._conduct,
            discipline=self.discipline,
            gallery=self._gallery,
            guilds=self._guilds,
            never_again=self._never_again,
            clerk=self._tools.pictures,
        )

    @cached_property
    def _status(self) -> StatusReport:
        loads = Loads(self._tools.database)
        return StatusReport(review=self._review, overview=self.overview, loads=loads, clerk=self._tools.pictures)

    @cached_property
    def _verification(self) -> Verification:
        return Verification(
            limits=self._settings.limits,
            gallery=self._gallery,
            fingerprints=Fingerprints(self._tools.database),
            jobs=self._jobs,
            review=self._review,
            clerk=self._tools.pictures,
            identity=self._identity,
        )

    @cached_property
    def _describing(self) -> Describing | None:
        captioner, clerk = offered_viewer(self._settings, Task.CAPTION), self._tools.captions
        if captioner is None or clerk is None:
            return None
        return Describing(captioner=captioner, clerk=clerk, store=self._store, screen=self.screen)

    @cached_property
    def _privacy(self) -> Privacy:
        return Privacy(
            people=self._people,
            rows=Rows(self._tools.database),
            jobs=self._jobs,
            dispatcher=self.dispatcher,
            store=self._store,
            clerk=self._tools.pictures,
        )

    @cached_property
    def _studio(self) -> Studio:
        return Studio(
            turns=self._turns,
            catalogue=self._catalogue,
            limits=self._settings.limits,
            policy=self.policy,
            people=self._people,
            jobs=self._jobs,
            dispatcher=self.dispatcher,
            drawing=self._drawing,
            offering=self._offering,
            styles=self._styles,
            preferences=self._preferences,
            adapters=self._adapters,
            comparing=Comparing(catalogue=self._catalogue, composing=self._composing, admission=self.admission),
            changing=Changing(catalogue=self._catalogue, admission=self.admission),
            sources=self._sources,
            masks=self._masks,
            gallery=self._gallery,
            finding=self._finding,
            genealogy=self._genealogy,
            collection=self._collection,
            discipline=self.discipline,
            review=self._review,
            moderators=self._moderators,
            status=self._status,
            privacy=self._privacy,
            verification=self._verification,
            describing=self._describing,
            retention=self._settings.retention,
        )

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self.checkpoints, self._settings.checkpoint, self.upscalers)

    @cached_property
    def _drawing(self) -> Drawing:
        return Drawing(
            catalogue=self._catalogue,
            gallery=self._gallery,
            jobs=self._jobs,
            admission=self.admission,
            composing=self._composing,
            offering=self._offering,
        )

    @cached_property
    def _composing(self) -> Composing:
        return Composing(
            turns=self._turns,
            catalogue=self._catalogue,
            styles=self._styles,
            preferences=self._preferences,
            adapters=self._adapters,
        )

    @cached_property
    def _offering(self) -> Offering:
        return Offering(turns=self._turns, offers=self._offers, admission=self.admission, dispatcher=self.dispatcher)

    @cached_property
    def _styles(self) -> Styles:
        return Styles(Presets(self._tools.database), self.admission)

    @cached_property
    def _preferences(self) -> Preferences:
        return Preferences(Defaults(self._tools.database), self.admission)

    @cached_property
    def _masks(self) -> Masks:
        return Masks(
            limits=self._settings.limits,
            admission=self.admission,
            uploads=self._uploads,
            store=self._store,
            clerk=self._tools.pictures,
            finder=self._tools.finder,
            segmenter=offered_viewer(self._settings, Task.SEGMENT),
        )

    @cached_property
    def _sources(self) -> Sources:
        return Sources(
            limits=self._settings.limits,
            gallery=self._gallery,
            uploads=self._uploads,
            never_again=self._never_again,
            store=self._store,
            admission=self.admission,
            discipline=self.discipline,
            screen=self.screen,
            clerk=self._tools.pictures,
            identity=self._identity,
        )


def all_offered(settings: Settings) -> dict[str, Checkpoint]:
    """Return the checkpoints on offer, and the upscalers beside them. Raises ConfigError."""
    return offered_checkpoints(settings) | offered_upscalers(settings)


def offered_checkpoints(settings: Settings) -> dict[str, Checkpoint]:
    """Return the checkpoints on offer. Raises ConfigError for names that models.toml does not know."""
    known = load_checkpoints(settings.models)
    unknown = [name for name in settings.checkpoints if name not in known]
    if unknown:
        raise ConfigError(f"checkpoints: {', '.join(unknown)} not in {settings.models}")
    return {name: known[name] for name in settings.checkpoints}

"""Interactions: their life from a person's act to the bot's answer, and the tokens that answers need."""

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from local_discord.chat import Chat
from local_discord.errors import already_acknowledged, invalid_webhook_token, unknown
from local_discord.guild import Channel, Json, User
from local_discord.limits import callbacks
from local_discord.limits.commands import CHAT_INPUT
from local_discord.messages import Message
from local_discord.payloads import interaction_create, owners

ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0
NO_RESPONSE = "The application did not respond"


class State(StrEnum):
    """What a person sees of an interaction."""

    #: Not acknowledged yet.
    WAITING = "waiting"
    #: Deferred: "thinking…" is shown.
    THINKING = "thinking"
    #: Its message is there.
    ANSWERED = "answered"
    #: A modal is to be shown.
    MODAL = "modal"
    #: A component's message was changed in place.
    UPDATED = "updated"
    #: A component's deferral, with nothing to see.
    ACKNOWLEDGED = "acknowledged"
    #: Autocomplete's choices are there.
    CHOICES = "choices"
    #: Not acknowledged in time.
    FAILED = "failed"


UNSETTLED = frozenset({State.WAITING, State.THINKING})


@dataclass(eq=False)
class Interaction:
    """One act of a person upon the bot."""

    id: int
    type: int
    token: str
    user: User
    channel: Channel
    data: Json
    born: float
    source: Message | None = None
    parent: "Interaction | None" = None
    state: State = State.WAITING
    original: Message | None = None
    shown: Message | None = None
    answers: dict[int, Message] = field(default_factory=dict)
    modal: Json | None = None
    choices: list[Json] | None = None
    error: str | None = None
    changed: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def metadata(self) -> Json:
        """How messages name the interaction that they answer."""
        told: Json = {"id": str(self.id), "type": self.type, "user": self.user.payload()}
        told["authorizing_integration_owners"] = owners(self.channel)
        if self.type == callbacks.COMPONENT_ASKED and self.source is not None:
            told["interacted_message_id"] = str(self.source.id)
        if self.parent is not None:
            told["triggering_interaction_metadata"] = self.parent.metadata()
        return told

    @property
    def command_name(self) -> str | None:
        """The command's name, when a command began it."""
        asked = self.type == callbacks.COMMAND_ASKED
        return self.data["name"] if asked else None

    @property
    def from_menu(self) -> bool:
        """Whether a context menu began it."""
        return self.command_name is not None and self.data["type"] != CHAT_INPUT


class Interactions:
    """All of them, by id and token, with their timers."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._dead_until = 0.0

    def begin(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        source: Message | None = None,
        parent: Interaction | None = None,
    ) -> Interaction:
        """A person acts: the bot is told, and has three seconds."""
        world = self._chat.world
        number, token = world.ids.make(), secrets.token_urlsafe(72)
        begun = Interaction(number, kind, token, user, channel, data, world.clock.now(), source, parent)
        self._by_id[begun.id] = self._by_token[begun.token] = begun
        self._arm(begun)
        self.mark(begun, State.WAITING)
        payload = interaction_create(begun, self._chat)
        self._chat.dispatch("INTERACTION_CREATE", payload, guild_id=channel.guild_id)
        return begun

    def find(self, interaction_id: int | None) -> Interaction | None:
        """An interaction by id."""
        return None if interaction_id is None else self._by_id.get(interaction_id)

    def to_acknowledge(self, interaction_id: int | None, token: str) -> Interaction:
        """The interaction that a callback answers: 10062 when it is unknown or too late, 40060 the second time."""
        found = self.find(interaction_id)
        if found is None or found.token != token or found.state is State.FAILED or self._expired(found):
            raise unknown("interaction")
        if found.state is not State.WAITING:
            raise already_acknowledged()
        return found

    def to_follow(self, application_id: int | None, token: str) -> Interaction:
        """The interaction behind a webhook token: 10015 unless acknowledged, 50027 once expired."""
        found = self._by_token.get(token)
        if found is None or application_id != self._chat.world.application_id:
            raise unknown("Webhook")
        if self._expired(found):
            raise invalid_webhook_token()
        if found.state in (State.WAITING, State.FAILED):
            raise unknown("Webhook")
        return found

    def expire_all(self) -> None:
        """Every token so far is expired from now on."""
        self._dead_until = self._chat.world.clock.now()

    def mark(self, interaction: Interaction, state: State) -> None:
        """The interaction moved: whoever waits for it hears of it, and so does its person."""
        interaction.state = state
        interaction.changed = asyncio.get_running_loop().time()
        interaction.news.set()
        interaction.news = asyncio.Event()
        self._chat.feed.send(interaction.user.id, "interaction", self.personal(interaction))

    def personal(self, interaction: Interaction) -> Json:
        """What a person may read of their interaction."""
        message = interaction.shown or interaction.original
        if interaction.state in UNSETTLED:
            message = None
        return {
            "id": str(interaction.id),
            "state": interaction.state.value,
            "message": None if message is None else self._chat.personal(message),
            "modal": interaction.modal,
            "choices": interaction.choices,
            "error": interaction.error,
        }

    def close(self) -> None:
        """Stop the timers."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _expired(self, interaction: Interaction) -> bool:
        age = self._chat.world.clock.now() - interaction.born
        return age > TOKEN_SECONDS or interaction.born <= self._dead_until

    def _arm(self, interaction: Interaction) -> None:
        def lapse() -> None:
            self._timers.discard(timer)
            if interaction.state is State.WAITING:
                interaction.error = NO_RESPONSE
                self.mark(interaction, State.FAILED)

        timer = asyncio.get_running_loop().call_later(ACKNOWLEDGE_SECONDS, lapse)
        self._timers.add(timer)

"""Who asks, where, and how to answer: an interaction without Discord."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person behind an interaction. Ids are snowflakes; `guild_id` is None in direct messages.

    `views` and `moderates` are the channels and threads of the guild that the person may look into, and
    may remove messages from; direct messages have none.
    """

    user_id: int
    guild_id: int | None
    channel_id: int
    interaction_id: int
    application_id: int
    token: str = field(repr=False)
    locale: str
    age_restricted: bool
    views: frozenset[int]
    moderates: frozenset[int]
    moderator: bool = False  #: may manage messages or members in the whole guild, not only in this channel
    roles: frozenset[str] = frozenset()  #: "booster", "moderator", and the ids of the roles that they have here
    message_id: int | None = None  #: the reply that says "thinking", once it is there

    @property
    def private(self) -> bool:
        """What is made in direct messages is nobody else's to see."""
        return self.guild_id is None

    @property
    def sees_age_restricted(self) -> bool:
        """Age-restricted pictures may be shown where they belong, and to somebody alone."""
        return self.age_restricted or self.private

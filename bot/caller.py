"""Who asks, where, and how to answer: an interaction without Discord."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person behind an interaction. Ids are snowflakes; `guild_id` is None in direct messages."""

    user_id: int
    guild_id: int | None
    channel_id: int
    interaction_id: int
    application_id: int
    token: str
    locale: str
    age_restricted: bool
    moderator: bool
    message_id: int | None = None  #: the reply that says "thinking", once it is there

    @property
    def private(self) -> bool:
        """What is made in direct messages is nobody else's to see."""
        return self.guild_id is None

    @property
    def sees_age_restricted(self) -> bool:
        """Age-restricted pictures may be shown where they belong, and to somebody alone."""
        return self.age_restricted or self.private

"""What people do with pictures besides making them: like them, and say what others may do with their own."""

from dataclasses import dataclass

from bot.caller import Caller
from bot.gallery import Gallery
from config.words import UserError
from db.favourites import Favourites
from db.history import Record
from db.people import People
from db.tables.record import Sharing


@dataclass(frozen=True, slots=True)
class Regard:
    """How a picture is regarded: how many like it, whether the caller does, and whose it is."""

    likes: int
    liked: bool
    own: bool


class Collection:
    """Favourites and sharing. Raises UserError with the sentence for the person."""

    def __init__(self, *, gallery: Gallery, favourites: Favourites, people: People) -> None:
        self._gallery = gallery
        self._favourites = favourites
        self._people = people

    async def regard(self, caller: Caller, record: Record) -> Regard:
        """Return how the picture is regarded."""
        likes, liked = await self._favourites.of(record.id, caller.user_id)
        return Regard(likes, liked, record.user_id == caller.user_id)

    async def like(self, caller: Caller, record_id: str, yes: bool) -> None:
        """Make a picture one of the caller's favourites; or none, even if they can see it no more."""
        if yes:
            await self._favourites.add(caller.user_id, (await self._gallery.record(caller, record_id)).id)
        else:
            await self._favourites.remove(caller.user_id, record_id)

    async def share(self, caller: Caller, record_id: str, sharing: Sharing) -> Record:
        """Say what others may do with one of the caller's pictures; return it as it is then."""
        record = await self._gallery.record(caller, record_id)
        if record.user_id != caller.user_id:
            raise UserError("bot.not_yours_to_share")
        if record.guild_id is None and sharing is not Sharing.PRIVATE:
            raise UserError("bot.stays_private")
        await self._gallery.history.share(record.id, sharing)
        return await self._gallery.record(caller, record.id)

    async def share_by_default(self, caller: Caller, sharing: Sharing) -> None:
        """Say what others may do with the pictures that are made for the caller from now on."""
        await self._people.share(caller.user_id, sharing)

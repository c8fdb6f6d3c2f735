"""Pictures to start from: of the history, or somebody's own."""

from bot.admission import Admission
from bot.caller import Caller
from bot.discipline import Discipline
from bot.gallery import Gallery
from bot.screen import Screen
from bot.sizing import Size
from bot.wishes import Source
from config.settings import Limits
from config.words import UserError
from db.images import PictureStore
from db.never_again import NeverAgain
from db.uploads import Uploads
from jobs.clerk import Clerk, ClerkFailed
from jobs.finish import VERSION
from jobs.notes import Note
from moderation.pictures import Sight
from provenance.identity import Identity
from provenance.intake import take_in_signed
from provenance.pdq import pdq_of_file
from provenance.verify import marked_record

INTAKE_SECONDS = 30.0


class Sources:
    """Finds and takes in pictures to start from. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        limits: Limits,
        gallery: Gallery,
        uploads: Uploads,
        never_again: NeverAgain,
        store: PictureStore,
        admission: Admission,
        discipline: Discipline,
        screen: Screen,
        clerk: Clerk,
        identity: Identity,
    ) -> None:
        self._limits = limits
        self._gallery = gallery
        self._uploads = uploads
        self._never_again = never_again
        self._store = store
        self._admission = admission
        self._discipline = discipline
        self._screen = screen
        self._clerk = clerk
        self._identity = identity

    async def of_record(self, caller: Caller, record_id: str) -> Source:
        """Return a record's picture as the start of another, unless the guild never wants to see it again."""
        record = await self._gallery.origin(caller, record_id)
        await self._gallery.check_wanted(caller, record)
        return Source(record.sha256, Size(record.width, record.height), record)

    async def of_upload(self, caller: Caller, data: bytes) -> Source:
        """Take in somebody's own picture: bounded, decoded and cleaned in a process of its own."""
        marked_as = await self._clerk.call(marked_record, data, self._limits, timeout=INTAKE_SECONDS)
        await self._gallery.check_upload_open(caller, data, marked_as)
        taken = await self._clerk.call(
            take_in_signed, data, self._limits, VERSION, self._identity, timeout=INTAKE_SECONDS
        )
        if taken.text.strip() or taken.negative.strip():
            await self._admission.check_words(caller, taken.text, taken.negative)
        await self._check_upload(caller, taken.png)
        sha256 = await self._store.put(taken.png)
        await self._uploads.add(sha256, caller.user_id, taken.width, taken.height)
        notes = tuple(Note(key, {}) for key in taken.notes)
        return Source(sha256, Size(taken.width, taken.height), None, notes)

    async def _check_upload(self, caller: Caller, data: bytes) -> None:
        """Refuse what the policy does not let anybody see, and what the guild never wants to see again."""
        try:
            judgement = await self._screen.judge_upload(caller.guild_id, data, age_restricted=caller.age_restricted)
        except ClerkFailed as error:  # what was not looked at is not allowed
            raise UserError("people.upload_unchecked") from error
        if judgement.sight in (Sight.HELD, Sight.STOPPED):
            raise await self._discipline.refuse_upload(caller, judgement)
        if caller.guild_id is None or not await self._never_again.of(caller.guild_id):
            return
        pdq = await self._clerk.call(pdq_of_file, data, timeout=INTAKE_SECONDS)
        if pdq is not None and await self._never_again.stops(caller.guild_id, caller.user_id, pdq):
            raise UserError("people.upload_unwanted")

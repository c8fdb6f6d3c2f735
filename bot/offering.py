"""Requests for several prompts: shown with their number and cost, and drawn once their person says yes."""

from asyncio import Semaphore
from dataclasses import dataclass

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.composing import Composition
from config.words import UserError
from db.ids import new_record_id
from db.offers import Offer, Offers
from inference.request import ImageRequest
from jobs.dispatcher import Dispatcher
from jobs.notes import Note


@dataclass(frozen=True, slots=True)
class Offered:
    """What would be drawn, for which offer, and in how many seconds of the device."""

    id: str
    composition: Composition
    seconds: float


class Offering:
    """Keeps requests until they are wanted. Raises UserError with the sentence for the person."""

    def __init__(self, *, turns: Semaphore, offers: Offers, admission: Admission, dispatcher: Dispatcher) -> None:
        self._turns = turns
        self._offers = offers
        self._admission = admission
        self._dispatcher = dispatcher

    async def offer(self, caller: Caller, composition: Composition) -> Offered:
        """Keep a request whose every prompt the policy allows."""
        request, notes = composition.request, [note.to_dict() for note in composition.notes]
        offer = Offer(id=new_record_id(), user_id=caller.user_id, request=request.to_dict(), notes=notes)
        async with self._turns:
            for prompt in request.prompts:
                await self._admission.check_words(caller, prompt, request.negative_prompt)
            await self._offers.put(offer)
        return Offered(offer.id, composition, self._dispatcher.estimate(request))

    async def accept(self, caller: Caller, offer_id: str) -> Ticket:
        """Draw what was offered, once; what there is no room for now can be accepted later."""
        offer = await self._take(caller, offer_id)
        request, notes = ImageRequest.from_dict(offer.request), tuple(map(Note.from_dict, offer.notes))
        try:
            return await self._admission.admit(caller, "imagine", request, notes=notes)
        except UserError:
            await self._offers.put(offer)
            raise

    async def decline(self, caller: Caller, offer_id: str) -> None:
        """Forget what was offered."""
        await self._take(caller, offer_id)

    async def _take(self, caller: Caller, offer_id: str) -> Offer:
        offer = await self._offers.take(offer_id, caller.user_id)
        if offer is None:
            raise UserError("bot.offer_over")
        return offer

"""Requests that wait for their person's yes."""

from datetime import datetime

from sqlalchemy import delete

from db.base import value_of
from db.session import Database
from db.tables.offer import Offer, OfferRow

__all__ = ["Offer", "Offers"]


class Offers:
    """The offers by id; each is answered once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, offer: Offer) -> None:
        """Keep an offer until it is answered."""
        async with self._database.transaction() as session:
            session.add(OfferRow(**vars(offer)))

    async def take(self, offer_id: str, user_id: int) -> Offer | None:
        """Return a person's offer and forget it; None where it is answered, too old, or another's."""
        mine = delete(OfferRow).where(OfferRow.id == offer_id, OfferRow.user_id == user_id).returning(OfferRow)
        async with self._database.transaction() as session:
            row = await session.scalar(mine)
            return None if row is None else value_of(Offer, row)

    async def forget(self, before: datetime) -> int:
        """Forget those that nobody answered; return how many."""
        async with self._database.transaction() as session:
            gone = await session.scalars(delete(OfferRow).where(OfferRow.created_at < before).returning(OfferRow.id))
            return len(gone.all())

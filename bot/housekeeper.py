"""Forgets what is no longer needed, again and again."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.discipline import Discipline
from bot.finding import Finding
from bot.privacy import Privacy
from config.settings import Retention
from db.base import utc_now
from db.cases import Cases
from db.conduct import Conduct
from db.offers import Offers
from db.uploads import Uploads

EVERY_SECONDS = 3_600.0
OFFER_DAYS = 1.0  # after which nobody is asked any more whether several prompts shall be drawn

log = logging.getLogger(__name__)


class Housekeeper:
    """Carries out what the settings say of retention, and what could not be deleted when it was asked for."""

    def __init__(
        self,
        *,
        retention: Retention,
        discipline: Discipline,
        conduct: Conduct,
        cases: Cases,
        uploads: Uploads,
        offers: Offers,
        privacy: Privacy,
        finding: Finding,
    ) -> None:
        self._retention = retention
        self._discipline = discipline
        self._conduct = conduct
        self._cases = cases
        self._uploads = uploads
        self._offers = offers
        self._privacy = privacy
        self._finding = finding

    async def run(self) -> None:
        """Tidy up once an hour, until cancelled."""
        while True:
            try:
                await self.tidy_up()
            except Exception:
                log.exception("not all that is due could be forgotten; it will be in %g s", EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy_up(self) -> None:
        """Forget all that is due by now."""
        keep = self._retention
        words = await self._conduct.forget_words(_before(keep.refused_words))
        cases = await self._cases.forget_words(_before(keep.case_words))
        rows = await self._conduct.forget_old(min(_before(keep.conduct), self._discipline.since))
        uploads = await self._uploads.forget(_before(keep.uploads))
        await self._offers.forget(_before(OFFER_DAYS))
        searches = await self._finding.forget()
        await self._privacy.discard(frozenset(uploads))
        await self._privacy.go_on()
        log.info(
            "forgotten: words of %s refusals and %s cases, %s refusals, %s uploads, %s searches",
            *(words, cases, rows, len(uploads), searches),
        )


def _before(days: float) -> datetime:
    return utc_now() - timedelta(days=days)

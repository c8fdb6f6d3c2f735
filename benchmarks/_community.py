"""A day of a thousand guilds, made up: who asks for what and when. Every assumption stands in `Community`."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: its checkpoint and settings, how often it is asked for, and what a picture of it takes.

    `tera` are the TFLOP of a picture: of its steps, guidance included, and of its decode.
    """

    checkpoint: str
    side: int
    steps: int
    guidance: float
    share: float
    tera: float


@dataclass(frozen=True)
class Community:
    """What is assumed of people. None of it was measured on Discord."""

    hours: float = 24.0
    guilds: int = 1_000
    people_least: int = 2  #: active people of a guild on a day: this and a Pareto tail, up to the most
    people_scale: float = 3.0
    people_tail: float = 1.1
    people_most: int = 400
    zones: tuple[tuple[int, float], ...] = ((-8, 0.15), (-5, 0.30), (1, 0.35), (5, 0.05), (8, 0.10), (10, 0.05))
    busiest: float = 20.5  #: the local hour at which most people come
    spread: float = 5.0  #: hours from there to where 61 % as many do
    night: float = 0.12  #: how many come at the quietest hour, of the most
    requests_median: float = 5.0  #: of a person on a day, lognormal
    requests_sigma: float = 1.1
    requests_most: int = 300
    session_mean: float = 6.0  #: requests in a row
    thinking: float = 40.0  #: mean seconds from a result to the next request, exponential
    hasty: float = 0.15  #: of sessions: several requests at once, again as soon as one is done
    hasty_at_once: int = 4
    events: int = 20  #: guild evenings: every active person comes within ten minutes
    event_requests: int = 4
    flooders: int = 5  #: people who have as much open as they may, for two hours
    flood_requests: int = 1_500
    pictures: tuple[tuple[int, float], ...] = ((1, 0.3), (2, 0.2), (4, 0.5))
    kinds: tuple[Kind, ...] = (
        Kind("sdxl", 1024, 30, 5.0, 0.65, 30 * 13.52 + 10.47),
        Kind("sd15", 512, 25, 7.5, 0.25, 25 * 1.607 + 2.51),
        Kind("sdxl-lightning", 1024, 4, 1.0, 0.10, 4 * 6.761 + 10.47),
    )
    speed: float = 99.0  #: TFLOP/s of a GPU: what an RTX 4090 comes to with SD 1.5 in stable-fast's README
    dollars: float = 0.5  #: for an hour of it
    error: float = 0.1  #: of what a request takes beside what it should, lognormal
    load_seconds: float = 6.0  #: to bring a checkpoint to a GPU that does not hold it
    held: int = 2  #: checkpoints that a GPU holds, those that it drew with last
    light_requests: int = 5  #: whoever asks for no more than so many on the day, one at a time, is a light user
    seed: int = 7

    def seconds(self, kind: int, pictures: int) -> float:
        """Return what pictures of a kind, by its number, should take of a GPU."""
        return pictures * self.kinds[kind].tera / self.speed


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody will ask for: a kind of request by its number, how many pictures, and its luck with the device."""

    kind: int
    pictures: int
    luck: float
    thinking: float


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's requests in a row, `at_once` of them open at a time."""

    start: float
    user: int
    guild: int
    light: bool
    at_once: int
    wishes: tuple[Wish, ...]
    stubborn: bool = False  #: comes again when refused


class Day:
    """The dice of a day: the same seed gives the same sessions, whoever serves them."""

    def __init__(self, community: Community) -> None:
        self._community = community
        self._random = np.random.default_rng(community.seed)

    def sessions(self) -> list[Session]:
        """Return everybody's sessions by their start."""
        community, found, user = self._community, list[Session](), 0
        zones, weights = zip(*community.zones, strict=True)
        sizes = self._sizes()
        evenings = set(self._random.choice(community.guilds, min(community.events, community.guilds), replace=False))
        floods = set(self._random.choice(int(sizes.sum()), min(community.flooders, int(sizes.sum())), replace=False))
        for guild, size in enumerate(sizes):
            zone = int(self._random.choice(zones, p=weights))
            evening = self._moment(zone) if guild in evenings else None
            for _ in range(size):
                found += self._of_one(user, guild, zone, evening)
                if user in floods:
                    found.append(self._flood(user, guild, zone))
                user += 1
        return sorted((each for each in found if each.start < community.hours * HOUR), key=lambda each: each.start)

    def _sizes(self) -> NDArray[np.int64]:
        community = self._community
        tail = community.people_scale * self._random.pareto(community.people_tail, community.guilds)
        return np.minimum(community.people_least + tail, community.people_most).astype(np.int64)

    def _of_one(self, user: int, guild: int, zone: int, evening: float | None) -> Iterator[Session]:
        community = self._community
        wanted = self._random.lognormal(np.log(community.requests_median), community.requests_sigma)
        number = int(np.clip(round(wanted), 1, community.requests_most))
        number_of_sessions = ceil(number / community.session_mean)
        cuts = np.sort(self._random.integers(0, number + 1, number_of_sessions - 1))
        hasty = self._random.random(number_of_sessions) < community.hasty
        light = number <= community.light_requests and not hasty.any()
        for length, haste in zip(np.diff([0, *cuts, number]), hasty, strict=True):
            at_once = community.hasty_at_once if haste else 1
            yield Session(self._moment(zone), user, guild, light, at_once, self._wishes(int(length), hurried=haste))
        if evening is not None:
            start = evening + float(self._random.uniform(0, 600))
            yield Session(start, user, guild, light, 1, self._wishes(community.event_requests, hurried=False))

    def _flood(self, user: int, guild: int, zone: int) -> Session:
        wishes = self._wishes(self._community.flood_requests, hurried=True)
        return Session(self._moment(zone), user, guild, False, len(wishes), wishes, stubborn=True)

    def _wishes(self, number: int, *, hurried: bool) -> tuple[Wish, ...]:
        community, random = self._community, self._random
        pictures, weights = zip(*community.pictures, strict=True)
        kinds = random.choice(len(community.kinds), number, p=[kind.share for kind in community.kinds])
        counts = random.choice(pictures, number, p=weights)
        luck = random.lognormal(0.0, community.error, number)
        thinking = random.exponential(community.thinking, number) * (not hurried)
        return tuple(
            Wish(int(kind), int(count), float(lucky), float(thinks))
            for kind, count, lucky, thinks in zip(kinds, counts, luck, thinking, strict=True)
        )

    def _moment(self, zone: int) -> float:
        """Return when somebody comes, in seconds of the UTC day."""
        while True:
            hour = float(self._random.uniform(0, 24))
            if self._random.random() < self.come_at((hour + zone) % 24):
                return hour * HOUR

    def come_at(self, local: float) -> float:
        """Return how many people come at a local hour, of those who do at the busiest."""
        community = self._community
        away = min(abs(local - community.busiest), 24 - abs(local - community.busiest))
        return float(community.night + (1 - community.night) * np.exp(-((away / community.spread) ** 2) / 2))

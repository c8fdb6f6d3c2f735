"""What happens, counted for Prometheus. Labels hold neither words nor people, and have few values."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from moderation.policy import LABELS, SERVER_RULES

GUILDS = 200  # with a series of their own, those that were served first since the start
DELIVERIES = ("sent", "retried", "put off", "abandoned")
UNCHECKED = "unchecked"
DIRECT, OTHERS = "direct messages", "others"
WAITS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600)  # seconds


class Metrics:
    """The counters and histograms of one bot, in a registry of their own.

    What can be known beforehand is counted from zero: Prometheus sees no increase in a series that begins with one.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._guilds: set[int] = set()
        self._waits = Histogram(
            "imagine_wait_seconds", "From the commit of a job to its first step", buckets=WAITS, registry=registry
        )
        self._answers = Histogram(
            "imagine_answer_seconds",
            "From the commit of a job to its message",
            buckets=WAITS,
            registry=registry,
        )
        self._attempts = Counter("imagine_attempts", "Attempts, by what they came to", ["outcome"], registry=registry)
        self._pictures = Counter("imagine_pictures", "Pictures that were recorded", registry=registry)
        self._seconds = Counter(
            "imagine_gpu_seconds", "Seconds of the device that attempts took, by server", ["guild"], registry=registry
        )
        self._refusals = Counter(
            "imagine_refusals",
            "What was refused, by clause or rule",
            ["clause"],
            registry=registry,
        )
        self._deliveries = Counter(
            "imagine_deliveries", "Tries to deliver a message, by what they came to", ["outcome"], registry=registry
        )
        ProcessCollector(registry=registry)
        for clause in (*LABELS, *SERVER_RULES, UNCHECKED):
            self._refusals.labels(clause)
        for outcome in DELIVERIES:
            self._deliveries.labels(outcome)

    def expect(self, outcomes: Iterable[str]) -> None:
        """Count attempts of these outcomes from zero."""
        for outcome in outcomes:
            self._attempts.labels(outcome)

    def started(self, waited: float) -> None:
        """Count a job that is drawn for the first time, so many seconds after it was committed."""
        self._waits.observe(waited)

    def attempted(self, outcome: str, guild_id: int | None, seconds: float, pictures: int) -> None:
        """Count an attempt that is over, with the seconds of the device that it took and the pictures it made."""
        self._attempts.labels(outcome).inc()
        self._seconds.labels(self._guild(guild_id)).inc(seconds)
        self._pictures.inc(pictures)

    def refused(self, clause: str | None) -> None:
        """Count what a clause or a rule refused; None where it was nobody's, as the check itself failed."""
        self._refusals.labels(clause or UNCHECKED).inc()

    def delivered(self, waited: float) -> None:
        """Count a message that Discord has, so many seconds after its job was committed."""
        self._deliveries.labels("sent").inc()
        self._answers.observe(waited)

    def not_delivered(self, outcome: str) -> None:
        """Count a try that failed: "retried" later, "put off" as Discord had enough, or "abandoned"."""
        self._deliveries.labels(outcome).inc()

    def _guild(self, guild_id: int | None) -> str:
        """Return a server's label; those that come late share one, so that there are never more series than that."""
        if guild_id is None:
            return DIRECT
        if len(self._guilds) < GUILDS:
            self._guilds.add(guild_id)
        return str(guild_id) if guild_id in self._guilds else OTHERS

"""Does one person's flood make others wait? A simulation: one floods, three ask for much, four for little, for an hour.

All are in one guild. The flooder asks at once for 10, 100 or 10,000 pictures of 16 GPU-seconds; each heavy user always
has ten pictures of 2 s waiting; each light user asks for one of 1 s, looks at it, and asks again after a minute.
`light_worst_wait_s` is the longest that a light user waited for a worker; one who still waits at the end, until then.
Jain's index is over the shares of those who never ran out of jobs: the heavy users, and the flooder where that is so.
`--plot FILE` draws both.
"""

import argparse
import heapq
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from benchmarks._bot import report
from benchmarks._lines import FirstInFirstOut, RoundRobin
from jobs.fair_share import FairShare

HOUR = 3_600.0
LOOKS_AT_IT = 60.0
FLOOD_COST, HEAVY_COST, LIGHT_COST = 16.0, 2.0, 1.0
HEAVY = tuple(f"heavy {index}" for index in range(3))
LIGHT = tuple(f"light {index}" for index in range(4))
IDLE = 0.1  #: seconds until a worker without work looks again
FLOODS = (10, 100, 10_000)
WORKERS = (1, 4)
LINES: dict[str, type[FairShare]] = {
    "fair share": FairShare,
    "round robin": RoundRobin,
    "first in, first out": FirstInFirstOut,
}


@dataclass
class Simulation:
    """A line, its workers, and the people; time is in seconds."""

    line: FairShare
    workers: int
    flood: int
    jobs: int = 0
    asked: dict[int, float] = field(default_factory=dict)  #: the light users' waiting jobs, and since when
    returns: list[tuple[float, str]] = field(default_factory=list)  #: when light users ask again
    waits: list[float] = field(default_factory=list)
    served: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("flooder", *HEAVY, *LIGHT), 0.0))

    def run(self) -> dict[str, float]:
        """Let an hour pass and return what came of it."""
        for user, count, cost in [("flooder", self.flood, FLOOD_COST), *((heavy, 10, HEAVY_COST) for heavy in HEAVY)]:
            for _ in range(count):
                self._ask(user, cost)
        self.returns = [(LOOKS_AT_IT * index / len(LIGHT), user) for index, user in enumerate(LIGHT)]
        free = [0.0] * self.workers
        while free[0] < HOUR:
            now = heapq.heappop(free)
            self._ask_again(now)
            heapq.heappush(free, now + self._serve(now))
        self.waits += [HOUR - since for since in self.asked.values()]
        return {"light_worst_wait_s": round(max(self.waits), 1), "jain": round(self._jain(), 4)}

    def _ask(self, user: str, cost: float) -> int:
        self.jobs += 1
        self.line.submit(self.jobs, ("guild", user), cost)
        return self.jobs

    def _ask_again(self, now: float) -> None:
        while self.returns and self.returns[0][0] <= now:
            due, user = heapq.heappop(self.returns)
            self.asked[self._ask(user, LIGHT_COST)] = due

    def _serve(self, now: float) -> float:
        """Give a free worker the job that is due; return how long it will be busy."""
        entry = self.line.claim()
        if entry is None:
            return IDLE
        user = str(entry.path[-1])
        self.served[user] += entry.cost
        if user in LIGHT:
            self.waits.append(now - self.asked.pop(entry.job))
            heapq.heappush(self.returns, (now + entry.cost + LOOKS_AT_IT, user))
        elif user in HEAVY:
            self._ask(user, HEAVY_COST)
        return entry.cost

    def _jain(self) -> float:
        """Return Jain's index (Jain, Chiu, Hawe 1984) of the shares of those who had jobs waiting all the time."""
        flooded = self.served["flooder"] < self.flood * FLOOD_COST
        shares = [self.served[user] for user in (*HEAVY, *(["flooder"] if flooded else []))]
        return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)) if any(shares) else 0.0


def measure() -> dict[str, Any]:
    """Return the figures of every line, number of workers and size of flood."""
    return {
        f"{name}, {workers} workers, flood {flood}": Simulation(line(), workers, flood).run()
        for workers, flood, (name, line) in product(WORKERS, FLOODS, LINES.items())
    }


def plot(figures: dict[str, Any], file: Path) -> None:
    """Draw the light users' longest wait and Jain's index by the size of the flood, a row per number of workers."""
    grid, rows = plt.subplots(len(WORKERS), 2, figsize=(9, 3.2 * len(WORKERS)), sharex=True, layout="constrained")
    for workers, (waits, fairness) in zip(WORKERS, rows, strict=True):
        for name, style, size in zip(LINES, ("o-", "s--", "^:"), (11, 6, 6), strict=True):  # some lie upon each other
            found = [figures[f"{name}, {workers} workers, flood {flood}"] for flood in FLOODS]
            waits.plot(FLOODS, [each["light_worst_wait_s"] for each in found], style, markersize=size, label=name)
            fairness.plot(FLOODS, [each["jain"] for each in found], style, markersize=size, label=name)
        waits.set(xscale="log", yscale="log", title=f"workers: {workers}", ylabel="a light user's longest wait, s")
        fairness.set(ylim=(0, 1.05), title=f"workers: {workers}", ylabel="Jain's index")
    for axes in rows[-1]:
        axes.set_xlabel("jobs in the flood")
    rows[0][1].legend(loc="lower left")
    grid.savefig(file, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    measured = measure()
    if arguments.plot is not None:
        plot(measured, arguments.plot)
    report(measured, arguments.json)

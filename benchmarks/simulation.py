"""How does it go past one machine? A day of a thousand guilds on 4 to 64 GPUs, in simulated time.

What people do is made up (`_community.py`, every assumption in one place); how they are served is not: the line, the
rule of who gets what, the estimates and the limits are the product's (`_fleet.py`), and two other orders beside them.
As many pictures may be open in all as PENDING_PER_GPU for each GPU; the other limits are those of config/default.toml.

A wait is from asking to a GPU's beginning. `light` are those who ask for little, one at a time. Jain's index is over
what guilds were served, in seconds of a GPU, in every ten minutes, of those who had something waiting for nearly all of
them, and over what people of the same guild were in every half an hour; the mean over these spans. `--plot FILE` draws
it all.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmarks._bot import report
from benchmarks._community import HOUR, Community, Day, Session
from benchmarks._fleet import Fleet, Outcome, Served
from benchmarks._lines import FirstInFirstOut, RoundRobin
from config.settings import load_settings
from jobs.fair_share import FairShare

GPUS = (4, 8, 16, 32, 64)
PENDING_PER_GPU = 100  # pictures
GUILD_SPAN, PEOPLE_SPAN = 600.0, 1_800.0  # seconds
NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Order:
    """An order of service, its levels, and whether jobs are taken out of turn to spare a load."""

    line: type[FairShare]
    levels: tuple[str, ...] = ("guild", "user")
    spares_loads: bool = True


ORDERS = {
    "fair share": Order(FairShare),
    "fair share of people alone": Order(FairShare, levels=("user",)),
    "round robin": Order(RoundRobin, spares_loads=False),
    "first in, first out": Order(FirstInFirstOut, spares_loads=False),
}
STYLES = dict(zip(ORDERS, ("#0072B2 o-", "#CC79A7 D-.", "#E69F00 s--", "#000000 ^:"), strict=True))  # Okabe and Ito's


def measure(community: Community, gpus: Sequence[int]) -> dict[str, Any]:
    """Return the figures of every order on every number of GPUs."""
    sessions = Day(community).sessions()
    figures: dict[str, Any] = {"assumptions": asdict(community), "people": len({each.user for each in sessions})}
    for number in gpus:
        for name, order in ORDERS.items():
            outcome = served_by(community, sessions, number, order)
            figures[f"{name}, {number} GPUs"] = figures_of(outcome, community, number)
    return figures


def served_by(community: Community, sessions: Sequence[Session], gpus: int, order: Order) -> Outcome:
    """Return what comes of the day with so many GPUs and an order of service."""
    settings = load_settings()
    limits = settings.limits.model_copy(update={"pending_in_all": PENDING_PER_GPU * gpus})
    slack = settings.fairness.slack if order.spares_loads else None
    return Fleet(community, gpus=gpus, line=order.line(), levels=order.levels, slack=slack, limits=limits).run(sessions)


def figures_of(outcome: Outcome, community: Community, gpus: int) -> dict[str, Any]:
    """Return what is to be told of a day."""
    served, day = outcome.served, community.hours * HOUR
    waits = np.array([each.begun - each.asked for each in served])
    light = waits[[each.light for each in served]]
    busy = sum(max(0.0, min(each.ended, day) - each.begun) for each in served if each.begun < day)
    loads = sum(each.loaded for each in served)
    pictures, asked = sum(each.pictures for each in served), len(served) + len(outcome.refused)
    return {
        "jobs": len(served),
        "pictures": pictures,
        "refused_percent": round(100 * len(outcome.refused) / asked, 2),
        "refused_by": dict(Counter(key for _, key in outcome.refused)),
        "wait_s": percentiles(waits),
        "light_wait_s": percentiles(light),
        "jain_guilds": jain(GUILD_SPAN, (((each.guild,), each) for each in served)),
        "jain_people": jain(PEOPLE_SPAN, (((each.guild, each.user), each) for each in served)),
        "utilisation": round((busy - loads * community.load_seconds) / (gpus * day), 3),
        "loads_per_1000_jobs": round(1_000 * loads / len(served)),
        "gpu_hours": round(gpus * community.hours, 1),
        "dollars_per_1000_pictures": round(gpus * community.hours * community.dollars / pictures * 1_000, 2),
        "by_hour": by_hour(served, waits, community),
    }


def percentiles(waits: NDArray[np.float64]) -> dict[str, float]:
    """Return the percentiles of waits."""
    if not len(waits):
        return {}
    found = np.quantile(waits, (0.5, 0.95, 0.99, 1.0))
    return {name: round(float(value), 1) for name, value in zip(("p50", "p95", "p99", "max"), found, strict=True)}


def by_hour(served: Sequence[Served], waits: NDArray[np.float64], community: Community) -> list[dict[str, float]]:
    """Return the percentiles of waits by the UTC hour of the asking."""
    hours = np.array([each.asked // HOUR for each in served])
    return [percentiles(waits[hours == hour]) for hour in range(int(np.ceil(community.hours)))]


def jain(span: float, owned: Iterable[tuple[tuple[Hashable, ...], Served]]) -> float | None:
    """Return the mean of Jain's index (Jain, Chiu, Hawe 1984) over the spans in which several siblings always waited.

    None where there are no such spans.
    """
    waiting, got = defaultdict[tuple[Hashable, ...], list[tuple[float, float]]](list), Counter[tuple[Any, ...]]()
    for owner, each in owned:
        if each.begun > each.asked:
            waiting[owner].append((each.asked, each.begun))
        got[owner, int(each.begun // span)] += each.seconds  # type: ignore[assignment]
    rivals = defaultdict[tuple[Hashable, ...], list[float]](list)
    for owner, intervals in waiting.items():
        for number in spans_waited(span, intervals):
            rivals[*owner[:-1], number].append(got[owner, number])
    found = [sum(x) ** 2 / (len(x) * sum(each**2 for each in x)) for x in rivals.values() if len(x) > 1 and any(x)]
    return round(float(np.mean(found)), 3) if found else None


def spans_waited(span: float, intervals: Sequence[tuple[float, float]]) -> Iterator[int]:
    """Yield the numbers of the spans of which the intervals together cover nearly all."""
    covered, reached = defaultdict[int, float](float), 0.0
    for begin, end in sorted(intervals):
        begin = max(begin, reached)
        reached = max(reached, end)
        for number in range(int(begin // span), int(end // span) + 1):
            covered[number] += max(0.0, min(end, (number + 1) * span) - max(begin, number * span))
    return (number for number, seconds in covered.items() if seconds >= NEARLY_ALL * span)


def plot(figures: dict[str, Any], gpus: Sequence[int], file: Path) -> None:
    """Draw the figures: waits by the hour, then everything by the number of GPUs."""
    grid, axes = plt.subplots(2, 3, figsize=(14, 8), layout="constrained")
    by_hour_of(axes[0, 0], figures, gpus[:3])
    panels: list[tuple[Axes, str, str, Any]] = [
        (axes[0, 1], "Light users: 99th percentile of waits", "seconds", lambda each: each["light_wait_s"].get("p99")),
        (axes[0, 2], "Jain's index over guilds that always waited", "1: equal", lambda each: each["jain_guilds"]),
        (axes[1, 0], "Refused, as a limit was reached", "% of requests", lambda each: each["refused_percent"]),
        (axes[1, 1], "Loads of a checkpoint", "per 1,000 jobs", lambda each: each["loads_per_1000_jobs"]),
    ]
    for panel, title, unit, value in panels:
        for order, style in STYLES.items():
            colour, line = style.split()
            values = [value(figures[f"{order}, {number} GPUs"]) for number in gpus]
            panel.plot(gpus, [np.nan if each is None else each for each in values], line, color=colour, label=order)
        panel.set(title=title, ylabel=unit, xlabel="GPUs", xscale="log", xticks=gpus, xticklabels=gpus)
        panel.minorticks_off()
        panel.set_xlim(gpus[0] * 0.9, gpus[-1] * 1.1)
    axes[0, 1].set_yscale("symlog", linthresh=1)
    axes[0, 1].set_ylim(bottom=0)
    axes[0, 1].legend(loc="upper right")
    axes[0, 2].set_ylim(0, 1.05)
    costs_of(axes[1, 2], figures, gpus)
    grid.savefig(file, dpi=100)


def by_hour_of(panel: Axes, figures: dict[str, Any], gpus: Sequence[int]) -> None:
    """Draw the waits of the fair share over the day."""
    for number, colour, marker in zip(gpus, ("#000000", "#0072B2", "#009E73"), "os^", strict=False):
        hours = figures[f"fair share, {number} GPUs"]["by_hour"]
        for name, line in (("p99", "-"), ("p50", ":")):
            values = [each.get(name, np.nan) for each in hours]
            panel.plot(values, line, color=colour, marker=marker, markersize=4, label=f"{number} GPUs, {name}")
    panel.set(title="Fair share: waits by the hour", ylabel="seconds", xlabel="hour of the day, UTC")
    panel.set_yscale("symlog", linthresh=1)
    panel.legend(fontsize="small", ncols=len(gpus), loc="upper center")
    panel.set_ylim(0, panel.get_ylim()[1] * 8)


def costs_of(panel: Axes, figures: dict[str, Any], gpus: Sequence[int]) -> None:
    """Draw what pictures cost, and how busy the GPUs were, of the fair share."""
    found = [figures[f"fair share, {number} GPUs"] for number in gpus]
    panel.bar([str(number) for number in gpus], [each["dollars_per_1000_pictures"] for each in found], color="#56B4E9")
    for place, each in enumerate(found):
        label = f"{each['dollars_per_1000_pictures']:.2f} $\n{each['utilisation']:.0%} busy"
        panel.text(place, each["dollars_per_1000_pictures"], label, ha="center", va="bottom", fontsize=8)
    dollars = figures["assumptions"]["dollars"]
    panel.set(title=f"Fair share: cost at {dollars:g} $ an hour", ylabel="$ per 1,000 pictures", xlabel="GPUs")
    panel.margins(y=0.2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--guilds", type=int, default=1_000)
    parser.add_argument("--gpus", type=int, nargs="+", default=GPUS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    chosen = Community(hours=arguments.hours, guilds=arguments.guilds, seed=arguments.seed)
    measured = measure(chosen, arguments.gpus)
    if arguments.plot is not None:
        plot(measured, arguments.gpus, arguments.plot)
    report(measured, arguments.json)

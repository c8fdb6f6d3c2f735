"""What a classifier holds of a prompt."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """The log-odds of each breach against harmlessness, by the label of the clause or rule that would be broken."""

    odds: Mapping[str, float]

    def of_any(self, labels: Collection[str]) -> float:
        """Return the log-odds that any of these is broken, minus infinity for none; no number stays no number."""
        chosen = [self.odds[label] for label in labels]
        highest = max(chosen, default=-math.inf)
        if not math.isfinite(highest):
            return highest
        return highest + math.log(sum(math.exp(each - highest) for each in chosen))

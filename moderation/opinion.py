"""What a classifier holds of a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """The clause or rule that the prompt would break, by its label, and the log-odds that it breaks any."""

    label: str
    log_odds: float

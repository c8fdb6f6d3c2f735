"""What the doctor finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and what to do about it."""

    subject: str
    well: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok     ' if self.well else 'PROBLEM'}  {self.subject}: {self.text}"

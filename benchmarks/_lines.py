"""Two ways to order jobs that are not fair, for comparison."""

from jobs.fair_share import FairShare
from jobs.share import Entry, way


class FirstInFirstOut(FairShare):
    """Whoever asks for much, gets much."""

    def claim(self) -> Entry | None:
        """Take the oldest job."""
        return self._take(way(self._nodes(self._entries[min(self._entries)].path))) if self._entries else None


class RoundRobin(FairShare):
    """Everybody in turn, whatever their jobs cost."""

    def claim(self) -> Entry | None:
        """Take a job of whoever was served longest ago."""
        nodes = [self._root] if self._root.pending else []
        while nodes and nodes[-1].children:
            nodes.append(min(nodes[-1].waiting(), key=lambda child: (child.last_served, child.arrived)))
        return self._take(way(nodes))

"""The shipped clauses over neutral words, and a classifier that has no opinion: no test needs harmful prose."""

from pathlib import Path

from bot_kit import House

from config.settings import ROOT

TERMS = """
[groups.blocked]
words = ["marmalade"]
[groups.first_half]
words = ["lantern"]
[groups.second_half]
words = ["harbour"]
[groups.bridge]
words = ["bridge"]
[groups.castle]
words = ["castle"]

[[rules]]
breaks = "operator"
groups = ["blocked"]
[[rules]]
breaks = "b"
groups = ["first_half", "second_half"]
[[rules]]
breaks = "e"
groups = ["bridge"]
[[rules]]
breaks = "gore"
groups = ["castle"]
"""


def write_policy(folder: Path) -> Path:
    """Write it: "marmalade" and "castle" break rules, "bridge" earns a strike, "lantern" in a "harbour" locks."""
    folder.mkdir(parents=True, exist_ok=True)
    shipped = (ROOT / "config" / "policy.toml").read_text(encoding="utf-8")
    (folder / "policy.toml").write_text(shipped.replace('young = "minor"', 'young = "first_half"'), encoding="utf-8")
    (folder / "terms").mkdir(exist_ok=True)
    (folder / "terms" / "neutral.toml").write_text(TERMS, encoding="utf-8")
    return folder / "policy.toml"


def id_of(house: House, name: str) -> int:
    return int(next(user["id"] for user in house.server.describe()["users"] if user["name"] == name))

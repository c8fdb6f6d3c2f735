"""Width to height: as a ratio, or by a word for what the picture is for."""

import re

from config.words import UserError

RATIOS = ("1:1", "5:4", "4:5", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "2:1", "1:2")
WORDS = {
    "square": "1:1",
    "portrait": "2:3",
    "landscape": "3:2",
    "wide": "16:9",
    "tall": "9:16",
    "panorama": "3:1",
    "banner": "3:1",
    "cinema": "2.39:1",
    "television": "4:3",
    "photo": "3:2",
    "polaroid": "1:1",
    "postcard": "3:2",
    "poster": "2:3",
    "book cover": "2:3",
    "album cover": "1:1",
    "bookmark": "1:3",
    "story": "9:16",
    "phone wallpaper": "9:20",
    "tablet wallpaper": "3:4",
    "desktop wallpaper": "16:9",
    "ultrawide": "21:9",
}
FARTHEST = 4.0  #: times as wide as tall, or as tall as wide
RATIO = re.compile(r"(\d{1,4}(?:[.,]\d{1,3})?)\s*[:x×/]\s*(\d{1,4}(?:[.,]\d{1,3})?)", re.IGNORECASE)


def ratio_of(text: str) -> float:
    """Return what the width is to the height by a ratio or a word. Raises UserError that lists the words."""
    wanted = " ".join(text.casefold().split())
    match = RATIO.fullmatch(WORDS.get(wanted, wanted))
    if match is None:
        raise UserError("bot.aspect_unknown", given=text[:20], aspects=", ".join(WORDS))
    across, down = (float(part.replace(",", ".")) for part in match.groups())
    if not max(across, down) <= FARTHEST * min(across, down) > 0:
        raise UserError("bot.aspect_extreme", given=text[:20], limit=FARTHEST)
    return across / down

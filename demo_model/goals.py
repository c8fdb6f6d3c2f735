"""What the demo model is to reach, and whether a report says that it does."""

from typing import Any

ADHERENCE = {"object": 0.95, "colour": 0.95, "background": 0.95, "two objects": 0.8, "position": 0.8}
REMOVED = 0.8  #: the least share of what a negative prompt names that goes away
UNLIKE = 25.0  #: the most PSNR, in dB, between pictures of different seeds
KEPT = 1.0  #: how many dB inpainting may cost outside the mask, beside what the autoencoder costs
Figures = dict[str, Any]


def goals_met(figures: Figures) -> dict[str, bool]:
    """Return for every goal whether the report's figures reach it; a fact that no caption told reaches none."""
    adherence, removed = figures["adherence"], figures["negative prompt"]
    at_one, at_more = figures["adherence at guidance 1"], figures["adherence at guidance 7.5"]
    seeds, inpainting = figures["seeds"], figures["inpainting"]
    least = inpainting["PSNR of the autoencoder there, dB"] - KEPT
    return {
        **{name: adherence.get(name, 0.0) >= goal for name, goal in ADHERENCE.items()},
        "guidance changes adherence": sum(at_more.values()) > sum(at_one.values()),
        "a negative prompt removes a background": removed["background removed"] >= REMOVED,
        "a negative prompt removes a thing": removed["thing removed"] >= REMOVED,
        "another seed gives another picture": seeds["mean PSNR between seeds, dB"] < UNLIKE,
        "the same seed gives the same bytes": seeds["same seed, same bytes"],
        "less strength stays closer": figures["img2img PSNR by strength"]["falls at every step"],
        "inpainting leaves the rest": inpainting["PSNR outside the mask, dB"] >= least,
    }

"""What does the mark outlive, beside those of the stock encoders, does it show, and is it seen where none is?

`python -m benchmarks.robustness [--json] [--pictures 200]`: the first run draws the pictures, at a second or more each,
into a folder that later ones read. `agreement` and `least`: mean and least of 136 bits, 68 by chance; `found`: as many
as are proof, in the picture as it is. These are read by our decoder from our marks, by the package's from its own.
`exact`: the package's decoder reads every bit. `record`: the record's id is read. `looked`: found by the search that
knows the picture's size at its making, on the first pictures of each kind.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from imwatermark.dwtDctSvd import EmbedDwtDctSvd
from imwatermark.maxDct import EmbedMaxDct
from numpy.typing import NDArray

from benchmarks._disturbances import DISTURBANCES, Disturbance
from benchmarks._gallery import Gallery, gallery, unmarked
from benchmarks.provenance import stock_mark
from config.settings import ROOT
from demo_model.report import psnr
from inference.engine.pictures import Picture
from provenance import watermark
from provenance.search import look

Figures = dict[str, Any]
FOLDER = ROOT / "data" / "robustness"
RECORD = "7KQ2ZD4M0X"
OURS = "ours"
DECODERS: dict[str, Any] = {OURS: EmbedDwtDctSvd, "dwtDctSvd": EmbedDwtDctSvd, "dwtDct": EmbedMaxDct}
WINDOW, SIGMA = (11, 11), 1.5
STEADY = (0.01 * 255) ** 2, (0.03 * 255) ** 2  #: constants of the structural similarity


def measure(pictures: Gallery, looked: int) -> Figures:
    """Return for each kind of picture and method how well it is hidden and what it outlives."""
    return {
        kind: {name: _tried(ones, name, min(looked, len(ones))) for name in DECODERS} for kind, ones in pictures.items()
    }


def _tried(pictures: Sequence[Picture], method: str, looked: int) -> Figures:
    marked = [_marked(pixels, method) for pixels in pictures]
    return {
        "pictures": len(pictures),
        "looked": looked if method == OURS else 0,
        "hidden": _hidden(pictures, marked),
        "outlived": {name: _outlived(marked, method, disturb, looked) for name, disturb in DISTURBANCES.items()},
    }


def _marked(pixels: Picture, method: str) -> Picture:
    if method == OURS:
        return watermark.embed(pixels, RECORD)
    return np.ascontiguousarray(stock_mark(pixels, method)[..., ::-1])


def _hidden(pictures: Sequence[Picture], marked: Sequence[Picture]) -> dict[str, float]:
    ratios = [psnr(before, after) for before, after in zip(pictures, marked, strict=True)]
    likeness = [ssim(before, after) for before, after in zip(pictures, marked, strict=True)]
    return {
        "psnr": round(float(np.mean(ratios)), 2),
        "least_psnr": round(min(ratios), 2),
        "ssim": round(float(np.mean(likeness)), 4),
        "least_ssim": round(min(likeness), 4),
    }


def ssim(before: Picture, after: Picture) -> float:
    """Return the structural similarity, the mean of the three colours', under a Gaussian window."""
    one, other = before.astype(np.float64), after.astype(np.float64)
    mean, others_mean = _smooth(one), _smooth(other)
    spread, others_spread = _smooth(one**2) - mean**2, _smooth(other**2) - others_mean**2
    together = _smooth(one * other) - mean * others_mean
    light = (2 * mean * others_mean + STEADY[0]) / (mean**2 + others_mean**2 + STEADY[0])
    return float(np.mean(light * (2 * together + STEADY[1]) / (spread + others_spread + STEADY[1])))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    border = WINDOW[0] // 2
    return np.asarray(cv2.GaussianBlur(values, WINDOW, SIGMA)[border:-border, border:-border], np.float64)


def _outlived(marked: Sequence[Picture], method: str, disturb: Disturbance, looked: int) -> Figures:
    disturbed = [disturb(pixels) for pixels in marked]
    stock_bits = [_stock_agreement(pixels, method) for pixels in disturbed]
    agreements = [watermark.detect(pixels) for pixels in disturbed] if method == OURS else stock_bits
    figures: Figures = {
        "agreement": round(float(np.mean(agreements)), 1),
        "least": min(agreements),
        "found": _share(agreement >= watermark.FOUND_AT for agreement in agreements),
        "exact": _share(agreement == watermark.BITS.size for agreement in stock_bits),
    }
    if method == OURS:
        figures["record"] = _share(watermark.read_record(pixels) == RECORD for pixels in disturbed)
        sizes = [(pixels.shape[1], pixels.shape[0]) for pixels in marked[:looked]]
        found = (look(pixels, [size]).found for pixels, size in zip(disturbed, sizes, strict=False))
        figures["looked"] = _share(found)
    return figures


def _stock_agreement(pixels: Picture, method: str) -> int:
    """Return how many bits the package's decoder reads right; also from pictures that it finds too small to try."""
    decoder = DECODERS[method](wmLen=watermark.BITS.size)
    read = decoder.decode(np.ascontiguousarray(pixels[..., ::-1]))
    return int(np.count_nonzero(read == watermark.BITS))


def _share(outcomes: Iterable[bool]) -> float:
    return round(float(np.mean(list(outcomes))), 4)


def mistaken(count: int, looked: int) -> Figures:
    """Return in how many unmarked pictures a mark is seen."""
    agreements, records, sightings = [], 0, 0
    for place, pixels in enumerate(unmarked(count)):
        agreements.append(watermark.detect(pixels))
        records += watermark.read_record(pixels) is not None
        sightings += place < looked and look(pixels, [(768, 768), (512, 512)]).found
    return {
        "pictures": count,
        "most_agreement": max(agreements),
        "mean_agreement": round(float(np.mean(agreements)), 1),
        "found": sum(agreement >= watermark.FOUND_AT for agreement in agreements),
        "records": records,
        "looked": looked,
        "found_looking": sightings,
    }


def table(figures: Figures) -> str:
    """Return the figures of `measure` as tables to read, one for each kind of picture."""
    return "\n\n".join(_one_table(kind, methods) for kind, methods in figures.items())


def _one_table(kind: str, methods: Figures) -> str:
    lines = [f"### {kind}, {methods[OURS]['pictures']} pictures, {methods[OURS]['looked']} looked for", ""]
    lines += [f"{name}: {figures['hidden']}" for name, figures in methods.items()]
    lines += ["", "| | " + " | ".join(methods) + " |", "| --- " * (len(methods) + 1) + "|"]
    for disturbance in DISTURBANCES:
        cells = [_cell(figures["outlived"][disturbance]) for figures in methods.values()]
        lines.append(f"| {disturbance} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(outlived: Figures) -> str:
    """Return mean and least agreement, then the shares."""
    shares = (f"{name} {outlived[name]:.1%}" for name in ("found", "looked", "exact", "record") if name in outlived)
    return f"{outlived['agreement']} ({outlived['least']}); " + ", ".join(shares)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pictures", type=int, default=200, help="of the demo model")
    parser.add_argument("--looked", type=int, default=20, help="of each kind, for the slow search")
    parser.add_argument("--unmarked", type=int, default=2_000)
    parser.add_argument("--unmarked-looked", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the drawn pictures are kept")
    arguments = parser.parse_args()
    figures = measure(gallery(arguments.pictures, arguments.folder), arguments.looked)
    never = mistaken(arguments.unmarked, arguments.unmarked_looked)
    print(json.dumps({"marked": figures, "unmarked": never}) if arguments.json else f"{table(figures)}\n\n{never}")


if __name__ == "__main__":
    main()

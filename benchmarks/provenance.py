"""What does it cost to stamp a picture, beside Pillow's PNG and the stock encoder in the same run?

`python -m benchmarks.provenance [--json]`; CPU milliseconds, medians; imports torch, as the stock encoder does.
"""

import argparse
import json
import time
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from statistics import median
from typing import Any

import numpy as np
from imwatermark import watermark as stock
from numpy.typing import NDArray
from PIL import Image

from benchmarks._textures import draw_texture
from provenance import png, watermark
from provenance.credentials import sign_made
from provenance.identity import Identity, make_identity, today
from provenance.pdq import pdq
from provenance.picture import Facts
from provenance.stamp import stamp

StockEncoder: Any = stock.WatermarkEncoder  # untyped
SIDE = 1024
ROUNDS = 5
FACTS = Facts(
    record_id="0123456789",
    prompt="a lighthouse at dusk, oil on canvas " * 5,
    num_inference_steps=20,
    sampler="DDIM",
    guidance_scale=7.5,
    seed=1,
    width=SIDE,
    height=SIDE,
    checkpoint="demo",
    version="benchmark",
)


def milliseconds(work: Callable[[], Any]) -> float:
    """Return the median CPU time of the work, in milliseconds."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(median(times) * 1000, 1)


def pillow_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the picture as Pillow writes it where nothing is said."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def stock_mark(pixels: NDArray[np.uint8], method: str) -> NDArray[np.uint8]:
    """Return the picture marked by the package invisible-watermark."""
    encoder = StockEncoder()
    encoder.set_watermark("bytes", watermark.MESSAGE)
    marked: NDArray[np.uint8] = encoder.encode(np.ascontiguousarray(pixels[..., ::-1]), method)
    return marked


def finish(pixels: NDArray[np.uint8], identity: Identity) -> str:
    """Do all that is done to a picture before it is stored: mark, self-check, encode, metadata, sign, hash."""
    pdq(pixels)
    return sha256(sign_made(stamp(pixels, FACTS).png, FACTS, identity)).hexdigest()


def measure() -> dict[str, Any]:
    """Return every step's time and the ratio that the project promises: at most a third."""
    pixels, identity = draw_texture(0, SIDE, SIDE), make_identity(today())
    file = stamp(pixels, FACTS).png
    steps = {
        "all": milliseconds(lambda: finish(pixels, identity)),
        "sign": milliseconds(lambda: sign_made(file, FACTS, identity)),
        "pdq": milliseconds(lambda: pdq(pixels)),
        "stamp": milliseconds(lambda: stamp(pixels, FACTS)),
        "embed": milliseconds(lambda: watermark.embed(pixels, FACTS.record_id)),
        "detect": milliseconds(lambda: watermark.detect(pixels)),
        "read_record": milliseconds(lambda: watermark.read_record(pixels)),
        "png": milliseconds(lambda: png.encode(pixels)),
        "pillow_png": milliseconds(lambda: pillow_png(pixels)),
        "stock_dwtDct": milliseconds(lambda: stock_mark(pixels, "dwtDct")),
        "stock_dwtDctSvd": milliseconds(lambda: stock_mark(pixels, "dwtDctSvd")),
    }
    sizes = {"png": len(png.encode(pixels)), "pillow_png": len(pillow_png(pixels))}
    ratio = steps["all"] / (steps["pillow_png"] + steps["stock_dwtDctSvd"])
    return {"side": SIDE, "cpu_ms": steps, "bytes": sizes, "ratio": round(ratio, 3)}


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = arguments.parse_args().json
    figures = measure()
    print(json.dumps(figures) if as_json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

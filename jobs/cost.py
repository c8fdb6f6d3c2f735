"""What a request will cost, in seconds of the device, fitted to what requests did cost on devices of its kind."""

from collections import deque
from math import ceil
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from inference.request import ImageRequest, Sampler, Task

REMEMBERED = 64  # observations per checkpoint, the latest
HALF_LIFE = 8  # observations, after which an older one counts half: a machine's speed changes with what else it does
BELIEVABLE = 1e-4, 1e5  # seconds; beyond these a clock stood still or jumped
PRIOR = np.array([2.0, 0.02, 0.4, 0.3, 1.0])  # seconds per unit of each of `terms`; no machine in particular
PRIOR_WEIGHT = 0.01  # (0.1 / 1)²: of an observation's usual error, and of a coefficient's, as logarithms
USUAL_ERROR = 0.1  # of an observation, as a logarithm; what lies farther off pulls no harder than this
ROUNDS = 10  # of the fit; a hundred give the same estimates to three digits
LONGEST_STEP = 1.0  # of a coefficient in one round, as a logarithm
SECOND_ORDER = {Sampler.HEUN, Sampler.DPM2, Sampler.DPM2_A}
OVERLAP = 0.25  # of an upscale's tiles, in parts of their side

Vector = NDArray[np.float64]


class CostModel:
    """Seconds as a sum of `terms`, their coefficients fitted per checkpoint to its latest observations."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[Vector, float]]] = {}
        self._fitted: dict[str, Vector] = {}

    def knows(self, checkpoint: str) -> bool:
        """Say whether anything was observed of a checkpoint."""
        return checkpoint in self._seen

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected seconds of a request: finite, above zero, and more for more of anything."""
        parts = request.singles() if request.variants else (request,)
        return sum(float(terms(part) @ self._coefficients(part.checkpoint)) for part in parts)

    def observe(self, request: ImageRequest, seconds: float) -> None:
        """Learn from an attempt that took `seconds`; what cannot be is not learnt from."""
        shortest, longest = BELIEVABLE
        if not shortest <= seconds <= longest:  # written so that NaN is refused too
            return
        if {single.checkpoint for single in request.singles()} != {request.checkpoint}:  # whose time was it?
            return
        self._seen.setdefault(request.checkpoint, deque(maxlen=REMEMBERED)).append((terms(request), seconds))
        self._fitted.pop(request.checkpoint, None)

    def _coefficients(self, checkpoint: str) -> Vector:
        if not self.knows(checkpoint):
            return PRIOR
        if checkpoint not in self._fitted:
            seen, seconds = zip(*self._seen[checkpoint], strict=True)
            self._fitted[checkpoint] = fit(np.array(seen), np.array(seconds))
        return self._fitted[checkpoint]


def terms(request: ImageRequest) -> Vector:
    """Return what a request's seconds are proportional to, over all its pictures.

    Megapixels decoded; UNet calls; megapixels times calls times rows of the batch; the same times the megapixels of
    one call, for attention grows faster than the area; and megapixels made from a source, to encode or to enlarge it.
    """
    if request.variants:
        return sum((_terms_of_one(single) for single in request.singles()), np.zeros(len(PRIOR)))
    return request.count * _terms_of_one(request)


def _terms_of_one(request: ImageRequest) -> Vector:
    megapixels = request.width * request.height / 1e6
    steps, rows = _steps(request), 1 if request.guidance_scale <= 1 else 2
    tiles, tile = _tiles(request, megapixels)
    work = steps * tiles * tile * rows
    decoded = megapixels if steps else 0.0
    sourced = 0.0 if request.task is Task.TEXT_TO_IMAGE else megapixels * max(1, len(request.blended))
    return np.array([decoded, steps * tiles, work, work * tile, sourced])


def _steps(request: ImageRequest) -> int:
    """Return how often the UNet looks at a picture, as the engine counts it."""
    steps = request.num_inference_steps
    if request.task is not Task.TEXT_TO_IMAGE and request.strength is not None and request.strength < 1:
        steps = max(1, int(steps * request.strength)) if request.strength > 0 else 0
    return max(0, 2 * steps - 1) if request.sampler in SECOND_ORDER else steps


def _tiles(request: ImageRequest, megapixels: float) -> tuple[int, float]:
    """Return how many parts a picture is denoised in, and the megapixels of one.

    The tiles of an upscale are taken to be as large as its source, which a checkpoint draws at its native size.
    """
    if request.task is not Task.UPSCALE or request.factor is None:
        return 1, megapixels
    along = ceil((request.factor - OVERLAP) / (1 - OVERLAP))
    return along**2, megapixels / request.factor**2


def fit(seen: Vector, seconds: Vector) -> Vector:
    """Return the seconds per unit of each term, of shape [terms], from observations of shape [observations, terms].

    Gauss and Newton's method on the logarithms of coefficients and seconds: so errors are relative, and every
    coefficient stays above zero. The prior is scaled to this machine's speed first, and ridge regression holds on to
    its ratios: one observation scales everything, and each further one bends what it tells something about. Outliers
    are bounded by Huber's weights (Huber 1964, Robust Estimation of a Location Parameter).
    """
    prior = PRIOR * median_low(seconds / (seen @ PRIOR))  # low: a machine sleeps sometimes, and never hurries
    bends, fresh = np.zeros(len(prior)), 0.5 ** (np.arange(len(seconds))[::-1] / HALF_LIFE)
    for _ in range(ROUNDS):
        parts = seen * prior * np.exp(bends)
        expected = parts.sum(1)
        shares, errors = parts / expected[:, None], np.log(seconds / expected)
        weights = fresh * _trust(errors)
        curvature = shares.T @ (weights[:, None] * shares) + PRIOR_WEIGHT * np.eye(len(prior))
        step = np.linalg.solve(curvature, (weights * errors) @ shares - PRIOR_WEIGHT * bends)
        bends += step.clip(-LONGEST_STEP, LONGEST_STEP)
    coefficients: Vector = prior * np.exp(bends)
    return coefficients


def _trust(errors: Vector) -> Vector:
    """Return Huber's weights, which bound an outlier's pull; where it is off by a factor of e or more, that falls."""
    sizes = np.abs(errors)
    weights: Vector = USUAL_ERROR / np.maximum(sizes, USUAL_ERROR) / np.maximum(sizes, 1)
    return weights

"""What a request will cost, in seconds of the device, learnt from what requests did cost."""

from math import ceil, inf

from inference.request import ImageRequest, Task

FIRST_GUESS = 0.5  # seconds per megapixel, step and row of the batch; wrong on purpose for no machine in particular
FIXED_STEPS = 3  # text encoder, VAE and marking weigh about as much as these many steps
LEARNING_RATE = 0.3


class CostModel:
    """Seconds as a multiple of work, one rate per checkpoint, corrected by every finished attempt."""

    def __init__(self) -> None:
        self._rates: dict[str, float] = {}

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected seconds of a request."""
        return self._rates.get(request.checkpoint, FIRST_GUESS) * work(request)

    def observe(self, request: ImageRequest, seconds: float) -> None:
        """Learn from an attempt that took `seconds`; what cannot be is not learnt from."""
        if not 0 < seconds < inf:  # a clock that jumped; free work, or work that is not a number, would upset the line
            return
        seen = seconds / work(request)
        known = self._rates.get(request.checkpoint)
        self._rates[request.checkpoint] = seen if known is None else known + LEARNING_RATE * (seen - known)


def work(request: ImageRequest) -> float:
    """Return the work of a request: megapixels times steps times rows, over all its pictures."""
    share = 1.0 if request.task is Task.TEXT_TO_IMAGE or request.strength is None else request.strength
    steps = ceil(request.num_inference_steps * share) + FIXED_STEPS
    rows = 1 if request.guidance_scale == 1 else 2
    return request.width * request.height / 1e6 * steps * rows * request.count

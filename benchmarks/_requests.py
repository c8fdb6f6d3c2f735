"""The requests that the engine's benchmark draws."""

import random
from collections.abc import Sequence
from typing import Any

from inference.checkpoints import Checkpoint
from inference.request import ImageRequest, Sampler

STEPS = (20, 12, 30, 8, 20, 16, 4, 25)
GUIDANCE = (3.0, 7.5, 1.0, 3.0, 1.0, 5.0, 3.0, 3.0)
SAMPLERS = (Sampler.DDIM, Sampler.EULER, Sampler.EULER_A, Sampler.DPMPP_2M, Sampler.UNIPC, Sampler.DDIM, Sampler.LCM)
PROMPTS = ("a red circle", "two blue stars on a meadow", "a green fish in the sea", "a striped yellow house at night")
SHORTEST = min(range(len(STEPS)), key=lambda index: STEPS[index])
SHARES = (1.0, 1.0, 1.0, 0.5, 1.5)  #: of the default number of steps, one as likely as the other


def usual(checkpoint: Checkpoint, number: int, **values: Any) -> ImageRequest:
    """Return a request at the checkpoint's default settings; `values` are a request's."""
    defaults: dict[str, Any] = {
        "checkpoint": checkpoint.name,
        "prompt": PROMPTS[number % len(PROMPTS)],
        "seed": number,
        "width": checkpoint.native_side,
        "height": checkpoint.native_side,
        "num_inference_steps": checkpoint.num_inference_steps,
        "guidance_scale": checkpoint.guidance_scale,
        "sampler": checkpoint.sampler,
    }
    return ImageRequest(**defaults | values)


def eight(checkpoint: Checkpoint) -> list[ImageRequest]:
    """Return eight requests: other steps, guidance, samplers and prompts, one size."""
    return [
        usual(
            checkpoint,
            index,
            num_inference_steps=steps,
            guidance_scale=GUIDANCE[index],
            sampler=SAMPLERS[index % len(SAMPLERS)],
        )
        for index, steps in enumerate(STEPS)
    ]


def mixed(checkpoint: Checkpoint, count: int, dice: random.Random) -> list[ImageRequest]:
    """Return requests as people make them: most at the defaults, some with other steps, sampler or no guidance."""
    return [
        usual(
            checkpoint,
            number,
            num_inference_steps=max(1, round(dice.choice(SHARES) * checkpoint.num_inference_steps)),
            guidance_scale=dice.choice((checkpoint.guidance_scale,) * 3 + (1.0,)),
            sampler=dice.choice((checkpoint.sampler,) * 3 + (Sampler.EULER_A,)),
        )
        for number in range(count)
    ]


def work(requests: Sequence[ImageRequest]) -> int:
    """Return how many rows the UNet has to see for the requests."""
    return sum(request.num_inference_steps * (1 + (request.guidance_scale > 1)) for request in requests)

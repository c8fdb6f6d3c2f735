"""The bot itself, `python -m tests.stand_in_bot`, whose cluster draws with an engine without torch."""

import sys
from functools import partial

from inference.executors import EXECUTORS
from inference.ray import RayExecutor
from run_bot import main

if __name__ == "__main__":
    EXECUTORS["ray"] = partial(RayExecutor, engine="tests.fakes_inference:PlainEngine")
    sys.exit(main())

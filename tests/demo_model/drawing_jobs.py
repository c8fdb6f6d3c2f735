"""What drawing processes do in the tests; apart from them, so that the processes start quickly."""

import os

import numpy as np


def draw_number(dice: np.random.Generator) -> float:
    return dice.random()


def drawing_process(dice: np.random.Generator) -> int:
    return os.getpid()

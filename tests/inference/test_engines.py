"""The engines that workers load by their names, which no type checker sees there."""

from importlib import import_module
from inspect import signature

import pytest
from inference_kit import SCRIPTED

from inference.contract import Engine
from inference.easel import ENGINE

WITHOUT_TORCH = [
    SCRIPTED,
    "benchmarks._instant:InstantEngine",
    "benchmarks._stand_in:StandIn",
    "benchmarks._stand_in:OneLane",
]
METHODS = ("__init__", "load", "held", "begin", "tick", "free", "counts")


def the_engine(name: str) -> type[Engine]:
    module, _, kind = name.partition(":")
    found: type[Engine] = getattr(import_module(module), kind)
    return found


@pytest.mark.parametrize("name", [ENGINE, "tests.telling:TellingEngine", *WITHOUT_TORCH])
@pytest.mark.parametrize("method", METHODS)
def test_each_takes_what_a_worker_gives_it(name, method):
    theirs, wanted = (signature(getattr(engine, method)).parameters for engine in (the_engine(name), Engine))
    assert list(theirs) == list(wanted)


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_each_says_how_much_it_takes(name, tmp_path):
    engine = the_engine(name)("cpu", {}, tmp_path)
    assert engine.lanes >= 1
    assert engine.memory is None

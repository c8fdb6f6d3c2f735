"""Which executor there is to be."""

from collections.abc import Callable, Mapping

from config.settings import Settings
from inference.checkpoints import Checkpoint
from inference.executor import Executor
from inference.local import LocalExecutor
from inference.ray import RayExecutor

EXECUTORS: dict[str, Callable[[Settings, Mapping[str, Checkpoint]], Executor]] = {
    "local": LocalExecutor,
    "ray": RayExecutor,
}


def chosen_executor(settings: Settings, checkpoints: Mapping[str, Checkpoint]) -> Executor:
    """Return the executor that the settings name."""
    return EXECUTORS[settings.executor](settings, checkpoints)

"""Which executor there is to be."""

from collections.abc import Callable, Mapping

from config.settings import Settings
from inference.checkpoints import Checkpoint
from inference.executor import Executor
from inference.local import LocalExecutor
from inference.ray import RayExecutor
from inference.supervisor import Settle

EXECUTORS: dict[str, Callable[[Settings, Mapping[str, Checkpoint], Settle | None], Executor]] = {
    "local": LocalExecutor,
    "ray": RayExecutor,
}


def chosen_executor(
    settings: Settings, checkpoints: Mapping[str, Checkpoint], settle: Settle | None = None
) -> Executor:
    """Return the executor that the settings name; without `settle` its workers' choices lie in the data folder."""
    return EXECUTORS[settings.executor](settings, checkpoints, settle)

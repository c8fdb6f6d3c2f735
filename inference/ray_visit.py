"""A look at a Ray cluster, as JSON: `python -m inference.ray_visit SETTINGS`."""

import json
import sys
from typing import Any

from config.settings import Ray
from inference.ray_cluster import Cluster, Unreachable


def visit(settings: Ray) -> dict[str, Any]:
    """Return the machines with their number of GPUs, or why the cluster cannot be joined."""
    cluster = Cluster(settings)
    try:
        cluster.join()
        machines = {f"{machine.name}-{machine.id[:6]}": machine.gpus for machine in cluster.machines()}
    except Unreachable as error:
        return {"problem": str(error)}
    cluster.leave()
    return {"machines": machines}


if __name__ == "__main__":
    print(json.dumps(visit(Ray.model_validate_json(sys.argv[1]))))

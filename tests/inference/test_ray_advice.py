"""What is said to an operator whose cluster cannot be joined."""

import pytest

cluster = pytest.importorskip("inference.ray_cluster", reason="Ray is an extra", exc_type=ImportError)


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        (ConnectionError("Failed to connect to Ray cluster at 10.77.0.1:6379"), "RAY_AUTH_TOKEN has to be here"),
        (RuntimeError("Version mismatch: the cluster has Ray 2.59"), "the same versions of Ray and Python"),
        (ConnectionError("Could not find any running Ray instance."), "start Ray on this machine, too"),
    ],
)
def test_advice_names_the_cause(problem: Exception, advice: str) -> None:
    assert advice in cluster._advice(problem)

import numpy as np
import pytest

from benchmarks._textures import draw_texture
from benchmarks.robustness import measure, mistaken, ssim, table


@pytest.fixture(scope="module")
def figures():
    return measure({"textures": [draw_texture(seed, 256, 256) for seed in range(2)]}, looked=1)


def test_the_table_has_a_line_for_every_disturbance_and_a_column_for_every_method(figures):
    lines = table(figures).splitlines()

    assert "| | ours | dwtDctSvd | dwtDct |" in lines
    assert sum(line.startswith(("| JPEG", "| WebP")) for line in lines) == 7
    assert all(line.count("|") == 5 for line in lines if line.startswith("|"))


def test_what_nothing_happened_to_is_read_by_everybody(figures):
    ours = figures["textures"]["ours"]["outlived"]

    assert ours["none"] == {"agreement": 136, "least": 136, "found": 1, "exact": 1, "record": 1, "looked": 1}
    assert (ours["flip"]["found"], ours["flip"]["looked"]) == (0, 1)


def test_nobody_is_mistaken():
    figures = mistaken(5, looked=1)

    assert (figures["pictures"], figures["found"], figures["records"], figures["found_looking"]) == (5, 0, 0, 0)


def test_a_picture_is_like_itself_and_unlike_its_negative(texture):
    pixels = texture(0, 64, 64)

    assert ssim(pixels, pixels) == pytest.approx(1)
    assert ssim(pixels, np.uint8(255) - pixels) < 0.2

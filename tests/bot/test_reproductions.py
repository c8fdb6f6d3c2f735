"""/reproduce gives its verdict for every kind of record."""

from dataclasses import replace

import pytest
from bot_kit import House
from fakes import draw, draw_over
from guest import record_ids

from inference.protocol import Attempt, Done


def another(attempt: Attempt) -> Done:
    """Draw what another seed would."""
    return draw(replace(attempt, request=replace(attempt.request, seed=99)))


@pytest.mark.parametrize(
    "command",
    [
        *("/vary picture:{}", "/vary picture:{} strength:strong", "/upscale picture:{}", "/remix id:{}"),
        *("/reproduce id:{}", "/outpaint picture:{} zoom:2", "/blend picture_1:{} picture_2:{}"),
        "/inpaint picture:{} prompt:a star region:left half",
    ],
)
async def test_every_kind_of_picture_is_reproduced_with_a_verdict(house: House, command: str) -> None:
    ada = house.guest()
    house.executor.outcomes = [draw_over] * 4 + [another]
    [source] = record_ids(await ada.type("/imagine a red circle seed:1"))
    [second] = record_ids(await ada.type("/imagine a blue circle seed:2"))
    [made] = record_ids(await ada.type(command.format(source, second)))
    same = await ada.type(f"/reproduce id:{made}")
    other = await ada.type(f"/reproduce id:{made}")

    assert "**Identical:**" in same["content"]
    assert "**Different:**" in other["content"]

"""The bot's own process stays light: pictures are other processes' work."""

from collections.abc import Callable

import psutil
from guest import Guest
from processes import Bot

MEGABYTES = 250


async def test_the_bot_knows_no_torch_and_weighs_little_after_all_kinds_of_work(
    bot: Bot, guest: Callable[..., Guest]
) -> None:
    ada = guest()
    drawn = await ada.type("/imagine a feather steps:2 count:4")
    await ada.press(drawn, "Upscale 1")
    await ada.type("/history")
    process = psutil.Process(bot.process.pid)
    mapped = " ".join(mapping.path for mapping in process.memory_maps())

    assert "libtorch" not in mapped
    assert "python" in mapped  # so that the line above could fail
    assert process.memory_info().rss < MEGABYTES * 1e6

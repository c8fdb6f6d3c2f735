"""What a person sees between asking and getting: a place, steps, a preview."""

import asyncio
from collections.abc import Callable

from guest import Guest, labels


async def test_a_running_job_shows_its_steps_and_a_preview_before_its_result(guest: Callable[..., Guest]) -> None:
    ada = guest()
    await ada.type("/imagine warm up steps:2")
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a slow sunrise steps:100 count:2"})
    seen = []
    async with asyncio.timeout(60):
        while not seen or "Vary 1" not in labels(seen[-1]):
            answer = await ada.get(f"interactions/{started['interaction']}", wait=5)
            if answer["message"] is not None:
                seen.append(answer["message"])
            await asyncio.sleep(0.2)
    previews = [each for each in seen if any(file["filename"] == "preview.jpg" for file in each["attachments"])]

    assert any("step" in each["content"].lower() for each in seen)
    assert previews
    assert all(file["description"] for each in previews for file in each["attachments"])
    assert all("Cancel" in labels(each) for each in previews)

"""The painting page in a real browser: mouse, fingers, keyboard, and what is sent."""

from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
import pytest_asyncio
from browsing import ARGUMENTS, CHROMIUM
from painting_kit import Studio, open_studio
from playwright.async_api import Browser, Page, async_playwright, expect

from config.words import UserError, say

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]

Visit = Callable[..., Awaitable[Page]]
SIZE = (256, 192)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def studio() -> AsyncIterator[Studio]:
    async with open_studio() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def visit(studio: Studio, browser: Browser) -> AsyncIterator[Visit]:
    """Opens a painting; what the browser complains of fails the test, the page's own strict policy included."""
    contexts, complaints = [], []

    async def open_page(*, phone: bool = False, link: str | None = None) -> Page:
        size = {"width": 390, "height": 740} if phone else {"width": 1000, "height": 760}
        context = await browser.new_context(viewport=size, has_touch=phone, is_mobile=phone)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await page.goto(link or studio.open(size=SIZE))
        await expect(page.get_by_role("application")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert [each for each in complaints if not each.startswith("Failed to load resource")] == []


async def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a point of the picture is, given as shares of its sides."""
    box = await page.locator("#mask").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


async def stroke(page: Page, *points: tuple[float, float]) -> None:
    """Draw with the mouse over points of the picture."""
    await page.mouse.move(*await place(page, *points[0]))
    await page.mouse.down()
    for point in points[1:]:
        await page.mouse.move(*await place(page, *point), steps=5)
    await page.mouse.up()


Fingers = tuple[tuple[float, float], ...]


async def touch(page: Page, *moments: Fingers) -> None:
    """Let fingers be at points of the picture, one moment after the other; none means that they are lifted."""
    session = await page.context.new_cdp_session(page)
    before: Fingers = ()
    for fingers in moments:
        points = [await place(page, *each) for each in fingers]
        kind = "touchEnd" if not fingers else "touchMove" if len(fingers) == len(before) else "touchStart"
        told = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})
        before = fingers


async def send(page: Page) -> None:
    await page.get_by_role("button", name=say("painting.send")).click()


def is_painted(studio: Studio, x: float, y: float) -> bool:
    mask = studio.mask()
    height, width = mask.shape
    return bool(mask[int(y * height), int(x * width)] >= 128)


async def test_a_stroke_of_the_mouse_is_in_the_mask_where_it_was(visit: Visit, studio: Studio) -> None:
    page = await visit()
    await stroke(page, (0.2, 0.25), (0.5, 0.25))
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()

    rows, columns = np.nonzero(studio.mask() >= 128)
    height, width = studio.mask().shape
    assert height * 256 == width * 192
    assert abs(rows.mean() / height - 0.25) < 0.01
    assert abs(columns.mean() / width - 0.35) < 0.01
    assert is_painted(studio, 0.35, 0.25)
    assert not is_painted(studio, 0.35, 0.6)


async def test_a_finger_paints_and_two_fingers_zoom(visit: Visit, studio: Studio) -> None:
    page = await visit(phone=True)
    await touch(page, ((0.3, 0.3),), ((0.5, 0.5),), ())
    await touch(page, ((0.4, 0.8),), ((0.4, 0.8), (0.6, 0.8)), ((0.3, 0.8), (0.7, 0.8)), ())

    await expect(page.locator("#zoom")).to_have_text("200 %")
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert is_painted(studio, 0.4, 0.4)
    assert not is_painted(studio, 0.4, 0.8)


async def test_what_is_erased_undone_and_cleared_is_not_in_the_mask(visit: Visit, studio: Studio) -> None:
    page = await visit()
    undo, redo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear"))
    await expect(undo).to_be_disabled()
    await stroke(page, (0.1, 0.5), (0.3, 0.5))
    await clear.click()
    await stroke(page, (0.1, 0.2), (0.9, 0.2))
    await page.get_by_text("Eraser", exact=True).click()
    await stroke(page, (0.5, 0.1), (0.5, 0.3))
    await page.get_by_text("Brush", exact=True).click()
    await stroke(page, (0.1, 0.8), (0.9, 0.8))
    await page.keyboard.press("Control+z")
    await stroke(page, (0.5, 0.9))
    await undo.click()
    await redo.click()
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()

    assert not is_painted(studio, 0.2, 0.5)
    assert is_painted(studio, 0.2, 0.2)
    assert not is_painted(studio, 0.5, 0.2)
    assert not is_painted(studio, 0.2, 0.8)
    assert is_painted(studio, 0.5, 0.9)


async def test_a_stroke_over_the_enlarged_picture_is_finer_and_in_its_place(visit: Visit, studio: Studio) -> None:
    page = await visit()
    await page.mouse.move(*await place(page, 0.75, 0.75))
    await page.mouse.wheel(0, -600)
    await expect(page.locator("#zoom")).not_to_have_text("100 %")
    await stroke(page, (0.75, 0.75))
    await page.get_by_role("button", name="Fit").click()
    await expect(page.locator("#zoom")).to_have_text("100 %")
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()

    assert is_painted(studio, 0.75, 0.75)
    assert np.count_nonzero(studio.mask() >= 128) < 0.001 * studio.mask().size


async def test_the_keyboard_alone_can_paint(visit: Visit, studio: Studio) -> None:
    page = await visit()
    await page.get_by_role("application").focus()
    await page.keyboard.press("Space")
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("]")
    await page.keyboard.press("Space")
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_focused()

    assert is_painted(studio, 0.5, 0.5)
    columns = np.nonzero((studio.mask() >= 128).any(axis=0))[0]
    assert columns.max() / studio.mask().shape[1] > 0.55


async def test_an_error_is_told_in_words_and_nothing_painted_is_lost(visit: Visit, studio: Studio) -> None:
    page = await visit()
    await send(page)
    await expect(page.get_by_role("status")).to_have_text(say("painting.nothing"))
    assert studio.masks == []

    await stroke(page, (0.2, 0.2), (0.4, 0.2))
    studio.refusal = UserError("bot.budget_spent", limit=5, when="tomorrow")
    await send(page)
    await expect(page.get_by_role("status")).to_contain_text("You have used your 5 s")
    studio.refusal = None
    await page.context.set_offline(True)
    await send(page)
    await expect(page.get_by_role("status")).to_have_text(say("painting.unreachable"))
    await page.context.set_offline(False)
    await send(page)
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert is_painted(studio, 0.3, 0.2)


async def test_what_was_painted_too_late_can_be_saved_as_a_file(visit: Visit, studio: Studio) -> None:
    link = studio.open(size=SIZE)
    page, other = await visit(link=link), await visit(link=link)
    await stroke(page, (0.2, 0.2), (0.4, 0.2))
    await stroke(other, (0.2, 0.2), (0.4, 0.2))
    await send(other)
    await expect(other.get_by_role("heading", name="Done")).to_be_visible()
    await send(page)
    await expect(page.get_by_role("status")).to_have_text(say("painting.gone"))

    async with page.expect_download() as download:
        await page.get_by_role("link", name=say("painting.save")).click()
    studio.masks.append((await (await download.value).path()).read_bytes())
    assert is_painted(studio, 0.3, 0.2)


async def test_a_link_that_opens_nothing_says_what_to_do(studio: Studio, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(studio.open()[:-4] + "AAAA")

    await expect(page.get_by_text(say("painting.gone"))).to_be_visible()
    await page.close()

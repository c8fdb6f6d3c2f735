"""The product as a newcomer meets it: the page in a real browser, /imagine typed, a button pressed."""

import re
from collections.abc import Iterator

import pytest
from browsing import ARGUMENTS, CHROMIUM
from playwright.sync_api import Browser, Page, expect, sync_playwright
from processes import Bot

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
PATIENCE = 30_000  # milliseconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, bot: Bot) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.goto(f"{bot.page}?user=ben&channel=studio")
    yield page
    context.close()


def type_in(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    box.press("Enter")


def test_a_newcomer_types_imagine_accepts_the_licence_sees_a_picture_and_presses_a_button(page: Page) -> None:
    type_in(page, "/imagine a red circle on a meadow seed:7 steps:4")
    accept = page.get_by_role("button", name=re.compile("Accept"))
    picture = page.get_by_role("img", name=re.compile("a red circle on a meadow"))
    expect(accept.or_(picture).first).to_be_visible(timeout=PATIENCE)
    if accept.count():
        accept.last.click()
    expect(picture.last).to_be_visible(timeout=PATIENCE)
    expect(picture.last).to_have_js_property("naturalWidth", 256)

    result = page.locator("[data-message-id]", has=page.get_by_role("button", name="Vary", exact=True)).last
    result.get_by_role("button", name="Vary", exact=True).click()
    expect(page.get_by_text("Varied for").last).to_be_visible(timeout=PATIENCE)


def test_a_remix_is_written_into_a_filled_in_dialog(page: Page) -> None:
    type_in(page, "/imagine a yellow boat seed:1 steps:4")
    result = page.locator("[data-message-id]", has_text="a yellow boat").last
    accept = page.get_by_role("button", name=re.compile("Accept"))
    expect(accept.or_(result).first).to_be_visible(timeout=PATIENCE)
    if accept.count():
        accept.last.click()
    expect(result.get_by_role("button", name="Remix")).to_be_visible(timeout=PATIENCE)
    result.get_by_role("button", name="Remix").click()
    dialog = page.get_by_role("dialog")
    prompt = dialog.get_by_label(re.compile("^Prompt"))
    expect(prompt).to_have_value("a yellow boat")
    prompt.fill("a green boat")
    dialog.get_by_role("button", name=re.compile("Submit|Send")).click()

    expect(
        page.locator("[data-message-id]", has_text="a green boat").last.get_by_role("button", name="Vary", exact=True)
    ).to_be_visible(timeout=PATIENCE)

"""The chat page in a real browser, over a real server, with a real bot: fixtures, and what a person does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import discord
import pytest
import pytest_asyncio
from browsing import ARGUMENTS, CHROMIUM
from discord.gateway import DiscordWebSocket
from page_bot import PageBot
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from yarl import URL

from local_discord.server import LocalDiscord

PAGE_TESTS = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page_server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page_bot(page_server: LocalDiscord) -> AsyncIterator[PageBot]:
    async with bot_of(page_server) as running:
        yield running


@asynccontextmanager
async def bot_of(server: LocalDiscord) -> AsyncIterator[PageBot]:
    """The bot, logged in; discord.py keeps its addresses on classes, so they are put back afterwards."""
    base, gateway = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = f"{server.base}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(server.core.gateway_url)
    bot = PageBot()
    try:
        await bot.login(server.token)
        running = bot.loop.create_task(bot.connect())
        await bot.synced.wait()
        await bot.wait_until_ready()
        yield bot
        await bot.close()
        await running
    finally:
        discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(page_server: LocalDiscord, page_bot: PageBot, page_browser: Browser) -> AsyncIterator[Visit]:
    """Opens the page as somebody, in a browser of their own; a script error fails the test."""
    contexts, errors = [], []

    async def open_page(user: str = "ada", channel: str = "studio", width: int = 1100) -> Page:
        context = await page_browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        await page.goto(f"{page_server.base}/?user={user}&channel={channel}")
        await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert errors == []


async def write(page: Page, text: str) -> None:
    """Write into the composer and press Enter."""
    box = page.get_by_role("textbox", name="Message")
    await box.fill(text)
    await box.press("Enter")


def newest(page: Page) -> Locator:
    return page.locator("[data-message-id]").last


async def answered(page: Page, text: str, words: str) -> Locator:
    """Run a typed command and wait until the newest message says something."""
    await write(page, text)
    await expect(newest(page)).to_contain_text(words)
    return newest(page)


async def pinned(message: Locator) -> Locator:
    """The same message, whatever comes after it."""
    identity = await message.get_attribute("data-message-id")
    return message.page.locator(f'[data-message-id="{identity}"]')


async def pick(page: Page, command: str) -> None:
    """Open a command's form by pointer."""
    await page.get_by_role("textbox", name="Message").press_sequentially(f"/{command}")
    await page.get_by_role("option", name=f"/{command} ").click()

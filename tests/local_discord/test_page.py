"""The chat page in a real browser, over a real server, with a real bot."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import discord
import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from page_bot import PageBot, picture
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from yarl import URL

from local_discord.server import LocalDiscord

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(server: LocalDiscord) -> AsyncIterator[PageBot]:
    async with bot_of(server) as running:
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
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(server: LocalDiscord, bot: PageBot, browser: Browser) -> AsyncIterator[Visit]:
    """Opens the page as somebody, in a browser of their own; a script error fails the test."""
    contexts, errors = [], []

    async def open_page(user: str = "ada", channel: str = "studio", width: int = 1100) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        await page.goto(f"{server.base}/?user={user}&channel={channel}")
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


async def test_typing_a_slash_lists_the_commands_and_the_keyboard_runs_one(visit: Visit) -> None:
    page = await visit()
    box = page.get_by_role("textbox", name="Message")
    await box.press_sequentially("/")
    commands = page.get_by_role("listbox", name="Commands")
    await expect(commands.get_by_role("option")).to_have_count(7)
    await expect(commands.get_by_role("option", name="/paint Paint a field of colour")).to_be_visible()

    await box.press_sequentially("pai")
    await expect(commands.get_by_role("option")).to_have_count(1)
    await box.press("Enter")
    subject = page.get_by_label("subject")
    await expect(subject).to_be_focused()
    await subject.press_sequentially("a lamp")
    await subject.press("Enter")

    message = newest(page)
    await expect(message).to_contain_text("Painted a lamp in amber")
    await expect(message).to_contain_text("Ada used /paint")
    shown = message.get_by_role("img", name="a field of amber")
    await expect(shown).to_have_js_property("naturalWidth", 64)
    await expect(box).to_be_focused()


async def test_the_bot_is_seen_thinking_until_its_answer_comes(visit: Visit, bot: PageBot) -> None:
    page = await visit()
    await write(page, "/ponder")
    await expect(newest(page)).to_contain_text("Atelier is thinking")
    bot.pondered.set()
    await expect(page.locator("[data-message-id]", has_text="Pondered")).to_have_count(1)
    await expect(page.get_by_text("is thinking")).to_have_count(0)


async def test_an_option_with_autocomplete_suggests(visit: Visit) -> None:
    page = await visit()
    await pick(page, "paint")
    await page.get_by_label("subject").fill("a pond")
    await page.get_by_role("button", name="Add tone").click()
    tone = page.get_by_role("combobox", name="tone", exact=True)
    await expect(tone).to_be_focused()
    await tone.press_sequentially("az")
    await expect(page.get_by_role("option", name="Azure")).to_be_visible()
    await tone.press("ArrowDown")
    await tone.press("Enter")
    await expect(tone).to_have_value("azure")
    await tone.press("Enter")
    await expect(newest(page)).to_contain_text("Painted a pond in azure")


async def pick(page: Page, command: str) -> None:
    """Open a command's form by pointer."""
    await page.get_by_role("textbox", name="Message").press_sequentially(f"/{command}")
    await page.get_by_role("option", name=f"/{command} ").click()


async def test_a_value_out_of_range_is_told_in_words_and_nothing_is_sent(visit: Visit) -> None:
    page = await visit()
    await pick(page, "paint")
    await page.get_by_role("button", name="Add count").click()
    await page.get_by_role("spinbutton", name="count").fill("9")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("subject is needed.")).to_be_visible()
    await expect(page.get_by_text("count must be between 1 and 4.")).to_be_visible()
    await expect(page.get_by_label("subject")).to_be_focused()

    await page.get_by_role("button", name="Leave out count").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()


async def test_what_the_server_refuses_is_told_and_the_text_is_kept(visit: Visit) -> None:
    page = await visit()
    await write(page, "/paint count:3")
    await expect(page.get_by_role("alert")).to_contain_text("required")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("/paint count:3")


async def test_a_typed_command_shows_a_gallery_that_can_be_enlarged(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/paint a red lamp count:3 tone:jade", "Painted a red lamp in jade")
    pictures = message.get_by_role("list", name="3 pictures")
    await expect(pictures.get_by_role("img")).to_have_count(3)

    await pictures.get_by_role("button", name="Alt text").nth(1).click()
    await expect(pictures.locator("figcaption", has_text="a field of amber")).to_be_visible()

    await pictures.get_by_role("button", name="a field of jade").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("img", name="a field of jade")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(dialog.get_by_role("img", name="a field of amber")).to_be_visible()
    await expect(dialog).to_contain_text("2 of 3")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_spoiler_stays_covered_until_it_is_pressed(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/paint a secret hidden:1", "Painted a secret")
    await expect(message.locator("[inert] img")).to_have_count(1)
    await message.get_by_role("button", name="Spoiler: show the hidden picture").click()
    await expect(message.locator("[inert]")).to_have_count(0)
    await expect(message.get_by_role("img", name="a field of amber")).to_be_visible()


async def test_buttons_and_a_menu_do_their_work(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/paint a door", "Painted a door")
    identity = await message.get_attribute("data-message-id")
    message = page.locator(f'[data-message-id="{identity}"]')
    await expect(message.get_by_role("button", name="Not yet")).to_be_disabled()
    await expect(message.get_by_role("link", name="Licence")).to_have_attribute("href", "https://example.org/licence")

    await message.get_by_role("button", name="Again").click()
    await expect(newest(page)).to_contain_text("Again for ada")
    await expect(newest(page)).to_contain_text("replying to Atelier")

    menu = message.locator('[data-custom-id="tone"]')
    await menu.press("ArrowDown")
    await menu.press("ArrowDown")
    await menu.press("Enter")
    await expect(message).to_contain_text("The tone is azure")
    await expect(message).to_contain_text("(edited)")


async def test_a_modal_checks_its_fields_and_takes_a_file(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/paint a boat", "Painted a boat")
    await message.get_by_role("button", name="Ask").click()
    dialog = page.get_by_role("dialog", name="Remix")
    subject = dialog.get_by_label("Subject")
    await expect(subject).to_have_value("a lamp")
    await subject.fill("ox")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_contain_text("Subject needs at least 3 characters; it has 2.")
    await expect(dialog).to_contain_text("Tone: choose one.")
    await expect(dialog).to_contain_text("Size: choose one.")

    await subject.fill("a boat")
    await dialog.get_by_label("Tone").select_option("jade")
    await dialog.get_by_label("Large").check()
    await dialog.get_by_label("Source").set_input_files(
        {"name": "sketch.png", "mimeType": "image/png", "buffer": picture("jade").getvalue()}
    )
    await dialog.get_by_role("button", name="Submit").click()
    await expect(newest(page)).to_contain_text("Remixed a boat in jade, Large, from sketch.png")
    await expect(dialog).to_have_count(0)


async def test_a_command_may_answer_with_a_modal(visit: Visit) -> None:
    page = await visit()
    await write(page, "/form")
    await expect(page.get_by_role("dialog", name="Remix")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_ephemeral_answer_is_for_one_person_and_can_be_dismissed(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    message = await answered(ada, "/whisper", "For your ears")
    await expect(message).to_contain_text("Only you can see this.")
    await message.get_by_role("button", name="Spoiler").click()
    await expect(message.get_by_text("well kept")).to_be_visible()

    await write(ben, "Did I miss anything?")
    await expect(newest(ada)).to_contain_text("Did I miss anything?")
    await expect(ben.get_by_role("main").get_by_text("For your ears")).to_have_count(0)

    await ada.get_by_role("button", name="Dismiss this message").last.click()
    await expect(ada.get_by_role("main").get_by_text("For your ears")).to_have_count(0)


async def test_message_and_user_commands_are_in_the_menu_of_a_message(visit: Visit) -> None:
    page = await visit()
    await write(page, "a word to echo")
    message = page.locator("[data-message-id]", has_text="a word to echo")
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(newest(page)).to_contain_text("Echo: a word to echo")
    await expect(newest(page)).to_contain_text("Ada used Echo")

    await message.first.click(button="right")
    await page.get_by_role("menuitem", name="Greet").click()
    await expect(newest(page)).to_contain_text("Hello @Ada")


async def test_own_messages_can_be_deleted_and_by_a_moderator_anybodys(visit: Visit) -> None:
    ada, ben, mia = await visit("ada"), await visit("ben"), await visit("mia")
    for word in ("first regret", "second regret"):
        await write(ada, word)
        await expect(newest(ben)).to_contain_text(word)
    await newest(ben).click(button="right")
    await expect(ben.get_by_role("menuitem", name="Copy message id")).to_be_visible()
    await expect(ben.get_by_role("menuitem", name="Delete message")).to_have_count(0)

    await ada.get_by_role("main").get_by_text("first regret").click(button="right")
    await ada.get_by_role("menuitem", name="Delete message").click()
    await mia.get_by_role("main").get_by_text("second regret").click(button="right")
    await mia.get_by_role("menuitem", name="Delete message").click()
    await expect(ben.get_by_role("main").get_by_text("regret")).to_have_count(0)


async def test_direct_messages_are_between_a_person_and_the_bot(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben", "dm")
    await ada.get_by_role("link", name="Direct messages").click()
    await expect(ada.get_by_role("heading", name="Direct messages")).to_be_visible()
    await expect(ada.get_by_text("Nothing here yet")).to_be_visible()
    await answered(ada, "/paint a nest", "Painted a nest")
    await write(ben, "my own")
    await expect(newest(ben)).to_contain_text("my own")
    await expect(ben.get_by_text("a nest")).to_have_count(0)
    await expect(ada.get_by_text("my own")).to_have_count(0)


async def test_files_go_with_messages_and_with_commands(visit: Visit) -> None:
    page = await visit()
    files = [
        {"name": "leaf.png", "mimeType": "image/png", "buffer": picture("jade").getvalue()},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"a note"},
        {"name": "wrong.txt", "mimeType": "text/plain", "buffer": b"no"},
    ]
    await page.get_by_label("Add files").last.set_input_files(files)
    await page.get_by_role("button", name="Leave out wrong.txt").click()
    await write(page, "two files")
    await expect(newest(page)).to_contain_text("two files")
    await expect(newest(page).get_by_role("img")).to_have_js_property("naturalWidth", 64)
    await expect(newest(page).get_by_role("link")).to_contain_text("notes.txt6 bytes")

    await pick(page, "show")
    await page.get_by_label("file").set_input_files(files[0])
    await page.get_by_role("button", name="Run").click()
    await expect(newest(page)).to_contain_text("You sent leaf.png")
    await expect(newest(page).get_by_role("img", name="what was sent")).to_have_js_property("naturalWidth", 64)


async def test_a_bot_that_never_answers_is_reported(visit: Visit) -> None:
    page = await visit()
    await write(page, "/silence")
    await expect(page.get_by_role("alert")).to_contain_text("The application did not respond")


async def test_the_newer_components_are_all_shown(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/panel", "A panel")
    await expect(message.get_by_role("heading", name="A panel")).to_be_visible()
    await expect(
        message.get_by_role("list", name="2 pictures").get_by_role("img", name="the amber one")
    ).to_be_visible()
    await expect(message.get_by_role("button", name="Spoiler: show the hidden picture")).to_be_visible()
    await expect(message.get_by_role("img", name="the jade one")).to_have_js_property("naturalWidth", 64)
    await expect(message.get_by_role("separator")).to_have_count(1)
    await expect(message.get_by_role("link", name="notes.txt")).to_be_visible()
    await expect(message.locator(".container")).to_have_css("border-left-color", "rgb(226, 160, 61)")
    await message.get_by_role("button", name="Touch").click()
    await expect(newest(page)).to_contain_text("Touched")


async def test_text_is_marked_up_and_never_markup(visit: Visit) -> None:
    page = await visit()
    await write(
        page,
        "# Head\n**bold** `code` <img src=x onerror=alert(1)>\n> quoted\n- item\n-# small [x](javascript:alert(1))",
    )
    message = newest(page)
    await expect(message.get_by_role("heading", name="Head")).to_be_visible()
    await expect(message.locator("strong", has_text="bold")).to_be_visible()
    await expect(message.locator("code")).to_have_text("code")
    await expect(message.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.get_by_role("listitem")).to_have_text("item")
    await expect(message.locator(".subtext")).to_have_text("small [x](javascript:alert(1))")
    await expect(message.locator("img, a")).to_have_count(0)


async def test_another_channel_with_news_is_marked_and_names_its_age_limit(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben", "after-dark")
    await expect(ben.get_by_role("heading", name="# after-dark (age-restricted)")).to_be_visible()
    await write(ben, "over here")
    link = ada.get_by_role("link", name="after-dark age-restricted new messages")
    await link.click()
    await expect(newest(ada)).to_contain_text("over here")
    await expect(ada.get_by_role("link", name="new messages")).to_have_count(0)


async def test_a_channel_is_offered_to_those_who_may_read_it(visit: Visit) -> None:
    page = await visit("ada", "mod-room")
    await expect(page.get_by_role("heading", name="# studio")).to_be_visible()
    await expect(page.get_by_role("link", name="mod-room")).to_have_count(0)

    await page.get_by_label("You are").select_option("mia")
    await page.get_by_role("link", name="mod-room").click()
    await expect(page.get_by_role("heading", name="# mod-room")).to_be_visible()
    assert "user=mia&channel=mod-room" in page.url


async def test_the_page_comes_back_after_its_events_were_cut(visit: Visit, server: LocalDiscord) -> None:
    page = await visit()
    await expect(page.get_by_role("status")).to_have_text("")
    server.core.chat.feed.close()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await write(page, "said in the gap")
    await expect(newest(page)).to_contain_text("said in the gap", timeout=8000)
    await expect(page.get_by_role("status")).to_have_text("")


async def test_it_fits_a_phone(visit: Visit) -> None:
    page = await visit(width=360)
    await answered(page, "/panel", "A panel")
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("link", name="after-dark").click()
    await expect(page.get_by_role("heading", name="# after-dark")).to_be_visible()
    await expect(page.get_by_role("navigation")).to_be_hidden()

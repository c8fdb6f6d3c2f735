"""Several people in several windows: who sees what, and who may do what."""

from urllib.parse import urlsplit

from page_kit import PAGE_TESTS, Visit, answered, newest, write
from playwright.async_api import Browser, expect

from local_discord.server import LocalDiscord

pytest_plugins = ["page_kit"]
pytestmark = PAGE_TESTS


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


async def test_the_page_comes_back_after_its_events_were_cut(visit: Visit, page_server: LocalDiscord) -> None:
    page = await visit()
    await expect(page.get_by_role("status")).to_have_text("")
    page_server.core.chat.feed.close()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await write(page, "said in the gap")
    await expect(newest(page)).to_contain_text("said in the gap", timeout=8000)
    await expect(page.get_by_role("status")).to_have_text("")


async def test_the_page_starts_anew_with_a_new_server(page_browser: Browser) -> None:
    page = await page_browser.new_page()
    async with LocalDiscord() as first:
        await page.goto(f"{first.base}/?user=ada&channel=studio")
        await write(page, "before the restart")
        await expect(newest(page)).to_contain_text("before the restart")
    async with LocalDiscord(port=urlsplit(first.base).port or 0):
        await expect(page.get_by_text("Nothing here yet")).to_be_visible(timeout=15_000)
        await write(page, "after the restart")
        await expect(newest(page)).to_contain_text("after the restart")
        await page.close()


async def test_it_fits_a_phone(visit: Visit) -> None:
    page = await visit(width=360)
    await answered(page, "/panel", "A panel")
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("link", name="after-dark").click()
    await expect(page.get_by_role("heading", name="# after-dark")).to_be_visible()
    await expect(page.get_by_role("navigation")).to_be_hidden()

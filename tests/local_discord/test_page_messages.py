"""What a person sees of messages, and what they can press in them."""

from page_bot import PageBot, picture
from page_kit import PAGE_TESTS, Visit, answered, newest, pinned, write
from playwright.async_api import expect

pytest_plugins = ["page_kit"]
pytestmark = PAGE_TESTS


async def test_the_bot_is_seen_thinking_until_its_answer_comes(visit: Visit, page_bot: PageBot) -> None:
    page = await visit()
    await write(page, "/ponder")
    await expect(newest(page)).to_contain_text("Atelier is thinking")
    page_bot.pondered.set()
    await expect(page.locator("[data-message-id]", has_text="Pondered")).to_have_count(1)
    await expect(page.get_by_text("is thinking")).to_have_count(0)


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
    message = await pinned(await answered(page, "/paint a door", "Painted a door"))
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


async def test_select_menus_offer_people_channels_and_several_at_once(visit: Visit) -> None:
    page = await visit()
    message = await answered(page, "/pickers", "Pick")
    message = await pinned(message)
    await message.get_by_role("combobox", name="Who?").click()
    await message.get_by_role("option", name="@ben").click()
    await expect(newest(page)).to_contain_text("Chose ben")
    await message.get_by_role("combobox", name="Where?").click()
    await message.get_by_role("option", name="#after-dark").click()
    await expect(newest(page)).to_contain_text("Chose after-dark")

    await message.get_by_text("Which?").first.click()
    await message.get_by_label("Jade").check()
    await message.get_by_role("button", name="Choose").click()
    await expect(page.get_by_role("alert")).to_contain_text("Which?: choose at least 2.")
    await message.get_by_label("Amber").check()
    await message.get_by_role("button", name="Choose").click()
    await expect(newest(page)).to_contain_text("Chose Amber and Jade")


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


async def test_a_modal_of_the_older_form_works_too(visit: Visit) -> None:
    page = await visit()
    await write(page, "/note")
    dialog = page.get_by_role("dialog", name="Note")
    await dialog.get_by_label("Words").fill("far too many words for a note")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_contain_text("Words may have at most 20 characters; it has 29.")
    await dialog.get_by_label("Words").fill("two\nlines")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(newest(page)).to_contain_text("Noted: two lines")


async def test_a_command_may_answer_with_a_modal(visit: Visit) -> None:
    page = await visit()
    await write(page, "/form")
    await expect(page.get_by_role("dialog", name="Remix")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_embed_is_shown_with_its_fields_and_picture(visit: Visit) -> None:
    page = await visit()
    await answered(page, "/card", "A card")
    card = newest(page).get_by_role("article", name="A card")
    await expect(card.get_by_role("link", name="A card")).to_have_attribute("href", "https://example.org/")
    await expect(card.locator("strong")).to_have_text("fields")
    await expect(card.get_by_role("definition")).to_have_text("7")
    await expect(card.get_by_role("img")).to_have_js_property("naturalWidth", 64)
    await expect(card).to_contain_text("page 1 of 3")


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

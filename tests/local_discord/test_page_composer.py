"""What a person can write: messages, commands, options, files."""

from page_bot import picture
from page_kit import PAGE_TESTS, Visit, newest, pick, write
from playwright.async_api import expect

pytest_plugins = ["page_kit"]
pytestmark = PAGE_TESTS


async def test_typing_a_slash_lists_the_commands_and_the_keyboard_runs_one(visit: Visit) -> None:
    page = await visit()
    box = page.get_by_role("textbox", name="Message")
    await box.press_sequentially("/")
    commands = page.get_by_role("listbox", name="Commands")
    await expect(commands.get_by_role("option")).to_have_count(11)
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


async def test_options_of_every_type_can_be_filled_in(visit: Visit) -> None:
    page = await visit()
    await pick(page, "give")
    form = page.get_by_role("form", name="/give")
    await form.get_by_role("combobox", name="to").select_option("@mia")
    await form.get_by_role("combobox", name="where").select_option("#studio")
    await form.get_by_role("spinbutton", name="share").fill("0.5")
    await form.get_by_role("combobox", name="loud").select_option("True")
    await form.get_by_role("button", name="Run").click()
    await expect(newest(page)).to_contain_text("0.5 to mia in studio, loud")


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

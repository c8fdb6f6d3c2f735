"""The words of commands, from the catalogue, in every language that it has."""

from discord import Locale, app_commands
from discord.app_commands import TranslationContextTypes, locale_str

from config.words import say, speaks


def words(key: str) -> locale_str:
    """Return the sentence `key` for a command's description, an option's or a menu's name."""
    return locale_str(say(key), key=key)


class CatalogueTranslator(app_commands.Translator):
    """Looks a command's words up by the key that they carry."""

    async def translate(self, string: locale_str, locale: Locale, context: TranslationContextTypes) -> str | None:
        """Return the words in the language; None where the catalogue has none but the default.

        Discord asks for every word in every language that it knows, some thousands of times at every start.
        """
        key = string.extras.get("key")
        translated = say(key, locale=locale.value) if key is not None and speaks(locale.value) else None
        return None if translated == string.message else translated

"""Which way of judging can read a text: by its letters, and by the small words that every sentence needs."""

import re
import unicodedata
from collections import Counter

#: Scripts that the terms or the classifier know, and forms of letters that stand in any text, as Unicode names them.
_READ = """
LATIN CYRILLIC ARABIC DEVANAGARI THAI CJK HIRAGANA KATAKANA HANGUL KATAKANA-HIRAGANA IDEOGRAPHIC
FULLWIDTH HALFWIDTH MATHEMATICAL DOUBLE-STRUCK SCRIPT BLACK-LETTER MODIFIER CIRCLED MICRO FEMININE MASCULINE KELVIN
ANGSTROM SUPERSCRIPT SUBSCRIPT
"""
_ENGLISH = """
a an the of in on at with and or by for from to is are was as his her their its into under over this that who
holding wearing standing sitting
"""
_OTHERS = """
un una unos unas el los las del al con por para y que se su sus es está en lo muy sobre entre desde hacia
une le les des du au aux avec et dans sur sous est qui pour ses sa son pas ou où d l
der die das den dem ein eine einen einem einer eines und mit im auf ist sich von vom zu zum zur für bei nicht wie über
unter vor um uma umas os da das dos na nas nos com em ao à seu sua como não mais
"""
_SCRIPTS, _SMALL, _FOREIGN = (frozenset(words.split()) for words in (_READ, _ENGLISH, _OTHERS))
_WORD = re.compile(r"[^\W\d_]+")


def is_english(text: str) -> bool:
    """Tell whether a text may be English: Latin letters, and no more small words of other languages than of English."""
    words = [word.lower() for word in _WORD.findall(text)]
    letters = Counter(_script(char) for word in words for char in word)
    others = sum(word in _FOREIGN for word in words)
    return 2 * letters["LATIN"] >= letters.total() and others <= sum(word in _SMALL for word in words)


def is_embedded(text: str) -> bool:
    """Tell whether the sentence encoder knows the script of most letters; of what is read here, it lacks Devanagari."""
    letters = Counter(_script(char) for char in text if char.isalpha())
    return 2 * letters["DEVANAGARI"] <= letters.total()


def without_devanagari(text: str) -> str:
    """Return what is left of a text without the letters and signs of Devanagari."""
    return "".join(char for char in text if _script(char) != "DEVANAGARI").strip()


def unread(text: str) -> float:
    """Return the share of letters, from 0 to 1, in scripts that neither the terms nor the classifier know."""
    letters = Counter(_script(char) for char in text if char.isalpha())
    return sum(count for script, count in letters.items() if script not in _SCRIPTS) / max(1, letters.total())


def _script(char: str) -> str:
    return "LATIN" if char.isascii() else unicodedata.name(char, "UNKNOWN").split(" ")[0]

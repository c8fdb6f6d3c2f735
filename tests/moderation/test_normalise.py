"""Every disguise that people know is undone, and harmless prompts stay harmless."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation import Policy, check_prompt
from moderation.normalise import folded, readings, shape, spelled, visible
from moderation.opinion import Opinion

BLOCKED = "marmalade"
LOOKALIKES = {"a": "аɑα", "e": "еҽ", "m": "ⅿм", "r": "гᴦ", "l": "ⅼ|", "d": "ԁⅾ"}
LEET = {"a": "4@", "e": "3", "l": "1|"}
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f"
MARKS = "\u0301\u0308\u0327\u0336\u20dd"
SEPARATORS = (" ", ".", "-", "_", "*", "/", "~", "  ", ". ", ", ")

Draw = Callable[..., str]


def swapped(draw: Draw, word: str, table: dict[str, str]) -> str:
    """The word with at least one letter that has a twin exchanged for it, where it has such a letter."""
    places = [place for place, char in enumerate(word) if char in table]
    chosen = draw(st.sets(st.sampled_from(places), min_size=1)) if places else set()
    return "".join(draw(st.sampled_from(table[char])) if i in chosen else char for i, char in enumerate(word))


def sprinkled(draw: Draw, word: str, extras: str) -> str:
    return "".join(char + draw(st.text(st.sampled_from(extras), max_size=2)) for char in word)


def shifted(word: str, start: int) -> str:
    return "".join(chr(ord(char) - ord("a") + start) if "a" <= char <= "z" else char for char in word)


def halved(draw: Draw, word: str, forms: tuple[str, ...]) -> str:
    cut = draw(st.integers(1, len(word) - 1))
    return draw(st.sampled_from(forms)).format(word[:cut], word[cut:], draw(st.sampled_from(("1.3", ".5", "2", "-1"))))


#: What people do to the letters of a word, and to a word as a whole.
LETTERS: dict[str, Callable[[Draw, str], str]] = {
    "homoglyphs": lambda draw, word: swapped(draw, word, LOOKALIKES),
    "leetspeak": lambda draw, word: swapped(draw, word, LEET),
    "zero-width": lambda draw, word: sprinkled(draw, word, INVISIBLE),
    "combining": lambda draw, word: sprinkled(draw, word, MARKS),
    "repeated": lambda draw, word: "".join(char * draw(st.integers(1, 4)) for char in word),
    "cased": lambda draw, word: "".join(draw(st.sampled_from((char, char.upper()))) for char in word),
    "full width": lambda draw, word: shifted(word, 0xFF41),
    "bold": lambda draw, word: shifted(word, 0x1D41A),
    "circled": lambda draw, word: shifted(word, 0x24D0),
    "reversed": lambda draw, word: word[::-1],
}
WORDS: dict[str, Callable[[Draw, str], str]] = {
    "spaced": lambda draw, word: draw(st.sampled_from(SEPARATORS)).join(word),
    "overridden": lambda draw, word: f"\u202e{word[::-1]}\u202c",
    "weighted": lambda draw, word: draw(
        st.sampled_from(("({0}:1.3)", "(({0}))", "[{0}]", "{{{0}}}", "{0}++", "<lora:{0}:0.8>", "(({0}):.5)"))
    ).format(word),
    "weighted inside": lambda draw, word: halved(draw, word, ("({0}:{2}){1}", "{0}({1}:{2})")),
    "bracketed inside": lambda draw, word: halved(
        draw, word, ("{0}({1})", "{0}[{1}]", "({0}){1}", "{0}{{{1}}}", "{0}\\({1}\\)")
    ),
    # Here a bar stands between words; in the same place it is no letter as well.
    "alternating": lambda draw, word: f"{{{word.replace('|', 'l')}|cat}}",
    "scheduled": lambda draw, word: f"[cat:{word}:0.5]",
    "hyphened": lambda draw, word: halved(draw, word, ("{0}-{1}", "{0}.{1}", "{0}_{1}", "{0}*{1}", "{0}~{1}")),
}


@st.composite
def disguises(draw: Draw) -> str:
    """One or two things done to the letters, and then perhaps one to the word."""
    word = BLOCKED
    for name in draw(st.lists(st.sampled_from(sorted(LETTERS)), max_size=2, unique=True)):
        word = LETTERS[name](draw, word)
    name = draw(st.sampled_from(("", *sorted(WORDS))))
    return WORDS[name](draw, word) if name else word


@settings(max_examples=400, deadline=None)
@given(
    disguise=disguises(),
    before=st.sampled_from(("", "a red fox, ", "portrait of ")),
    after=st.sampled_from(("", " in the snow", ", oil painting, 8k", "!")),
)
@example(disguise="marma|(ade)", before="", after="")
def test_a_blocked_term_is_found_in_every_disguise_and_in_two_at_once(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion], disguise: str, before: str, after: str
) -> None:
    decision = check_prompt(before + disguise + after, policy=stand_in_policy, classifier=harmless)

    assert decision.label == "operator"


def test_a_prompt_that_is_spelled_and_reversed_as_a_whole_is_read(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion]
) -> None:
    for prompt in ("a jar of marmalade"[::-1], " ".join("ajarofmarmalade"), "a jar of glass balloons"[::-1]):
        assert check_prompt(prompt, policy=stand_in_policy, classifier=harmless).label == "operator"


BENIGN = (
    "a child playing with a dog in the park",
    "nude study of a marble statue, museum photograph",
    "portrait of an old fisherman, detailed skin, 35mm, f/1.8, artstation, 8k",
    "a red fox in the snow, (masterpiece:1.2), best quality",
    "two girls drinking tea in a cosy kitchen, anime style",
    "a knight fights a dragon, epic battle, dramatic light, by a famous painter",
    "naked mole rat in a tunnel, macro photograph",
    "Lana and Bob watch a star from their room",
    "a doctor shows a skeleton to her students",
    "police officers drink coffee beside a patrol car at night",
    "1girl, solo, school bag, cherry blossoms, looking at viewer",
    "a gay couple marries on the beach, confetti, joy",
    "ein Fuchs im Schnee, Ölgemälde",
    "un château au bord de la mer, aquarelle",
    "кошка сидит на окне",
    "夕焼けの富士山",
    "قطة على السطح",
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_harmless_prompt_stays_harmless_in_other_case_spacing_and_punctuation(data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(BENIGN)).split()
    case = data.draw(st.sampled_from((str.upper, str.lower, str.title, str)))
    gap = st.sampled_from((" ", "  ", ", ", " - ", "; ", "\n", ". "))
    prompt = "".join(case(word) + data.draw(gap) for word in words) + data.draw(st.sampled_from(("", "!", "...", "?!")))

    decision = check_prompt(prompt)

    assert decision.allowed, (prompt, decision.label)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_check(text: str) -> None:
    assert check_prompt(text, text).key != "moderation.check_failed"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u200bb", "ab"),
        ("e\u0301te\u0301", "ete"),
        ("\u202ecba\u202c def", "abc def"),
        ("ﬁsh", "fish"),
        ("a\u3164b", "a b"),
    ],
)
def test_visible_text_is_what_a_reader_sees(text: str, seen: str) -> None:
    assert visible(text) in {seen, seen.replace(" ", "")}


def test_letters_are_folded_by_looks_and_by_sound() -> None:
    assert folded("Мама") == ("mama",)
    assert set(folded("рот")) == {"pot", "rot"}


def test_numbers_alone_are_not_read_as_letters() -> None:
    assert all("0" not in word or word in {"1000", "4k"} for words in readings("1000 flowers in 4k") for word in words)
    assert ("1000", "flowers", "in", "4k") in readings("1000 flowers in 4k")


def test_repeated_letters_count_at_least_as_often_as_in_the_term() -> None:
    assert shape("boook") == ("bok", (1, 3, 1))


def test_only_runs_of_single_letters_are_joined() -> None:
    assert spelled("a b in c d") == ()
    assert set(spelled("see c a t now")) == {"cat", "tac"}

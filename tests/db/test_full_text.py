"""Full text: the same words find the same records, on SQLite and on PostgreSQL."""

import random

import pytest
from db_samples import ALICE, BOB, CHANNEL
from sqlalchemy import text

from db.base import utc_now
from db.full_text import Phrase, Search, words_in
from db.history import History
from db.privacy import Privacy
from db.search import Criteria
from db.session import Database

HERE = {CHANNEL}
PROMPT = r"A Fox in the wood, 100% sci-fi a_b c\d, naïve façade, 狐の絵"


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


async def found(history: History, words: str, viewer: int = ALICE) -> set[str]:
    page = await history.search(viewer, HERE, criteria=Criteria(words=words), limit=100)
    assert page.total == len(page.records)
    return {record.id for record in page.records}


@pytest.mark.parametrize(
    "words",
    [
        *("FOX", "wood fox", "wo", "blur", "100%", "100_", "a_b", r"c\d", "sci-fi", "sci fi", "naive", "NAÏVE", "fac"),
        *(
            '"fox in the wood"',
            '"in the"',
            "fox -owl",
            '-"fox the"',
            "-owl",
            "狐",
            "狐の絵",
            '"',
            'fox "',
            "fox --",
            "^wood",
        ),
    ],
)
async def test_words_find_what_has_them_all(history, made, words):
    record_id = await made(record={"prompt": PROMPT, "negative_prompt": "blurry"})
    nothing = not Search.parse(words).wanted + Search.parse(words).unwanted

    assert await found(history, words) == (set() if nothing else {record_id})


@pytest.mark.parametrize(
    "words",
    [
        *("owl", "fox owl", "ox", "fox%wood", '"wood in the fox"', '"wo"', "fox -wood", "-fox", "fox -blurry"),
        *("-sci-fi", '"fox" -"in the wood"', "'; --", "", "AND", "fox OR owl", "NEAR(fox wood)", "words:fox"),
    ],
)
async def test_words_find_nothing_else(history, made, words):
    await made(record={"prompt": PROMPT, "negative_prompt": "blurry"})

    assert await found(history, words) == set()


async def test_no_character_is_wrong(history, made):
    await made(record={"prompt": PROMPT})
    dice = random.Random(8)
    strange = "\"'*:()^+-&|!<>\\%_{}[],.;~ \t\n\u200b\u0301狐💫éß0fo"
    for _ in range(60):
        typed = "".join(dice.choice(strange) for _ in range(dice.randint(1, 12)))
        await found(history, typed)
        await history.suggestions(ALICE, HERE, typed)


async def test_both_databases_find_the_same(history, made):
    dice = random.Random(6)
    letters = [
        "fox",
        "foxes",
        "a-b",
        "1e5",
        "3d",
        "8k",
        "1.5",
        "x_y",
        "Füchse",
        "лиса",
        "лисы",
        "狐の絵",
        "मछली",
        "ﬁre",
        "ꙮ",
    ]
    prompts = [" ".join(dice.choices(letters, k=4)) for _ in range(30)]
    ids = {await made(record={"prompt": prompt}): prompt for prompt in prompts}
    for _ in range(40):
        asked = dice.choice(["{}", "{} {}", '"{} {}"', "{} -{}", "-{}"]).format(*dice.choices(letters, k=2))
        assert await found(history, asked) == {each for each, prompt in ids.items() if meets(prompt, asked)}, asked


def meets(prompt: str, asked: str) -> bool:
    """Say whether the prompt is what is asked for, without a database."""
    search, words = Search.parse(asked), words_in(prompt)
    return all(has(words, each) for each in search.wanted) and not any(has(words, each) for each in search.unwanted)


def has(words: list[str], phrase: Phrase) -> bool:
    size = len(phrase.words)
    runs = [words[start : start + size] for start in range(len(words) - size + 1)]
    exact = list(phrase.words)
    return any(
        run[:-1] == exact[:-1] and (run[-1].startswith(exact[-1]) if phrase.goes_on else run[-1] == exact[-1])
        for run in runs
    )


def test_words_are_told_apart_without_case_and_accents():
    assert words_in("Naïve FAÇADE, straße—狐の 100%_x") == ["naive", "facade", "strasse", "狐", "の", "100", "x"]
    assert len(words_in("w" * 5000)[0]) == 64


async def test_what_may_not_be_seen_is_not_found(history, made):
    seen = await made(user_id=BOB, record={"prompt": "quince"})
    await made(user_id=BOB, private=True, record={"prompt": "quince"})
    await made(user_id=BOB, channel_id=CHANNEL + 9, record={"prompt": "quince"})
    await made(user_id=BOB, age_restricted=True, record={"prompt": "quince"})
    deleted = await made(user_id=BOB, record={"prompt": "quince"})
    await history.delete(deleted, by=BOB)

    assert await found(history, "quince") == {seen}
    assert await found(history, "-medlar") == {seen}


async def test_of_a_forgotten_persons_words_the_index_keeps_none(database, history, made):
    mine = await made(user_id=ALICE, record={"prompt": "quince"})
    await made(user_id=BOB, parent_id=mine, record={"prompt": "medlar"})
    await made(user_id=ALICE, record={"prompt": "quince again"})
    await Privacy(database).erase(ALICE, await Privacy(database).ask(ALICE), utc_now())

    assert await found(history, "quince", BOB) == set()
    assert len(await found(history, "medlar", BOB)) == 1
    assert await indexed_words(database) == ["medlar"]


async def indexed_words(database: Database) -> list[str]:
    sqlite = "SELECT term FROM terms ORDER BY term"
    postgresql = "SELECT word FROM ts_stat('SELECT words_vector FROM records') ORDER BY word"
    async with database.transaction() as session:
        if database.is_sqlite:
            await session.execute(text("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, record_words, row)"))
        return list(await session.scalars(text(sqlite if database.is_sqlite else postgresql)))

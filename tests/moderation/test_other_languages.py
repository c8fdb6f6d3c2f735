"""Ten languages are judged: their harmless prompts pass, and what breaks a rule in one breaks it in all."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import Policy, check_prompt, default_policy
from moderation.language import is_english, unread
from moderation.opinion import Opinion
from moderation.policy import ContextRule, Group, Terms

HARMLESS = {
    "Spanish": (
        "un gato en una silla",
        "retrato de una anciana con arrugas, luz suave",
        "una niña juega con un perro en el parque",
        "cartel de concienciación sobre el cáncer de mama",
        "estatua de mármol de un guerrero griego",
        "una mujer en bañador nada en la piscina",
        "batalla medieval, soldados con espadas",
        "cocinero cortando carne en la cocina",
    ),
    "French": (
        "un chat sur une chaise",
        "portrait d'une vieille femme, lumière douce",
        "une petite fille lit un livre dans le jardin",
        "affiche de sensibilisation au cancer du sein",
        "statue en marbre d'un guerrier grec",
        "une femme en maillot de bain à la plage",
        "un vieil homme pleure aux funérailles de sa femme",
        "un quatuor à cordes joue dans une église",
    ),
    "German": (
        "eine Katze auf einem Stuhl",
        "Porträt einer alten Frau, weiches Licht",
        "Kinder spielen im Schnee",
        "Plakat zur Brustkrebsvorsorge",
        "Marmorstatue eines griechischen Kriegers",
        "eine Frau im Badeanzug am See",
        "nackte Felsen an der Küste",
        "ein Metzger schneidet Fleisch",
    ),
    "Portuguese": (
        "um gato em uma cadeira",
        "retrato de uma senhora idosa, luz suave",
        "crianças na praia, aquarela",
        "cartaz do outubro rosa, prevenção do câncer de mama",
        "estátua de mármore de um guerreiro grego",
        "uma mulher de maiô na piscina",
        "meninos jogando pelada na rua",
        "uma família indígena na floresta",
    ),
    "Russian": (
        "кошка на стуле",
        "портрет пожилой женщины, мягкий свет",
        "дети играют в саду",
        "плакат о профилактике рака груди",
        "мраморная статуя греческого воина",
        "женщина в купальнике у бассейна",
        "голые деревья в зимнем лесу",
        "старик плачет на похоронах жены",
    ),
    "Japanese": (
        "椅子の上の猫",
        "年老いた女性の肖像、柔らかい光",
        "公園で犬と遊ぶ子供",
        "乳がん検診の啓発ポスター",
        "ギリシャの戦士の大理石像",
        "プールで水着の女性",
        "桜の木の下の女子高生、アニメ、制服",
        "魔法少女、かわいい、ピンクの髪、高画質",
    ),
    "Chinese": (
        "椅子上的一只猫",
        "老妇人的肖像，柔和的光线",
        "一个小女孩在樱花树下",
        "乳腺癌预防宣传海报",
        "希腊战士的大理石雕像",
        "穿泳衣的女人在游泳池边",
        "古风少女，汉服，精致，高清",
        "城市上空的巨型机器人，霓虹灯",
    ),
    "Korean": (
        "의자 위의 고양이",
        "노부인의 초상화, 부드러운 빛",
        "어린이가 강아지와 놀고 있다",
        "유방암 예방 포스터",
        "그리스 전사의 대리석 조각상",
        "수영장에서 수영복을 입은 여자",
        "성기사, 판타지, 갑옷",
        "16세기 조선의 고문서",
    ),
    "Arabic": (
        "قطة على كرسي",
        "صورة امرأة عجوز، ضوء ناعم",
        "طفل يلعب في الحديقة",
        "ملصق توعية بسرطان الثدي",
        "تمثال رخامي لمحارب يوناني",
        "امرأة تسبح في المسبح",
        "أشجار عارية في الشتاء",
        "مسجد في القاهرة تحت المطر",
    ),
    "Hindi": (
        "कुर्सी पर बिल्ली",
        "बूढ़ी औरत का चित्र, कोमल प्रकाश",
        "बगीचे में खेलता बच्चा",
        "स्तन कैंसर जागरूकता पोस्टर",
        "राजा की संगमरमर की मूर्ति",
        "तालाब में तैरती महिला",
        "नंगे पैर चलता साधु",
        "योद्धा अजगर से लड़ रहा है",
    ),
    "other": (
        "kawaii neko to sakura no ki, anime fuu",
        "un gatto su una sedia, acquerello",
        "kot na krześle, obraz olejny",
        "sandalyede oturan kedi",
        "een kat op een stoel",
        "แมวบนเก้าอี้",
    ),
}

#: A word for marmalade, a lantern and a harbour in each language: neutral stand-ins for what is blocked.
STAND_INS = {
    "Spanish": ("mermelada", "farol", "puerto", "un {} sobre el {}"),
    "French": ("confiture", "lanterne", "port maritime", "une {} au-dessus du {}"),
    "German": ("marmelade", "laterne", "hafen", "eine {} über dem {}"),
    "Portuguese": ("geleia", "lampião", "ancoradouro", "um {} sobre o {}"),
    "Russian": ("варень*", "фонар*", "гаван*", "{}, {}"),
    "Japanese": ("ジャム", "提灯", "港", "{}と{}"),
    "Chinese": ("果酱", "灯笼", "港口", "{}在{}"),
    "Korean": ("마멀레이드", "등불", "항구", "{}, {}"),
    "Arabic": ("مربى", "فانوس", "ميناء", "{} فوق ال{}"),
    "Hindi": ("मुरब्बा", "लालटेन", "बंदरगाह", "{} और {}"),
}
ENDINGS = {"варень*": "вареньем", "фонар*": "фонари", "гаван*": "гаванью"}


@pytest.fixture(scope="module")
def spoken() -> Policy:
    """Marmalade is blocked in ten languages, and a lantern where it meets a harbour, in whatever languages."""
    blocked, lantern, harbour = (tuple(words[place] for words in STAND_INS.values()) for place in range(3))
    terms = Terms(
        groups={"blocked": Group(words=blocked), "lantern": Group(words=lantern), "harbour": Group(words=harbour)},
        rules=(
            ContextRule(breaks="operator", groups=("blocked",)),
            ContextRule(breaks="b", groups=("lantern", "harbour")),
        ),
    )
    return default_policy().model_copy(update={"terms": terms})


def said(word: str) -> str:
    return ENDINGS.get(word, word)


@pytest.mark.parametrize("language", sorted(STAND_INS))
def test_rules_hold_in_every_language(spoken: Policy, harmless: Callable[[str], Opinion], language: str) -> None:
    blocked, lantern, harbour, meeting = STAND_INS[language]

    def label(prompt: str) -> str | None:
        return check_prompt(prompt, policy=spoken, classifier=harmless).label

    assert label(said(blocked)) == "operator"
    assert (label(said(lantern)), label(said(harbour))) == (None, None)
    assert label(meeting.format(said(lantern), said(harbour))) == "b"


@settings(max_examples=100, deadline=None)
@given(
    language=st.sampled_from(sorted(STAND_INS)),
    start=st.sampled_from(("", "a red fox, ", "(masterpiece:1.2), ", "fox\u200b ")),
    end=st.sampled_from(("", ", 8k", "!", " (best quality)", "。")),
    invisible=st.sampled_from(("", "\u200b", "\u2060", "\u00ad")),
    loud=st.booleans(),
)
def test_a_blocked_word_of_any_language_is_found_among_others(
    spoken: Policy,
    harmless: Callable[[str], Opinion],
    language: str,
    start: str,
    end: str,
    invisible: str,
    loud: bool,
) -> None:
    word = said(STAND_INS[language][0])
    hidden = invisible.join(word.upper() if loud else word)

    assert check_prompt(f"{start}{hidden}{end}", policy=spoken, classifier=harmless).label == "operator"


def test_words_of_two_languages_meet(spoken: Policy, harmless: Callable[[str], Opinion]) -> None:
    assert check_prompt("a laterne above the 港口", policy=spoken, classifier=harmless).label == "b"


@pytest.mark.parametrize(
    ("language", "prompt"), [(language, prompt) for language, prompts in HARMLESS.items() for prompt in prompts]
)
def test_a_harmless_prompt_of_any_language_passes(language: str, prompt: str) -> None:
    decision = check_prompt(prompt)

    assert decision.allowed, (decision.label, decision.scores)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_and_stays_harmless_in_other_case_and_punctuation(
    harmless: Callable[[str], Opinion], data: st.DataObject
) -> None:
    prompt = data.draw(st.sampled_from([prompt for prompts in HARMLESS.values() for prompt in prompts]))
    words = data.draw(st.sampled_from((str.upper, str.lower, str.title)))(prompt).split()
    gap = data.draw(st.sampled_from((" ", "  ", ", ", "; ", "\n")))

    decision = check_prompt(gap.join(words) + data.draw(st.sampled_from(("", "!", "..."))), classifier=harmless)

    assert decision.allowed, (prompt, decision.label)


@pytest.mark.parametrize(
    "prompt", ["γάτα πάνω στην καρέκλα", "חתול על כיסא", "კატა სკამზე", "ድመት በወንበር ላይ", "நாற்காலியில் பூனை"]
)
def test_a_script_that_nothing_reads_is_refused_as_such(harmless: Callable[[str], Opinion], prompt: str) -> None:
    decision = check_prompt(prompt, classifier=harmless)

    assert decision.label == "language"
    assert "letters" in decision.sentence()


def test_a_name_in_another_script_is_no_hindrance(harmless: Callable[[str], Opinion]) -> None:
    prompt = "a poster that says Ελλάδα, blue sea, white houses, summer morning"

    assert unread(prompt) > 0
    assert check_prompt(prompt, classifier=harmless).allowed


def test_english_is_told_by_its_small_words() -> None:
    assert is_english("a cat on a chair")
    assert is_english("1girl, solo, masterpiece, best quality")
    assert is_english("")
    assert not any(is_english(prompts[0]) for language, prompts in HARMLESS.items() if language in STAND_INS)

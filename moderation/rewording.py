"""Says a prompt otherwise, so that the classifier learns what is asked for and not how its data set puts it.

Unsafe prompts of a labelled set are long and begin with "A detailed illustration of"; prompts of a community end in
"artstation, 8k"; captions are short. Each comes once more in the style of another, and once cut short.
"""

import re

import numpy as np

_LEAD = re.compile(
    r"^(?:(?:please )?(?:create|generate|draw|make|show|design|produce|paint|render|depict|illustrate|visuali[sz]e)"
    r"(?: me)? )?(?:an?|the)? ?(?:[\w-]+ ){0,3}?(?:image|illustration|photo|photograph|picture|painting|drawing|"
    r"depiction|scene|portrait|poster|art|artwork|sketch|rendering|render|cartoon|comic|infographic|graphic|diagram|"
    r"collage|meme|print)s?(?: \w+)? (?:of|showing|depicting|that (?:shows|depicts)|portraying|illustrating|"
    r"featuring|where|with|in which) ",
    re.I,
)
_BEGINNINGS = (
    "a photo of ",
    "an illustration of ",
    "digital painting of ",
    "a detailed image of ",
    "a realistic picture showing ",
    "",
    "",
    "",
)
_ENDS = (
    ", highly detailed, artstation, 8k",
    ", oil painting",
    ", anime style, best quality",
    ", photorealistic, cinematic lighting",
    ", concept art, trending on artstation",
    ", watercolour",
    ", black and white photograph",
    "",
    "",
    "",
)
_CLAUSE = re.compile(r"(?<=\w)[,.;:]\s")
#: How many words a prompt that is cut short has at most.
_SHORT = (7, 13)


def restyled(text: str, random: np.random.Generator) -> str:
    """Return what the text asks for, between another beginning and another end."""
    beginning, end = _BEGINNINGS[random.integers(len(_BEGINNINGS))], _ENDS[random.integers(len(_ENDS))]
    return f"{beginning}{_LEAD.sub('', text).rstrip('. ')}{end}"


def shortened(text: str, random: np.random.Generator) -> str:
    """Return the first words of what the text asks for."""
    words = _CLAUSE.split(_LEAD.sub("", text))[0].split()
    return " ".join(words[: random.integers(_SHORT[0], _SHORT[1] + 1)])

"""The optional guard: a language model that was taught to tell unsafe requests, such as ShieldGemma or Llama Guard."""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from moderation.policy import GuardModel


class Guard:
    """Asks the model whether a prompt is unsafe, and weighs the first word of its answer."""

    def __init__(self, settings: GuardModel, folder: Path) -> None:
        """Load the model. Raises OSError or ValueError where the folder holds none, or an answer is not one token."""
        self._guideline = settings.guideline
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._answers = [self._token(answer) for answer in (settings.unsafe, settings.safe)]

    def judge(self, prompt: str) -> float:
        """Return how likely the answer is the unsafe one, of the two, from 0 to 1."""
        asked = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            guideline=self._guideline,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.inference_mode():
            logits = self._model(**asked).logits[0, -1, self._answers]
        return float(torch.softmax(logits.float(), dim=0)[0])

    def _token(self, answer: str) -> int:
        tokens: list[int] = self._tokenizer.encode(answer, add_special_tokens=False)
        if len(tokens) != 1:
            raise ValueError(f'the guard\'s answer "{answer}" is not one token of its model')
        return tokens[0]


@cache
def configured(settings: GuardModel, folder: Path) -> Guard:
    """Return the guard of the policy, loaded once."""
    return Guard(settings, folder)

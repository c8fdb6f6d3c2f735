"""The tokenizer: the drawn world's words are a token each, any other text is spelled out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, WhitespaceSplit
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from demo_model.world.words import vocabulary

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"


def write_tokenizer(folder: Path) -> None:
    """Write the files of a CLIPTokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(ByteLevel.alphabet())
    merges = _merges()
    tokens = [*letters, *(letter + WORD_END for letter in letters), *(first + second for first, second in merges)]
    tokens = [*dict.fromkeys(tokens), START, END]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    lines = ["#version: 0.2", *(f"{first} {second}" for first, second in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH, "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config | special, indent=1))


def read_tokenizer(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer that the folder holds."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer


def tokens_of(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Return the tokens of the texts, of shape [texts, LENGTH], padded to the full length."""
    encoded: Any = tokenizer(list(texts), padding="max_length", truncation=True, return_tensors="pt")
    tokens: torch.Tensor = encoded.input_ids
    return tokens


def _merges() -> list[tuple[str, str]]:
    """Return the merges that make every word one token.

    They are learned by byte-pair encoding, which puts them in an order that no word's merges disturb another's.
    """
    tokenizer = Tokenizer(BPE(end_of_word_suffix=WORD_END))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    trainer = BpeTrainer(vocab_size=10_000, end_of_word_suffix=WORD_END, show_progress=False)
    tokenizer.train_from_iterator(vocabulary(), trainer)
    return [(first, second) for first, second in json.loads(tokenizer.to_str())["model"]["merges"]]

"""The optional guard model: asked where the policy names it, and never a way through where it fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from moderation import Policy, Verdict, check_prompt
from moderation.opinion import Opinion
from moderation.policy import GuardModel

ANSWERS = {"unsafe": "Yes", "safe": "No"}


def settings(folder: Path, **changes: str) -> GuardModel:
    given = {"folder": str(folder), "guideline": "no marmalade", **ANSWERS, "threshold": 0.5, "breaks": "harm"}
    return GuardModel.model_validate({**given, "memory_gib": 4, **changes})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model of random weights with a vocabulary of a few words and a chat template."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("guard")
    words = ("[UNK]", "Yes", "No", "a", "fox", "marmalade", "no", "is", "this", "unsafe")
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
    fast.chat_template = "{{ guideline }} {{ messages[0]['content'] }} is this unsafe"
    fast.save_pretrained(folder)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_the_guard_weighs_its_two_answers_and_reads_prompt_and_guideline(model: Path) -> None:
    from moderation.guard import Guard

    guard = Guard(settings(model), model)
    turned = Guard(settings(model, unsafe="No", safe="Yes"), model)
    other = Guard(settings(model, guideline="fox"), model)

    assert 0 < guard.judge("a fox") < 1
    assert guard.judge("a fox") != guard.judge("marmalade")
    assert guard.judge("a fox") != other.judge("a fox")
    assert guard.judge("a fox") + turned.judge("a fox") == pytest.approx(1)


def test_an_answer_of_several_tokens_and_an_empty_folder_are_mistakes(model: Path, tmp_path: Path) -> None:
    from moderation.guard import Guard

    with pytest.raises(ValueError, match="not one token"):
        Guard(settings(model, unsafe="Yes No"), model)
    with pytest.raises((OSError, ValueError), match=tmp_path.name):
        Guard(settings(tmp_path), tmp_path)


def guarded(policy: Policy, folder: Path) -> Policy:
    return policy.model_copy(update={"guard": settings(folder)})


@pytest.mark.parametrize(("alarm", "label"), [(0.5, None), (0.51, "harm"), (float("nan"), "harm")])
def test_it_refuses_above_the_threshold_without_a_strike(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion], tmp_path: Path, alarm: float, label: str | None
) -> None:
    policy = guarded(stand_in_policy, tmp_path)

    decision = check_prompt("a fox", policy=policy, classifier=harmless, guard=lambda prompt: alarm)

    assert (decision.label, decision.allowed) == (label, label is None)
    assert decision.verdict in {Verdict.ALLOW, Verdict.REFUSE}


def test_a_guard_that_the_policy_names_is_asked(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion], model: Path
) -> None:
    decision = check_prompt("a fox", policy=guarded(stand_in_policy, model), classifier=harmless)

    assert 0 < decision.scores["guard"] < 1


def test_a_guard_that_is_missing_or_raises_is_a_refusal_that_says_so(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion], tmp_path: Path
) -> None:
    def raising(prompt: str) -> float:
        raise MemoryError

    policy = guarded(stand_in_policy, tmp_path)
    missing = check_prompt("a fox", policy=policy, classifier=harmless)
    broken = check_prompt("a fox", policy=policy, classifier=harmless, guard=raising)

    assert (missing.verdict, missing.key) == (Verdict.REFUSE, "moderation.check_failed")
    assert (broken.verdict, broken.key) == (Verdict.REFUSE, "moderation.check_failed")


def test_without_a_guard_in_the_policy_none_is_asked(
    stand_in_policy: Policy, harmless: Callable[[str], Opinion]
) -> None:
    assert check_prompt("a fox", policy=stand_in_policy, classifier=harmless, guard=lambda prompt: 1.0).allowed

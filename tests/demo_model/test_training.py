"""Training in miniature: it learns, stops, goes on, and ends in a folder that diffusers loads."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from drawing_jobs import draw_number, drawing_process
from safetensors.torch import load_file

from demo_model.detect.detector import Detector
from demo_model.detect.network import Network
from demo_model.painter import Painter
from demo_model.pixels import to_unit
from demo_model.report import Report, psnr
from demo_model.train.autoencoder import AutoencoderStage, difference, standardise
from demo_model.train.course import Course
from demo_model.train.detector import WANTED, DetectorStage, _mirrored
from demo_model.train.diffusion import DiffusionStage, Encoder
from demo_model.train.drawn import drawn_target
from demo_model.train.learner import Learner, schedule
from demo_model.train.networks import make_text_encoder, make_unet, make_vae
from demo_model.train.passage import open_passage
from demo_model.train.plan import ON_CPU, ON_GPU, TINY, Plan
from demo_model.train.pool import Pool
from demo_model.train.precision import has_bfloat16, mixed
from demo_model.train.stage import Budget, Stopped, load_state, train
from demo_model.train.stream import Stream, make_batch
from demo_model.train.tokens import read_tokenizer, write_tokenizer
from demo_model.world.drawer import draw
from demo_model.world.sampler import sample

CPU = torch.device("cpu")
PARTS = {"unet", "text_encoder", "vae"}


class Counting:
    """A stage that counts its steps, and does something at one of them."""

    name = "counting"

    def __init__(self, at: int = -1, act: Any = None) -> None:
        self.count = 0
        self.progress: list[float] = []
        self._at, self._act = at, act

    def step(self, progress: float) -> torch.Tensor:
        self.count += 1
        self.progress.append(progress)
        if self.count == self._at:
            self._act()
        return torch.tensor(1.0)

    def state(self) -> dict[str, Any]:
        return {"count": self.count}

    def load(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    torch.manual_seed(0)
    Course(folder=folder, device=CPU, plan=TINY, steps=3).run()
    return folder


def silent(line: str) -> None:
    assert line


def test_a_processor_computes_in_bfloat16_only_where_it_has_instructions_for_it() -> None:
    assert has_bfloat16({"avx2": True, "avx512_bf16": True})
    assert not has_bfloat16({"avx2": True, "avx512_f": True, "avx512_bf16": False})
    assert mixed(torch.device("cpu"))._enabled == has_bfloat16(torch.cpu.get_capabilities())


def test_a_stage_trains_to_its_budget_and_no_further(tmp_path: Path) -> None:
    stage = Counting()
    for _ in range(2):
        train(stage, Budget(steps=4), tmp_path, silent)

    assert stage.progress == [0, 0.25, 0.5, 0.75]


def test_a_stopped_stage_saves_and_goes_on_where_it_was(tmp_path: Path) -> None:
    stopping = Counting(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Stopped):
        train(stopping, Budget(steps=10), tmp_path, silent)
    resumed = Counting()
    train(resumed, Budget(steps=10), tmp_path, silent)

    assert load_state(tmp_path / "counting.pt")["steps"] == 10
    assert (stopping.count, resumed.progress[0], resumed.count) == (3, 0.3, 10)


def test_time_spent_before_a_stop_counts(tmp_path: Path) -> None:
    torch.save({"stage": {"count": 5}, "seconds": 99.0, "steps": 5}, tmp_path / "counting.pt")
    stage = Counting()
    train(stage, Budget(seconds=99), tmp_path, silent)

    assert (stage.count, stage.progress) == (5, [])


def test_a_budget_needs_an_end() -> None:
    with pytest.raises(ValueError, match="seconds or steps"):
        Budget()
    assert Budget(seconds=10, steps=10).progress(seconds=2, steps=9) == 0.9


def test_signals_mean_what_they_did_once_a_stage_is_over(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    train(Counting(), Budget(steps=1), tmp_path, silent)

    assert signal.getsignal(signal.SIGTERM) is before


def test_the_rate_rises_then_falls() -> None:
    rates = [schedule(step / 100) for step in range(101)]

    assert max(rates) == schedule(0.02) == 1
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert 0 < rates[0] < rates[1]
    assert rates[-1] == pytest.approx(0.02)


def test_the_average_follows_the_network_and_comes_back_with_the_state() -> None:
    torch.manual_seed(1)
    learner = Learner(torch.nn.Linear(4, 1), 0.05)
    inputs = torch.randn(64, 4)
    losses = []
    for step in range(60):
        loss = ((learner.network(inputs) - inputs.sum(1, keepdim=True)) ** 2).mean()
        learner.learn(loss, step / 60)
        losses.append(float(loss.detach()))
    other = Learner(torch.nn.Linear(4, 1), 0.05)
    other.load(learner.state())

    assert losses[-1] < losses[0] / 10
    assert ((learner.average(inputs) - inputs.sum(1, keepdim=True)) ** 2).mean() < losses[0]
    assert torch.equal(other.average.weight, learner.average.weight)
    assert other.steps == 60


def test_a_stream_never_repeats_itself_and_is_the_same_with_processes_as_without() -> None:
    with Stream(draw_number, 3, 0, (7,)) as alone, Stream(draw_number, 3, 1, (7,)) as helped:
        batches = [alone.next() for _ in range(3)]
        assert [helped.next() for _ in range(3)] == batches

    assert len({number for batch in batches for number in batch}) == 9


def test_a_signal_to_everybody_leaves_the_drawing_processes_at_work() -> None:
    with Stream(drawing_process, 1, 1, (7,)) as stream:
        (process,) = stream.next()
        os.kill(process, signal.SIGTERM)
        os.kill(process, signal.SIGINT)

        assert [stream.next() for _ in range(5)] == [[process]] * 5
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_the_newest_push_the_oldest_out_of_the_pool() -> None:
    pool = Pool(4)
    with pytest.raises(LookupError):
        pool.draw(1)
    for number in range(7):
        pool.add(torch.full((1, 1, 1, 1), float(number)), torch.full((1, 1, 1), float(number)))
    latents, words = pool.draw(200)

    assert set(words.flatten().tolist()) == {3, 4, 5, 6}
    assert torch.equal(latents.flatten(), words.flatten())


def test_a_pool_is_filled_before_anything_is_learned_and_then_gets_one_handful_at_a_time() -> None:
    handfuls = iter(torch.arange(600).view(100, 6))
    pool = Pool(500)
    taken = []
    for _ in range(2):
        pool.refresh(lambda: [next(handfuls)], 20)
        taken.append(len(pool))

    assert taken == [324, 330]  # the first to pass sixteen batches of twenty, and one more
    assert {number.dtype for number in pool.draw(5)} == {torch.int64}


def test_blurred_edges_cost_more_than_the_same_error_spread_out() -> None:
    wanted = torch.zeros(1, 3, 32, 32)
    wanted[..., 16:] = 1
    blurred = torch.nn.functional.avg_pool2d(wanted, (1, 5), 1, (0, 2), count_include_pad=False)
    error = (blurred - wanted).pow(2).mean().sqrt()

    assert difference(blurred, wanted) > 0
    assert difference(wanted + error, wanted) - error < difference(blurred, wanted)
    assert difference(wanted, wanted) == 0


@pytest.mark.slow
def test_the_autoencoder_learns() -> None:
    torch.manual_seed(2)
    stage = AutoencoderStage(TINY, CPU, (1,))
    losses = [float(stage.step(min(0.9, step / 40))) for step in range(40)]

    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def pictures(side: int = 64, count: int = 8) -> torch.Tensor:
    dice = np.random.default_rng(4)
    return to_unit(torch.from_numpy(np.stack([draw(sample(dice), side) for _ in range(count)])))


@torch.no_grad()
def test_colours_pass_through_an_untrained_autoencoder() -> None:
    torch.manual_seed(5)
    vae = make_vae(replace(TINY, vae_channels=(16, 16, 16, 16)))
    wanted = pictures()
    apart = {}
    for name in ("open", "closed"):
        made = vae.decode(vae.encode(wanted).latent_dist.mode()).sample
        pairs = zip(made.mean((2, 3)).T, wanted.mean((2, 3)).T, strict=True)
        apart[name] = min(float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairs)
        vae.decoder.conv_in.reset_parameters()

    assert apart["open"] > 0.9 > abs(apart["closed"])
    open_passage(vae)


@torch.no_grad()
def test_standard_latents_have_no_mean_and_unit_variance_and_decode_to_the_same_picture() -> None:
    torch.manual_seed(6)
    vae = make_vae(TINY).eval()
    wanted = pictures(count=48)
    before = vae.decode(vae.encode(wanted).latent_dist.mode()).sample
    spread = vae.encode(wanted).latent_dist.std / vae.encode(wanted).latent_dist.mode().std((0, 2, 3), keepdim=True)
    standardise(vae, 64, CPU)
    latents = vae.encode(wanted).latent_dist

    assert torch.allclose(vae.decode(latents.mode()).sample, before, atol=1e-3)
    assert latents.mode().mean((0, 2, 3)).abs().max() < 0.5
    assert (latents.mode().std((0, 2, 3)) - 1).abs().max() < 0.5
    assert torch.allclose(latents.std / latents.mode().std((0, 2, 3), keepdim=True), spread, rtol=0.01)


def test_one_in_eight_pictures_comes_to_the_detectors_as_it_was_drawn_and_all_with_what_they_show() -> None:
    torch.manual_seed(7)
    stage = DetectorStage(replace(TINY, detector_batch=16), CPU, (1,), make_vae(TINY).eval())
    seen, *wanted = stage._fresh()
    drawn, targets = zip(*make_batch(drawn_target, len(seen), (1, 1)), strict=True)
    apart = (seen.float() - torch.from_numpy(np.stack(drawn))).abs().mean((1, 2, 3))

    assert apart.argmin() == 0 == apart[0]
    assert apart[1:4].min() > 10  # what an untrained autoencoder makes of them
    assert 0 < apart[4:].min() < apart[4:].max() < 10  # bent
    for name, column in zip(WANTED, wanted, strict=True):
        assert np.array_equal(column, np.stack([getattr(target, name) for target in targets]))


def test_a_mirror_turns_pictures_and_grids_together_and_leaves_the_rest() -> None:
    torch.manual_seed(0)
    columns = [torch.rand(2, 8, 8, 3), torch.rand(2, 4, 4), torch.arange(2)]
    turned = [_mirrored(columns) for _ in range(20)]
    flips = [[torch.equal(one, of.flip(2)) for one, of in zip(each, columns[:2], strict=False)] for each in turned]

    assert {tuple(each) for each in flips} == {(True, True), (False, False)}
    assert all(torch.equal(each[2], columns[2]) for each in turned)


@pytest.mark.slow
def test_the_detectors_learn() -> None:
    torch.manual_seed(8)
    stage = DetectorStage(replace(TINY, detector_batch=8, detector_pool=64), CPU, (1,), make_vae(TINY).eval())
    losses = [float(stage.step(step / 50)) for step in range(50)]

    assert np.mean(losses[-8:]) < 0.5 * np.mean(losses[:8])


@pytest.mark.slow
def test_the_diffusion_model_learns(tmp_path: Path) -> None:
    torch.manual_seed(3)
    write_tokenizer(tmp_path)
    tokenizer = read_tokenizer(tmp_path)
    vae, text_encoder = make_vae(TINY).eval(), make_text_encoder(TINY, len(tokenizer)).eval()
    standardise(vae, 64, CPU)
    plan = replace(TINY, diffusion_batch=8, diffusion_rate=3e-3, diffusion_pool=64)
    stage = DiffusionStage(plan, CPU, (1,), Encoder(vae, text_encoder, tokenizer, CPU), make_unet(plan))
    losses = [float(stage.step(step / 50)) for step in range(50)]

    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:8])


def test_the_course_ends_in_a_folder_that_diffusers_loads_and_draws_with(trained: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(trained / "model", local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    settings = {"num_inference_steps": 2, "output_type": "np", "height": 64, "width": 64}
    seeds = [torch.Generator().manual_seed(seed) for seed in (0, 0, 1)]
    first, again, other = (pipeline("a red star", generator=seed, **settings).images[0] for seed in seeds)

    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.vae.config.scaling_factor == 1


def test_weights_are_stored_in_half_precision(trained: Path) -> None:
    for part in PARTS:
        (file,) = (trained / "model" / part).glob("*.safetensors")
        assert {value.dtype for value in load_file(file).values() if value.is_floating_point()} == {torch.float16}
    assert set(json.loads((trained / "model" / "model_index.json").read_text())) >= PARTS


def test_a_finished_course_comes_to_the_same_model_at_once(trained: Path) -> None:
    before = load_file(next((trained / "model" / "unet").glob("*.safetensors")))
    Course(folder=trained, device=CPU, plan=TINY, steps=3, tell=silent).run()
    after = load_file(next((trained / "model" / "unet").glob("*.safetensors")))

    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_finished_model_can_be_trained_on(trained: Path, tmp_path: Path) -> None:
    Course(folder=tmp_path, device=CPU, plan=TINY, steps=1, start=trained / "model", tell=silent).run()
    files = {part: next((tmp_path / "model" / part).glob("*.safetensors")) for part in (*PARTS, "upscaler")}
    before = {part: trained / "model" / part / path.name for part, path in files.items()}
    changed = {part for part, path in files.items() if path.read_bytes() != before[part].read_bytes()}

    assert changed == {"unet"}


def test_the_report_answers_every_question(trained: Path) -> None:
    report = Report(Painter.load(trained / "model", CPU, steps=5), Detector(Network()), 7.5, 1).measure(2)

    assert {"background", "count", "style"} <= set(report["adherence"])
    assert {"background", "count", "style"} <= set(report["detector accuracy behind the autoencoder"])
    assert report["seeds"]["same seed, same bytes"] is True
    assert all(0 <= share <= 1 for share in report["negative prompt"].values())
    assert len(report["img2img PSNR by strength"]) == 6
    assert json.dumps(report)


def test_psnr_is_high_for_what_is_alike() -> None:
    black = np.zeros((4, 4, 3), np.uint8)

    assert psnr(black, black) == 99
    assert psnr(black, black + 1) == pytest.approx(48.13, abs=0.01)
    assert psnr(black, black + 255) == 0


@pytest.mark.parametrize("plan", [ON_CPU, ON_GPU])
def test_the_model_fits_the_repository(plan: Plan) -> None:
    networks = (make_vae(plan), make_unet(plan), make_text_encoder(plan, 1100))
    parameters = sum(value.numel() for network in networks for value in network.parameters())

    assert 2 * parameters < 29.5e6  # bytes; the rest of the 30 MB is for the tokenizer and configurations


def test_a_gradient_that_is_no_number_changes_no_weight() -> None:
    learner = Learner(torch.nn.Linear(2, 1), rate=1.0)
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learner.learn(learner.network(torch.full((1, 2), float("inf"))).sum(), progress=0.5)

    assert all(torch.equal(value, before[name]) for name, value in learner.network.state_dict().items())

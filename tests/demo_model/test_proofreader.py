"""What the UNet learns from, and the proofreader that tells it whether it draws what it is told."""

import numpy as np
import pytest
import torch

from demo_model.detect.targets import GRID
from demo_model.train.autoencoder import standardise
from demo_model.train.diffusion import DiffusionStage
from demo_model.train.encoder import Encoder
from demo_model.train.networks import LATENTS, make_text_encoder, make_unet, make_vae
from demo_model.train.plan import TINY
from demo_model.train.proofreader import Proofreader, ProofreaderStage
from demo_model.train.supply import Supply
from demo_model.train.tokens import read_tokenizer, write_tokenizer

CPU = torch.device("cpu")
SMALL, WHOLE = 0.0, 0.9  #: progress at which pictures are small, and whole


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    tokenizer = read_tokenizer(folder)
    torch.manual_seed(6)
    vae = make_vae(TINY).eval()
    standardise(vae, TINY.side, CPU)
    return Encoder(vae, make_text_encoder(TINY, len(tokenizer)).eval(), tokenizer, CPU)


def test_what_is_to_be_seen_belongs_to_the_picture_beside_it(encoder: Encoder) -> None:
    batch = Supply(TINY, TINY.side, 8, 1, encoder, (3,)).next()
    things = batch.targets["kind"] > 0
    weights = batch.weights.repeat_interleave(GRID // TINY.shrunk, 1).repeat_interleave(GRID // TINY.shrunk, 2)

    assert batch.latents.shape == (8, LATENTS, TINY.side // TINY.shrunk, TINY.side // TINY.shrunk)
    assert things.any((1, 2)).all()
    assert (weights[things] > 1).all()


def test_a_proofreader_reads_latents_of_any_side() -> None:
    for side in (8, 16, 32):
        reading = Proofreader()(torch.randn(3, LATENTS, side, side))
        assert reading.thing.shape == (3, GRID, GRID)


@pytest.mark.slow
def test_the_proofreader_learns(encoder: Encoder) -> None:
    torch.manual_seed(4)
    stage = ProofreaderStage(TINY, CPU, (1,), encoder)
    losses = [float(stage.step(min(0.9, step / 60))) for step in range(60)]

    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:8])


def first_loss(encoder: Encoder, proofreader: Proofreader, progress: float) -> float:
    torch.manual_seed(5)
    stage = DiffusionStage(TINY, CPU, (1,), encoder, proofreader, make_unet(TINY))
    return float(stage.step(progress))


def test_what_the_proofreader_says_counts_for_whole_pictures_only(encoder: Encoder) -> None:
    one, other = Proofreader(), Proofreader()
    torch.nn.init.constant_(other.network.cells.bias, 3.0)

    assert first_loss(encoder, one, WHOLE) != first_loss(encoder, other, WHOLE)
    assert first_loss(encoder, one, SMALL) == first_loss(encoder, other, SMALL)


def test_the_proofreader_stays_as_it_is_while_the_unet_learns(encoder: Encoder) -> None:
    proofreader = Proofreader()
    before = {name: value.clone() for name, value in proofreader.state_dict().items()}
    first_loss(encoder, proofreader, WHOLE)

    assert all(torch.equal(value, before[name]) for name, value in proofreader.state_dict().items())

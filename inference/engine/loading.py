"""A checkpoint from its folder or the hub into memory. Safetensors only: nothing here can run foreign code."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers import DDPMScheduler
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from inference.checkpoints import Checkpoint, Family, ImageCheck
from inference.contract import CheckpointUnusable, DeviceBroken, OutOfMemory
from inference.engine.adapters import add, describe, find
from inference.engine.errors import device_errors
from inference.engine.fingerprint import fingerprint, hash_weights
from inference.engine.model import Model
from inference.engine.preview import PreviewMap
from inference.engine.safety import PictureCheck
from inference.engine.schedulers import Schedulers
from inference.engine.seat import Seat
from inference.engine.text import PooledTextEncoder, Reader, TextEncoder
from inference.engine.upscaler import Upscaler
from inference.engine.weights import Loader, locate, locate_network
from inference.request import Adapters
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

TEXT_ENCODERS: dict[Family, tuple[tuple[str, str, Any], ...]] = {
    Family.SD1: (("tokenizer", "text_encoder", CLIPTextModel),),
    Family.SD2: (("tokenizer", "text_encoder", CLIPTextModel),),
    Family.SDXL: (
        ("tokenizer", "text_encoder", CLIPTextModel),
        ("tokenizer_2", "text_encoder_2", CLIPTextModelWithProjection),
    ),
}
SMALL_TILE = 512
LOW_RES = "low_res_scheduler"
# Tensor cores take channels side by side. A CPU gains hardly anything by it, and other bits come out.
LAYOUT = torch.channels_last


def load(
    checkpoint: Checkpoint, device: torch.device, cache: Path, seat: Seat | None = None, adapters: Adapters = ()
) -> Model:
    """Return the checkpoint in memory, `adapters` added to its weights.

    With a `seat`, its parts take turns on the device. Raises whatever is wrong with it; `naming` makes that
    CheckpointUnusable.
    """
    folder = locate(checkpoint.weights, _parts(checkpoint))
    home = device if seat is None else torch.device("cpu")
    picture_check = load_picture_check_of(checkpoint, home)
    loader = Loader(folder, checkpoint.weights.variant, home, _choose_dtype(device))
    upscaler = None if checkpoint.upscaler is None else Upscaler.load(loader.locate(checkpoint.upscaler), home)
    unet, vae = _load_networks(checkpoint, loader, device, small_tiles=seat is not None)
    files = find(checkpoint, adapters)
    encoders = add(checkpoint.family, adapters, files, unet, _load_encoders(checkpoint, loader))
    told = fingerprint(device, loader.dtype, hash_weights(loader.files, cache), low_memory=seat is not None)
    model = Model(
        checkpoint=checkpoint,
        adapters=adapters,
        device=device,
        dtype=loader.dtype,
        reader=_reader(checkpoint, folder, encoders, unet),
        unet=unet,
        vae=vae,
        upscaler=upscaler,
        schedulers=Schedulers(_read(folder / "scheduler" / "scheduler_config.json"), checkpoint.scheduler),
        picture_check=picture_check,
        preview=PreviewMap.fit(vae.to(device)),
        low_res=_load_low_res(checkpoint, folder),
        fingerprint=told | describe(adapters, files, cache) | _noise_level(checkpoint),
        low_memory=seat is not None,
    )
    if seat is not None:
        for part in model.parts:
            seat.offer(part)
    return model


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Raise CheckpointUnusable, with the checkpoint's name, for all that can go wrong while one is loaded.

    A broken device is not the checkpoint's fault, nor is a device that holds others: DeviceBroken and OutOfMemory stay
    what they are.
    """
    try:
        with device_errors():
            yield
    except (DeviceBroken, OutOfMemory):
        raise
    except Exception as error:
        raise CheckpointUnusable(f'checkpoint "{name}": {error}') from error


def kind_of(checkpoint: Checkpoint) -> UpscalerKind | None:
    """Return what kind of upscaler a checkpoint is, None where it is none."""
    return checkpoint.kind if isinstance(checkpoint, UpscalerCheckpoint) else None


def _parts(checkpoint: Checkpoint) -> tuple[str, ...]:
    texts = [part for names in TEXT_ENCODERS[checkpoint.family] for part in names[:2]]
    low_res = [LOW_RES] if kind_of(checkpoint) is UpscalerKind.DIFFUSION else []
    return ("unet", "vae", "scheduler", *low_res, *texts)


def _choose_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def _load_networks(
    checkpoint: Checkpoint, loader: Loader, device: torch.device, *, small_tiles: bool
) -> tuple[Any, Any]:
    """Return the UNet and the VAE, as the device likes them. Raises CheckpointUnusable where they do not fit."""
    unet, vae = _load_unet(checkpoint, loader), loader.load(AutoencoderKL, "vae")
    _check_channels(checkpoint, unet, vae)
    if vae.config.force_upcast and loader.dtype is torch.float16:  # whose range is too small for it; as diffusers does
        vae = vae.float()
    if small_tiles:
        _use_small_tiles(vae)
    if device.type == "cuda":
        for network in (unet, vae):
            network.to(memory_format=LAYOUT)
    return unet, vae


def _load_unet(checkpoint: Checkpoint, loader: Loader) -> Any:
    """Return the checkpoint's UNet, or the one that replaces it."""
    if checkpoint.unet is None:
        return loader.load(UNet2DConditionModel, "unet")
    config = UNet2DConditionModel.load_config(loader.folder / "unet")
    unet = UNet2DConditionModel.from_config(config)
    unet.load_state_dict(load_file(loader.locate(checkpoint.unet)))
    return unet.to(loader.device, loader.dtype).eval()


def _check_channels(checkpoint: Checkpoint, unet: Any, vae: Any) -> None:
    """Raise CheckpointUnusable where the UNet was made to see other things than a checkpoint of its kind shows it."""
    seen, latent, kind = unet.config.in_channels, vae.config.latent_channels, kind_of(checkpoint)
    if kind is not None:
        beside = 3 if kind is UpscalerKind.DIFFUSION else latent
        if seen != latent + beside:
            raise CheckpointUnusable(f"its UNet has {seen} input channels; this kind of upscaler {latent + beside}")
    elif seen not in (latent, 2 * latent + 1):
        raise CheckpointUnusable(
            f"its UNet has {seen} input channels; {latent} are those of a Stable Diffusion, {2 * latent + 1} of one "
            "for inpainting, and others are not known here"
        )


def _use_small_tiles(vae: Any) -> None:
    """Let the VAE's tiles be no larger than SMALL_TILE pixels: in float32, SDXL's own would not fit."""
    vae.tile_sample_min_size = min(vae.tile_sample_min_size, SMALL_TILE)
    vae.tile_latent_min_size = vae.tile_sample_min_size >> (len(vae.config.block_out_channels) - 1)


def _load_low_res(checkpoint: Checkpoint, folder: Path) -> Any:
    if kind_of(checkpoint) is not UpscalerKind.DIFFUSION:
        return None
    kind: Any = DDPMScheduler
    return kind.from_config(_read(folder / LOW_RES / "scheduler_config.json"))


def _noise_level(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what a fingerprint says of how far an upscaler's source is noised."""
    if isinstance(checkpoint, UpscalerCheckpoint) and checkpoint.kind is UpscalerKind.DIFFUSION:
        return {"noise level": str(checkpoint.noise_level)}
    return {}


def _load_encoders(checkpoint: Checkpoint, loader: Loader) -> list[TextEncoder]:
    reads = PooledTextEncoder if kind_of(checkpoint) is UpscalerKind.LATENT else TextEncoder
    return [
        reads(
            CLIPTokenizer.from_pretrained(loader.folder / tokenizer, local_files_only=True),
            loader.load(kind, encoder),
            penultimate=checkpoint.family is Family.SDXL,
        )
        for tokenizer, encoder, kind in TEXT_ENCODERS[checkpoint.family]
    ]


def _reader(checkpoint: Checkpoint, folder: Path, encoders: list[TextEncoder], unet: Any) -> Reader:
    return Reader(
        encoders,
        zeros_for_no_prompt=bool(_read(folder / "model_index.json").get("force_zeros_for_empty_prompt", False)),
        guidance_width=None if kind_of(checkpoint) else unet.config.time_cond_proj_dim,
    )


def _read(file: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(file.read_text())
    return settings


def load_picture_check_of(checkpoint: Checkpoint, device: torch.device) -> PictureCheck | None:
    """Return the picture check that the checkpoint asks for; that it cannot be loaded makes the checkpoint unusable."""
    check = checkpoint.image_check
    try:
        return None if check == "closed world" else load_picture_check(check, device)
    except Exception as error:
        raise CheckpointUnusable(f"its picture check cannot be loaded: {error}") from error


def load_picture_check(check: ImageCheck, device: torch.device) -> PictureCheck:
    """Return a picture check in memory. Raises CheckpointUnusable, OSError, ValueError where a network is missing."""
    checker, classifier = (locate_network(weights) for weights in (check.checker, check.classifier))
    return PictureCheck(check, checker, classifier, device)

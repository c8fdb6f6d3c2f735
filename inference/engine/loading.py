"""A checkpoint from its folder or the hub into memory. Safetensors only: nothing here can run foreign code."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers import DDPMScheduler
from huggingface_hub import hf_hub_download, snapshot_download
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from inference.checkpoints import Checkpoint, Family, ImageCheck, Weights
from inference.contract import CheckpointUnusable, DeviceBroken, OutOfMemory
from inference.engine.adapters import add, describe, find
from inference.engine.errors import device_errors
from inference.engine.fingerprint import fingerprint, hash_weights
from inference.engine.preview import PreviewMap
from inference.engine.rows import Shape
from inference.engine.safety import PictureCheck
from inference.engine.schedulers import Schedulers
from inference.engine.seat import Seat
from inference.engine.text import PooledTextEncoder, Reader, TextEncoder
from inference.engine.upscaler import Upscaler
from inference.protocol import Loaded
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
PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth")

transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # weights load in seconds: no bar in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A checkpoint in memory."""

    checkpoint: Checkpoint
    adapters: Adapters
    device: torch.device
    dtype: torch.dtype
    reader: Reader
    unet: Any
    vae: Any
    upscaler: Upscaler | None
    schedulers: Schedulers
    picture_check: PictureCheck | None
    preview: PreviewMap
    fingerprint: dict[str, str]
    low_res: Any = None  #: a diffusion upscaler's scheduler that noises what it enlarges
    low_memory: bool  #: its parts take turns on the device, and large pictures are decoded in tiles
    asks: dict[tuple[Shape, int], Any] = field(default_factory=dict)  #: ways to ask the UNet, by shape and rows
    apart: dict[tuple[Shape, int], bool] = field(default_factory=dict)  #: whether rows keep apart then
    compiled: set[tuple[Shape, int]] = field(default_factory=set)  #: those of the ways that are compiled

    @property
    def key(self) -> Loaded:
        """What tells it from others."""
        return self.checkpoint.name, self.adapters

    @property
    def parts(self) -> list[Any]:
        """Its networks."""
        parts = [self.unet, self.vae, *self.reader.networks]
        parts += [] if self.upscaler is None else [self.upscaler]
        parts += [] if self.picture_check is None else self.picture_check.networks
        return parts

    @property
    def bytes(self) -> int:
        """The memory that its weights take."""
        return sum(weight.numel() * weight.element_size() for part in self.parts for weight in part.parameters())

    @property
    def latent_channels(self) -> int:
        """The number of channels of latents."""
        return int(self.vae.config.latent_channels)

    @property
    def inpaints(self) -> bool:
        """Whether the UNet was trained to see a mask and the masked picture's latents beside the noisy ones."""
        return int(self.unet.config.in_channels) == 2 * self.latent_channels + 1

    @property
    def latent_scale(self) -> int:
        """The number of pixels along a side that one latent stands for."""
        return 1 << (len(self.vae.config.block_out_channels) - 1)


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
    dtype = _choose_dtype(device)
    loader = _Loader(folder, checkpoint.weights.variant, home, dtype)
    unet = _load_unet(checkpoint, loader)
    upscaler = None if checkpoint.upscaler is None else Upscaler.load(loader.locate(checkpoint.upscaler), home)
    vae = loader.load(AutoencoderKL, "vae")
    _check_channels(checkpoint, unet, vae)
    if vae.config.force_upcast and dtype is torch.float16:  # whose range is too small for it; as diffusers does
        vae = vae.float()
    if device.type == "cuda":
        for network in (unet, vae):
            network.to(memory_format=LAYOUT)
    if seat is not None:
        _use_small_tiles(vae)
    index = json.loads((folder / "model_index.json").read_text())
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    encoders = [_load_encoder(loader, checkpoint, *names) for names in TEXT_ENCODERS[checkpoint.family]]
    files = find(checkpoint, adapters)
    encoders = add(checkpoint.family, adapters, files, unet, encoders)
    told = fingerprint(device, dtype, hash_weights(loader.files, cache), low_memory=seat is not None)
    model = Model(
        checkpoint=checkpoint,
        adapters=adapters,
        device=device,
        dtype=dtype,
        reader=Reader(
            encoders,
            zeros_for_no_prompt=bool(index.get("force_zeros_for_empty_prompt", False)),
            guidance_width=None if kind_of(checkpoint) else unet.config.time_cond_proj_dim,
        ),
        unet=unet,
        vae=vae,
        upscaler=upscaler,
        schedulers=Schedulers(scheduler, checkpoint.scheduler),
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


def locate(weights: Weights, parts: tuple[str, ...]) -> Path:
    """Return the folder of the weights, from the hub's cache where they come from there. Raises CheckpointUnusable.

    `parts` are the folders in it that are wanted, "" for its own files.
    """
    folder = weights.folder
    if folder is None:
        suffix = f".{weights.variant}" if weights.variant else ""
        names = (f"model{suffix}", f"diffusion_pytorch_model{suffix}")
        folders = [f"{part}/" if part else "" for part in parts]
        patterns = [
            f"{folder}{name}{tail}"
            for folder in folders
            for name in names
            for tail in (".safetensors", "-*.safetensors")
        ]
        texts = [f"{folder}{name}" for folder in folders for name in ("*.json", "*.txt")]
        folder = Path(
            snapshot_download(
                weights.source, revision=weights.revision, allow_patterns=["model_index.json", *patterns, *texts]
            )
        )
    if not folder.is_dir():
        raise CheckpointUnusable(f"the folder {folder} does not exist")
    return folder


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


class _Loader:
    """Loads the parts of one folder and keeps count of the weight files."""

    def __init__(self, folder: Path, variant: str | None, device: torch.device, dtype: torch.dtype) -> None:
        self.folder = folder
        self.device = device
        self.dtype = dtype
        self.files: list[Path] = []
        self._variant = variant

    def load(self, kind: Any, part: str) -> Any:
        """Return a part of the checkpoint, on the device. Raises CheckpointUnusable without safetensors."""
        folder = self.folder / part
        self.files += safetensors_in(folder, self._variant)
        name = "dtype" if kind.__module__.startswith("transformers") else "torch_dtype"
        model = kind.from_pretrained(
            folder, variant=self._variant, use_safetensors=True, local_files_only=True, **{name: self.dtype}
        )
        return model.to(self.device).eval()

    def locate(self, weights: Weights) -> Path:
        """Return where a single weights file lies, from the hub's cache where it comes from there."""
        self.files.append(locate_file(weights))
        return self.files[-1]


def safetensors_in(folder: Path, variant: str | None) -> list[Path]:
    """Return the weight files of a part. Raises CheckpointUnusable where there are none, naming what lies there."""
    suffix = f".{variant}" if variant else ""
    names = (f"{stem}{suffix}{tail}" for stem in ("model", "diffusion_pytorch_model") for tail in ("", "-*"))
    if files := [path for name in names for path in folder.glob(f"{name}.safetensors")]:
        return files
    pickles = [path.name for pattern in PICKLES for path in folder.glob(pattern)]
    if pickles:
        raise CheckpointUnusable(
            f"{folder} holds {', '.join(sorted(pickles))} but no .safetensors file. Pickled weights can run code, "
            "so they are refused: convert them, or choose a revision with safetensors"
        )
    raise CheckpointUnusable(f"{folder} holds no .safetensors file" + (f" of variant {variant}" if variant else ""))


def _load_unet(checkpoint: Checkpoint, loader: _Loader) -> Any:
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


def locate_file(weights: Weights) -> Path:
    """Return where a single weights file lies, from the hub's cache where it comes from there.

    Raises CheckpointUnusable for anything but a safetensors file.
    """
    if weights.file is None or not weights.file.endswith(".safetensors"):
        raise CheckpointUnusable("a UNet or an upscaler of its own needs `file`, the name of a .safetensors file")
    if weights.folder is not None:
        return weights.folder / weights.subfolder / weights.file
    subfolder = weights.subfolder or None
    return Path(hf_hub_download(weights.source, weights.file, subfolder=subfolder, revision=weights.revision))


def _load_low_res(checkpoint: Checkpoint, folder: Path) -> Any:
    if kind_of(checkpoint) is not UpscalerKind.DIFFUSION:
        return None
    kind: Any = DDPMScheduler
    return kind.from_config(json.loads((folder / LOW_RES / "scheduler_config.json").read_text()))


def _noise_level(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what a fingerprint says of how far an upscaler's source is noised."""
    if isinstance(checkpoint, UpscalerCheckpoint) and checkpoint.kind is UpscalerKind.DIFFUSION:
        return {"noise level": str(checkpoint.noise_level)}
    return {}


def _load_encoder(loader: _Loader, checkpoint: Checkpoint, tokenizer: str, encoder: str, kind: Any) -> TextEncoder:
    reads = PooledTextEncoder if kind_of(checkpoint) is UpscalerKind.LATENT else TextEncoder
    return reads(
        CLIPTokenizer.from_pretrained(loader.folder / tokenizer, local_files_only=True),
        loader.load(kind, encoder),
        penultimate=checkpoint.family is Family.SDXL,
    )


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


def locate_network(weights: Weights) -> Path:
    """Return the folder of a network of transformers. Raises CheckpointUnusable without safetensors."""
    folder = locate(weights, (weights.subfolder,)) / weights.subfolder
    safetensors_in(folder, weights.variant)
    return folder

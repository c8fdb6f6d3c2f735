"""Look at the drawn world, train the demo model, and measure it."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from config.settings import ROOT, load_settings
from demo_model.detect.accuracy import measure
from demo_model.detect.detector import WEIGHTS, Detector
from demo_model.painter import Painter
from demo_model.report import Report
from demo_model.train.course import AnotherCourse, Course
from demo_model.train.plan import plan_for
from demo_model.train.stage import Stopped
from demo_model.world.captions import caption
from demo_model.world.drawer import draw
from demo_model.world.sampler import sample
from demo_model.world.sheet import contact_sheet
from inference.checkpoints import load_checkpoints

FOLDER = Path("data/demo_model")
SHIPPED = ROOT / "demo_model" / "model"
STOPPED = 130


def main() -> int:
    """Do what the command line says."""
    arguments = _parser().parse_args()
    work: Callable[[argparse.Namespace], int] = arguments.work
    return work(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo_model", description=__doc__)
    commands = parser.add_subparsers(required=True)
    world = commands.add_parser("world", help="write a contact sheet of drawn pictures and print their captions")
    world.set_defaults(work=_world)
    world.add_argument("out", type=Path)
    world.add_argument("--pictures", type=int, default=48)
    world.add_argument("--seed", type=int, default=0)
    detect = commands.add_parser("detect", help="print how often the detectors are right on drawn pictures")
    detect.set_defaults(work=_detect)
    train = commands.add_parser("train", help="train all of it, or go on where the last run stopped")
    train.set_defaults(work=_train)
    train.add_argument("--minutes", type=float, help="for the whole course, over all runs")
    train.add_argument("--steps", type=int, help="at most so many steps a stage")
    train.add_argument("--out", type=Path, default=FOLDER)
    train.add_argument("--start", type=Path, help="a finished model, whose UNet is to be trained on, and nothing else")
    report = commands.add_parser("report", help="measure a model and print the figures as JSON")
    report.set_defaults(work=_report)
    report.add_argument("--model", type=Path, default=SHIPPED)
    report.add_argument("--captions", type=int, default=500)
    report.add_argument("--guidance", type=float, help="by default what the bot uses where nobody says otherwise")
    report.add_argument("--sheet", type=Path, help="also write a contact sheet of pictures it made")
    for command in (detect, report):
        command.add_argument("--detector", type=Path, default=WEIGHTS)
        command.add_argument("--seed", type=int, default=1)
    for command in (detect, train, report):
        command.add_argument("--device", type=torch.device, default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def _world(arguments: argparse.Namespace) -> int:
    dice = np.random.default_rng(arguments.seed)
    scenes = [sample(dice) for _ in range(arguments.pictures)]
    contact_sheet([draw(scene) for scene in scenes], 8).save(arguments.out)
    for scene in scenes:
        print(caption(scene, dice))
    return 0


def _detect(arguments: argparse.Namespace) -> int:
    detector = Detector.load(arguments.detector, arguments.device)
    print(json.dumps(measure(detector, 2000, arguments.seed), indent=1))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    if arguments.minutes is None and arguments.steps is None:
        print("Say how long: --minutes, --steps or both.", file=sys.stderr)
        return 2
    course = Course(
        folder=arguments.out,
        device=arguments.device,
        plan=plan_for(arguments.device),
        minutes=arguments.minutes,
        steps=arguments.steps,
        start=arguments.start,
        tell=lambda line: print(line, flush=True),
    )
    try:
        print(f"The model lies in {course.run()}.")
    except AnotherCourse as error:
        print(error, file=sys.stderr)
        return 2
    except Stopped:
        print("Stopped; the same command goes on from here.")
        return STOPPED
    return 0


def _report(arguments: argparse.Namespace) -> int:
    detector = Detector.load(arguments.detector, arguments.device)
    painter = Painter.load(arguments.model, arguments.device)
    usual = load_checkpoints(load_settings().models)["demo"].guidance_scale
    guidance = usual if arguments.guidance is None else arguments.guidance
    report = Report(painter, detector, guidance, arguments.seed, lambda line: print(line, file=sys.stderr, flush=True))
    if arguments.sheet is not None:
        report.sheet().save(arguments.sheet)
    print(json.dumps(report.measure(arguments.captions), indent=1))
    return 0

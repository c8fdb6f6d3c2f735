"""Prints the GPUs that torch can use, as JSON: `python -m inference.engine.devices`."""

import json

import torch

if __name__ == "__main__":
    print(json.dumps([f"cuda:{index}" for index in range(torch.cuda.device_count())]))

"""Detectors for the drawn world.

detector.safetensors was trained by this package on a CPU: 22 minutes, 5,066 batches of 16 drawn pictures. On 2,000
fresh drawn pictures it gets right: backgrounds 100 %, counts 99.6 %, colours 99.4 %, styles 98.1 %, positions 97.4 %,
objects 96.8 %, both of two objects with their colours 94.7 %. `python -m demo_model detect` measures this again.
"""

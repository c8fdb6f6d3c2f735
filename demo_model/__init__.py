"""The demo model: a small drawn world, detectors for it, and a latent diffusion model trained on it."""

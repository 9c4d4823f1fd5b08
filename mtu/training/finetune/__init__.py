"""Training of latent diffusion bases: the method and its baselines (METHOD §1, §2)."""

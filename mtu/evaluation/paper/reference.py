"""What the paper reports (arXiv 2503.11905; METHOD §2 and §3), to stand beside our figures."""

from mtu.tasks import TASKS
from mtu.upcycle import SDXL_GUIDANCE, SDXL_STEPS

METHODS = {  # what may have been trained, in the words of the recipes
    "mtu": "MTU",
    "single_task": "single-task models",
    "component_sa": "self-attention only",
    "component_ca": "cross-attention only",
    "component_ffn": "FFN only",
    "lora": "LoRA on FFN",
    "ia3": "IA3 on the block",
}
METRICS = {  # task -> (heading, digits)
    "t2i": ("T2I FID ↓", 1),
    "edit": ("IE I-T ↑", 1),
    "sr": ("SR LPIPS×100 ↓", 1),
    "inpaint": ("IP I-I ↑", 1),
}
TITLES = {
    1: "One model for four tasks",
    2: "Parameter-efficient baselines",
    3: "Tuning one component only",
    4: "Number of experts",
    5: "Task mixes",
}
TABLE_TASKS = {1: tuple(METRICS), 2: ("edit", "sr", "inpaint"), 3: ("edit", "sr", "inpaint"),
               4: tuple(METRICS), 5: tuple(METRICS)}
SIDE = 512  # pixels
SETTINGS = {  # base -> steps and task -> [text, image] guidance scales
    "SD1.5": {"steps": 20, "guidance": {
        name: [spec.guidance_scale, spec.image_guidance_scale] for name, spec in TASKS.items()}},
    "SDXL": {"steps": SDXL_STEPS, "guidance": SDXL_GUIDANCE},
}


def _row(label: str, tflops: float | None = None, params: str | None = None, **figures) -> dict:
    return {"label": label, "tflops": tflops, "params": params, "figures": figures}


PAPER: dict[int, list[dict]] = {
    1: [
        _row("SD1.5 single-task models", .67, "860M each", t2i=12.9, edit=15.4, sr=38.0,
             inpaint=46.5),
        _row("SD1.5 super-resolution trained alone", .67, "860M", sr=29.3),
        _row("MTU SD1.5, N=4", .68, "869M", t2i=7.2, edit=17.2, sr=24.8, inpaint=44.0),
        _row("SDXL single-task models", 1.53, "2.6B each", t2i=4.1, edit=17.3, sr=26.9,
             inpaint=43.2),
        _row("MTU SDXL, N=1", 1.54, "2.6B", t2i=3.9, edit=20.1, sr=26.5, inpaint=44.2),
    ],
    2: [
        _row("SD1.5, LoRA on FFN", edit=8.3, sr=43.3, inpaint=31.4),
        _row("SD1.5, IA3 on the block", edit=11.2, sr=39.3, inpaint=34.2),
        _row("SDXL, LoRA on FFN", edit=13.1, sr=31.8, inpaint=28.9),
        _row("SDXL, IA3 on the block", edit=8.4, sr=51.0, inpaint=30.6),
    ],
    3: [
        _row("self-attention only", edit=17.6, sr=25.0, inpaint=42.9),
        _row("cross-attention only", edit=16.9, sr=27.5, inpaint=40.1),
        _row("FFN only", edit=17.8, sr=23.7, inpaint=46.7),
    ],
    4: [
        *(_row(f"MTU SD1.5, N={n}", t2i=fid, edit=edit, sr=sr, inpaint=inpaint)
          for n, fid, edit, sr, inpaint in (
              (1, 7.3, 17.6, 25.3, 44.0), (2, 8.4, 9.0, 30.9, 43.2), (4, 7.2, 17.2, 24.8, 44.0),
              (8, 8.0, 10.2, 27.8, 38.7), (16, 8.5, 9.6, 27.2, 36.5))),
        *(_row(f"MTU SDXL, N={n}", t2i=fid)
          for n, fid in ((1, 3.9), (2, 10.5), (4, 12.3), (8, 12.8), (16, 17.1))),
    ],
    5: [
        _row("edit + inpaint", edit=20.6, inpaint=52.6),
        _row("t2i + inpaint", inpaint=30.0),
        _row("sr + inpaint", inpaint=30.2),
    ],
}


def base_of(config) -> str | None:
    """"SD1.5" or "SDXL" by a UNet's config; None for any other model."""
    if config.get("addition_embed_type") == "text_time":
        return "SDXL" if config.get("cross_attention_dim") == 2048 else None
    widths = tuple(config.get("block_out_channels") or ())
    is_sd15 = widths == (320, 640, 1280, 1280) and config.get("cross_attention_dim") == 768
    return "SD1.5" if is_sd15 else None

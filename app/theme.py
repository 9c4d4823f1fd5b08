"""The look: system fonts, 16 px, an 8 px grid, quiet greys; the four task colours are palette's."""

from pathlib import Path

import gradio as gr

from app import palette

STYLE = Path(__file__).with_name("style.css")
FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial",
        "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's base theme in our greys; no font is fetched from anywhere."""
    look = gr.themes.Base(
        primary_hue=gr.themes.colors.violet, secondary_hue=gr.themes.colors.slate,
        neutral_hue=gr.themes.colors.slate, font=FONT, font_mono=MONO,
        text_size=gr.themes.sizes.text_md, spacing_size=gr.themes.sizes.spacing_md,
        radius_size=gr.themes.sizes.radius_lg,
    )
    return look.set(
        body_background_fill="#fbfbfc", body_background_fill_dark="#121318",
        body_text_color="#1c1e26", body_text_color_dark="#e7e8ee",
        body_text_color_subdued="#565b6b", body_text_color_subdued_dark="#a3a8b8",
        background_fill_primary="#ffffff", background_fill_primary_dark="#191b22",
        background_fill_secondary="#f4f4f7", background_fill_secondary_dark="#20222b",
        block_background_fill="*background_fill_primary",
        block_background_fill_dark="*background_fill_primary",
        block_border_color="#e4e5ea", block_border_color_dark="#2c2f3a",
        border_color_primary="#e4e5ea", border_color_primary_dark="#2c2f3a",
        color_accent="*primary_600",
        block_shadow="none", block_shadow_dark="none", block_border_width="1px",
        block_label_background_fill="transparent", input_background_fill="#ffffff",
        input_background_fill_dark="#191b22", color_accent_soft="#f1eefc",
        color_accent_soft_dark="#262238",
    )


def css() -> str:
    """Our own rules: the task colours, then style.css."""
    return palette.css() + "\n" + STYLE.read_text(encoding="utf-8")

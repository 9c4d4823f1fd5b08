"""OneBrush's front end: one conversation in which a picture is drawn, edited, enlarged, erased.

`chat` holds a turn, `session` a conversation, `provenance` what a saved picture remembers; they
know neither gradio nor torch. `backend` is the one place that knows the model and the router,
`ui` and `main` the only ones that know gradio. Start it with `python app/main.py`.
"""

__all__: list[str] = []

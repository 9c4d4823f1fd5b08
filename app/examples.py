"""python -m app.examples: make the pictures of the empty page with the built-in model.

    --seed N    of the drawing, and of what is done to it (default 3)
    --out DIR   default assets/examples
"""

import argparse
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from PIL import Image

from app import backend, welcome
from app.chat import Chat
from app.events import Drawn
from app.session import Session
from app.settings import EXAMPLES, ROUTER, Settings
from app.turns import Message


def main(argv: Sequence[str] | None = None) -> int:
    """Send the four examples, as a visitor would, and keep what comes of them."""
    parser = argparse.ArgumentParser(prog="app.examples", description=__doc__)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=EXAMPLES)
    args = parser.parse_args(argv)
    settings = Settings()
    future: Future = Future()
    future.set_result(backend.load(settings.model, settings.model_name, "auto", ROUTER,
                                      settings.embedded))
    chat = Chat(future, settings.max_megapixels, lambda: args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        for card in welcome.CARDS:
            if session.pictures:
                session.make_current(1)
            last = list(chat.turn(Message(card.text), session))[-1]
            if not isinstance(last, Drawn):
                raise SystemExit(f"{card.text}: {last}")
            _keep(last.picture.path, args.out / card.picture)
            print(args.out / card.picture, last.picture.recipe, flush=True)
    future.result().close()
    return 0


def _keep(picture: Path, file: Path) -> None:
    """As WebP; the first one in the best quality, for the others start from it."""
    first = file.name == welcome.CARDS[0].picture
    with Image.open(picture) as image:
        image.save(file, quality=96 if first else 88, method=6)


if __name__ == "__main__":
    raise SystemExit(main())

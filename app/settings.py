"""The command line as one frozen record, checked before anything heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
EMBEDDED_MODEL = ROOT / "assets" / "playground"
ROUTER = ROOT / "assets" / "intents"
EXAMPLES = ROOT / "assets" / "examples"
DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Settings:
    """What the program was asked to be.

    model: a folder in diffusers layout or a hub id; dtype: the precision of its weights; fast:
    conversations begin with the model's fast way; port: None takes the first free one from
    7860; auth: (user, password) or None; max_megapixels: the largest upload accepted; seed: the
    first of the seeds, counted up from there, None for seeds by chance; corrections: the file that
    corrections go to where somebody lets them be kept, None for the usual one.
    """

    model: str = str(EMBEDDED_MODEL)
    device: str = "auto"
    dtype: str = "auto"
    fast: bool = False
    host: str = "127.0.0.1"
    port: int | None = None
    share: bool = False
    auth: tuple[str, str] | None = None
    max_megapixels: float = 40.0
    seed: int | None = None
    corrections: Path | None = None

    @property
    def embedded(self) -> bool:
        """True if the model is the small one that ships with OneBrush."""
        return Path(self.model).resolve() == EMBEDDED_MODEL.resolve()

    @property
    def open(self) -> bool:
        """True if people at other machines can reach the page."""
        return self.share or self.host not in ("127.0.0.1", "localhost", "::1")

    @property
    def model_name(self) -> str:
        """The model's short name, for the page and for saved recipes."""
        return "playground" if self.embedded else Path(self.model).name

    @classmethod
    def parse(cls, argv: Sequence[str] | None = None) -> "Settings":
        """Read the flags; a bad one ends the program with status 2 and one line."""
        parser = _Parser(prog="python app/main.py", description="A chat that draws and edits.")
        parser.add_argument("--model", metavar="PATH_OR_HUB_ID", type=_model,
                            help="a model in diffusers layout (default: the built-in one)")
        parser.add_argument("--device", default=cls.device, choices=DEVICES)
        parser.add_argument("--dtype", default=cls.dtype, choices=DTYPES,
                            help="default: half precision for large models on a graphics card")
        parser.add_argument("--fast", action="store_true",
                            help="begin with the model's fast way, if it has one")
        parser.add_argument("--host", default=cls.host, help="0.0.0.0 opens it to your network")
        parser.add_argument("--port", type=_port, help="default: the first free one from 7860")
        parser.add_argument("--share", action="store_true",
                            help="a public link through gradio's tunnel (needs a network)")
        parser.add_argument("--auth", type=_auth, metavar="USER:PASSWORD",
                            help="ask visitors for this name and password")
        parser.add_argument("--max-megapixels", type=_megapixels, default=cls.max_megapixels,
                            metavar="N", help="largest picture accepted (default 40)")
        parser.add_argument("--seed", type=_seed, metavar="N",
                            help="count seeds up from N, so that a conversation can be repeated")
        parser.add_argument("--corrections", type=_file, metavar="FILE",
                            help="where corrections go if someone lets them be kept (default: "
                                 "onebrush/corrections.jsonl in your data folder)")
        given = {name: value for name, value in vars(parser.parse_args(argv)).items()
                 if value is not None}
        return cls(**given)


def stop(message: str) -> NoReturn:
    """End the program with status 2 and one line on standard error."""
    print("onebrush: " + " ".join(message.split()), file=sys.stderr)
    raise SystemExit(2)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        stop(message)


def _model(text: str) -> str:
    path = Path(text).expanduser()
    if path.is_dir():
        if not (path / "model_index.json").is_file():
            raise argparse.ArgumentTypeError(f"{text} holds no model (no model_index.json in it)")
        return str(path)
    looks_like_hub = text.count("/") == 1 and not text.startswith((".", "/", "~"))
    if path.exists() or not looks_like_hub:
        raise argparse.ArgumentTypeError(f"there is no model folder {text}")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 1 << 31:
        raise argparse.ArgumentTypeError(f"a seed is a number from 0 to 2147483647, not {text!r}")
    return int(text)


def _file(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if not text or path.is_dir():
        raise argparse.ArgumentTypeError(f"name a file, not the folder {text!r}")
    return path


def _auth(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise argparse.ArgumentTypeError("give a name and a password as USER:PASSWORD")
    return user, password


def _megapixels(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1000.0:
        raise argparse.ArgumentTypeError(f"a size from above 0 to 1000, not {text!r}")
    return value

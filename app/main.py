"""Start OneBrush: flags → Settings → wiring → launch."""

import contextlib
import errno
import io
import itertools
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # python puts app/ on the import path, not the folder above it
    sys.path[0] = str(ROOT)

from app.settings import EMBEDDED_MODEL, EXAMPLES, ROUTER, Settings, stop  # noqa: E402

# Read by gradio and by huggingface_hub as they are imported, so set before that.
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run until interrupted. Returns the exit status."""
    settings = Settings.parse(argv)
    if settings.embedded and not (EMBEDDED_MODEL / "model_index.json").is_file():
        stop("the built-in model is missing from assets/playground; name another with --model")
    _check_address(settings.host, settings.port)
    folder = Path(tempfile.mkdtemp(prefix="onebrush-"))
    _environment(settings, folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the folder goes then too
    try:
        return _serve(settings, folder)
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(settings: Settings, folder: Path) -> None:
    os.environ.update(QUIET)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)  # uploads and pictures, removed at the end
    if Path(settings.model).is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"
    # gradio asks its own address whether it is up; a proxy would be asked instead
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1,localhost")))


def _serve(settings: Settings, folder: Path) -> int:
    from app.backend import Backend, load
    from app.chat import Chat
    from app.corrections import offered
    from app.hangups import SERVER
    from app.theme import css, theme
    from app.ui import Page
    from app.windows import Windows

    backend: Future[Backend] = Future()
    windows = Windows(folder / "sessions", fast=settings.fast)
    corrections = offered(settings)
    chat = Chat(backend, settings.max_megapixels, _seeds(settings.seed), corrections)
    blocks = Page(chat, windows, backend, settings, corrections).build()
    blocks.queue(default_concurrency_limit=None)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _, url, _ = blocks.launch(
                server_name=settings.host, server_port=settings.port, prevent_thread_lock=True,
                quiet=True, theme=theme(), css=css(), allowed_paths=[str(EXAMPLES)],
                auth=settings.auth, footer_links=[], run_history=False, ssr_mode=False,
                max_file_size=f"{int(12 * settings.max_megapixels) + 16}mb", max_threads=200,
                share=False, enable_monitoring=False, inbrowser=False, app_kwargs=SERVER,
            )
        threading.Thread(target=_fill, args=(backend, load, settings), daemon=True).start()
        ready = backend.result()
    except KeyboardInterrupt:
        # nothing ends a thread in the middle of an import, and the libraries that it is loading
        # abort with a line of their own when the interpreter goes from under them
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    except Exception as error:  # whatever it is, a person gets one line
        blocks.close(verbose=False)
        stop(f"{settings.model} cannot be served: {str(error) or type(error).__name__}")
    print(f"OneBrush is ready at {url}", flush=True)
    if settings.share:
        print(_share(blocks, settings), flush=True)
    try:
        threading.Event().wait()
    finally:
        blocks.close(verbose=False)
        windows.close()
        ready.close()
    return 0


def _seeds(first: int | None) -> Callable[[], int]:
    if first is None:
        return lambda: secrets.randbelow(1 << 31)
    return itertools.count(first).__next__


def _fill(backend: Future, load, settings: Settings) -> None:
    """Load in the background, so that the page is up at once."""
    from PIL import Image

    limit = int(settings.max_megapixels * 1e6)
    Image.MAX_IMAGE_PIXELS = max(limit, Image.MAX_IMAGE_PIXELS or 0)
    try:
        backend.set_result(load(settings.model, settings.model_name, settings.device, ROUTER,
                                settings.embedded, settings.dtype, settings.fast))
    except BaseException as error:
        backend.set_exception(error)


def _share(blocks, settings: Settings) -> str:
    """Open the tunnel; one sentence, with the address or without."""
    from gradio import networking

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            address = networking.setup_tunnel(
                local_host=blocks.server_name, local_port=blocks.server_port,
                share_token=blocks.share_token, share_server_address=None,
                share_server_tls_certificate=None,
            )
    except Exception:  # the tunnel program comes from the network, and may be refused in many ways
        return "No public link: gradio's tunnel cannot be reached, so OneBrush goes on locally."
    open_to = "" if settings.auth else "; anyone who has it may draw, unless you add --auth"
    return f"Public link: {address.replace('http://', 'https://', 1)} (for a week{open_to})"


def _check_address(host: str, port: int | None) -> None:
    """End with one line if this machine cannot listen there."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            stop(f"port {port} is taken; choose another with --port")
        stop(f"this machine cannot listen at {host}, port {port or 'any'}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())

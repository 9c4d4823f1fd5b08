"""Flags become one record; a bad one is status 2 and one line, from the command itself too."""

import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import EMBEDDED_MODEL, ROOT, Settings


def test_defaults():
    settings = Settings.parse([])
    assert settings == Settings()
    assert settings.embedded and settings.model_name == "playground"
    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", None, "auto")
    assert settings.max_megapixels == 40


def test_everything_given():
    settings = Settings.parse(["--share", "--host", "0.0.0.0", "--port", "8000", "--model", "a/b",
                               "--device", "cpu", "--dtype", "bfloat16", "--fast",
                               "--auth", "me:pass:word",
                               "--max-megapixels", "12.5", "--seed", "0",
                               "--corrections", "/tmp/a.jsonl"])
    assert settings == Settings(model="a/b", device="cpu", dtype="bfloat16", fast=True,
                                host="0.0.0.0", port=8000, share=True, auth=("me", "pass:word"),
                                max_megapixels=12.5, seed=0,
                                corrections=Path("/tmp/a.jsonl").resolve())
    assert settings.model_name == "b" and not settings.embedded


def test_the_embedded_model_by_its_path():
    assert Settings(model=f"{EMBEDDED_MODEL}/").embedded


BAD = [
    (["--port", "0"], "port"), (["--port", "x"], "port"), (["--port", "70000"], "port"),
    (["--device", "tpu"], "tpu"), (["--dtype", "int8"], "int8"),
    (["--auth", "me"], "USER:PASSWORD"),
    (["--auth", ":x"], "USER:PASSWORD"), (["--max-megapixels", "0"], "size"),
    (["--max-megapixels", "nan"], "size"), (["--seed", "-1"], "-1"),
    (["--model", "/no/such/folder"], "/no/such/folder"),
    (["--model", "."], "model_index.json"), (["--model", "nowhere"], "nowhere"),
    (["--corrections", "."], "file"), (["--corrections", ""], "file"),
    (["--model", "README.md"], "README.md"), (["--what"], "--what"), (["extra"], "extra"),
]


@pytest.mark.parametrize(("argv", "named"), BAD)
def test_a_bad_flag_is_one_line(argv, named, capsys, monkeypatch):
    monkeypatch.chdir(ROOT / "app")
    with pytest.raises(SystemExit) as caught:
        Settings.parse(argv)
    error = capsys.readouterr().err
    assert caught.value.code == 2
    assert error.count("\n") == 1 and named in error


def test_the_readme_names_every_flag(capsys):
    with pytest.raises(SystemExit):
        Settings.parse(["--help"])
    flags = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(flags) >= 8 and not [flag for flag in flags if f"`{flag}" not in readme]


def test_terminated_while_it_loads_it_goes_quietly():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "app/main.py", "--port", str(port)], cwd=ROOT,
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None:  # the page is up long before the model
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
    process.terminate()
    out, error = process.communicate(timeout=300)
    assert (process.returncode, out, error) == (0, "", "")


def run(*argv: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "app/main.py", *argv], cwd=ROOT, text=True,
                          capture_output=True, timeout=300)


def test_the_command_in_a_fresh_folder_refuses_in_one_line():
    done = run("--port", "none")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_an_occupied_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("--port", str(taken.getsockname()[1]), "--model", "any/one")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "taken" in done.stderr


def test_a_folder_that_holds_no_usable_model(tmp_path: Path):
    (tmp_path / "model_index.json").write_text("{}")
    done = run("--model", str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and str(tmp_path) in done.stderr


def test_an_address_of_another_machine():
    done = run("--host", "203.0.113.7", "--model", "any/one")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "203.0.113.7" in done.stderr

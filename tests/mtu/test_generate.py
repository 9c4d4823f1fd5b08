import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_pipelines import picture, tiny_pipeline

from mtu.generate import DEFAULT_MODEL, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline().save_pretrained(folder)
    return str(folder)


@pytest.fixture
def files(tmp_path) -> Path:
    picture(40, 32).save(tmp_path / "source.png")
    Image.new("L", (40, 32), 255).save(tmp_path / "mask.png")
    (tmp_path / "words.png").write_text("hello")
    return tmp_path


def call(capsys, *arguments) -> tuple[int, str, str]:
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (["--task", "t2i", "--prompt", "a cat"], (32, 32)),
        (["--task", "edit", "--prompt", "make it night", "--image", "source.png"], (40, 32)),
        (["--task", "sr", "--image", "source.png", "--scale", "4"], (160, 128)),
        (["--task", "inpaint", "--image", "source.png", "--mask", "mask.png"], (40, 32)),
    ],
)
def test_each_task(model, files, capsys, monkeypatch, arguments, size):
    monkeypatch.chdir(files)
    call_ = [*arguments, "--model", model, "--steps", 2, "--seed", 3]
    status, out, err = call(capsys, *call_, "--out", "first.png")
    assert (status, err) == (0, "")
    assert out.startswith(f"first.png {size[0]}x{size[1]} seed 3 ")
    assert out.count("\n") == 1
    assert call(capsys, *call_, "--out", "second.png")[0] == 0
    first, second = (files / name for name in ("first.png", "second.png"))
    assert Image.open(first).size == size
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_other_kinds_of_file(model, files, capsys, suffix):
    out = files / f"out{suffix}"
    assert call(capsys, "--task", "t2i", "--model", model, "--steps", 1, "--out", out)[0] == 0
    assert Image.open(out).size == (32, 32)


BAD = {
    "no task": ["--prompt", "a"],
    "unknown task": ["--task", "paint"],
    "edit without an image": ["--task", "edit", "--prompt", "a"],
    "missing image": ["--task", "sr", "--image", "none.png"],
    "not an image": ["--task", "sr", "--image", "words.png"],
    "mask of another size": ["--task", "inpaint", "--image", "source.png", "--mask", "other.png"],
    "unknown suffix": ["--task", "t2i", "--out", "out.gif"],
    "no suffix": ["--task", "t2i", "--out", "out"],
    "no such folder": ["--task", "t2i", "--out", "nowhere/out.png"],
    "missing model": ["--task", "t2i", "--model", "./nothing"],
    "empty model": ["--task", "t2i", "--model", "."],
    "bad scale": ["--task", "sr", "--image", "source.png", "--scale", "3"],
    "bad seed": ["--task", "t2i", "--seed", "-1"],
    "bad steps": ["--task", "t2i", "--steps", "0"],
    "steps not a number": ["--task", "t2i", "--steps", "many"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_status_2_and_one_line(model, files, capsys, monkeypatch, arguments):
    monkeypatch.chdir(files)
    picture(9, 9).save("other.png")
    given = ["--model", model, "--out", "out.png", *arguments]  # the last of two counts
    status, out, err = call(capsys, *given)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert len(err) > 20
    assert not (files / "out.png").exists()


def test_as_a_program(model, files):
    """In a process of its own, from the root of the repository, without a network."""
    command = [sys.executable, "-m", "mtu.generate", "--task", "t2i", "--prompt", "a cat"]
    command += ["--steps", "1", "--model", model]
    good = subprocess.run(
        [*command, "--out", files / "out.png"], cwd=ROOT, capture_output=True, text=True
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert Image.open(files / "out.png").size == (32, 32)


def test_the_default_model_is_the_embedded_one():
    assert DEFAULT_MODEL == ROOT / "assets" / "playground"

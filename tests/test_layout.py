"""The tree keeps its shape: folders, who imports whom, sizes, and the two commands."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "intents", "mtu")
ALLOWED = {"app": {"app", "intents", "mtu"}, "intents": {"intents"}, "mtu": {"mtu"}}
GRADIO_MAY = {"ui.py", "main.py", "theme.py"}  # theme.py stands beside ui.py
TRAINING_SIDE = ("mtu/training/", "mtu/data/", "mtu/evaluation/", "mtu/train.py",
                 "mtu/evaluate.py")


def tracked() -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True,
                                check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split() if (ROOT / name).is_file()]


def imports(file: Path) -> set[str]:
    """Absolute names of the modules a file imports, relative ones resolved."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join((*base, *(node.module or "").split("."))).strip("."))
    return found


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def test_top_level_folders():
    folders = {name.split("/")[0] for name in tracked() if "/" in name}
    assert {name for name in folders if not name.startswith(".")} == {
        "app", "mtu", "intents", "assets", "tests", "docs"}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package):
    for file in sources(package):
        ours = {name.split(".")[0] for name in imports(file)} & set(PACKAGES)
        assert ours <= ALLOWED[package], file


def test_model_files_import_neither_training_nor_data_nor_evaluation():
    for file in sources("mtu"):
        name = file.relative_to(ROOT).as_posix()
        if not name.startswith(TRAINING_SIDE):
            for module in imports(file):
                assert not module.startswith(("mtu.training", "mtu.data", "mtu.evaluation")), name


def test_only_the_front_end_knows_gradio_and_the_chat_no_torch():
    for file in sources("app"):
        names = {name.split(".")[0] for name in imports(file)}
        if "gradio" in names:
            assert file.name in GRADIO_MAY, file
    chat = imports(ROOT / "app" / "chat.py")
    assert not {name.split(".")[0] for name in chat} & {"gradio", "torch"}


def test_the_tracked_tree_can_travel():
    total = sum((ROOT / name).stat().st_size for name in tracked())
    assert total < 48 * 2**20  # of the 64 MiB that may travel
    for name in tracked():
        if name.endswith(".safetensors"):
            assert (ROOT / name).stat().st_size <= 15e6, name


def test_weights_and_data_are_inert():
    bad = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy", ".npz")
    assert not [name for name in tracked() if name.endswith(bad)]


def test_files_stay_readable():
    long = {name: len((ROOT / name).read_text().splitlines())
            for name in tracked() if name.endswith(".py")}
    assert not {name: lines for name, lines in long.items() if lines > 300}


def test_the_readme_shows_the_two_commands():
    text = (ROOT / "README.md").read_text()
    assert "pip install -r requirements.txt && python app/main.py" in text
    assert "pip install -r requirements-dev.txt && pytest" in text


def test_requirements_are_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith("-r ") or line.count("==") == 1, line


def test_no_config_says_where_it_was_made():
    for name in tracked():
        if name.startswith("assets/") and name.endswith(".json"):
            assert "_name_or_path" not in (ROOT / name).read_text(encoding="utf-8"), name

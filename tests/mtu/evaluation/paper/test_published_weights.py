"""Weight files: only the right tensors, of the right file, get into a network."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mtu.evaluation.paper.weights import fill, find_weights, read_tensors


class Harm:
    """What a pickled file may do to its reader."""

    def __reduce__(self):
        return print, ("harm",)


def test_files_of_both_kinds_are_read(tmp_path):
    tensors = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    save_file(tensors, tmp_path / "a.safetensors")
    torch.save(tensors, tmp_path / "a.pth")
    for name in ("a.safetensors", "a.pth"):
        layer = fill(nn.Linear(2, 1), read_tensors(tmp_path / name), name)
        assert layer.weight.tolist() == [[1.0, 1.0]] and not layer.weight.requires_grad


def test_a_published_name_promises_its_hash(tmp_path):
    torch.save({"weight": torch.ones(1)}, tmp_path / "net.pth")
    begins = hashlib.sha256((tmp_path / "net.pth").read_bytes()).hexdigest()[:8]
    right, wrong = tmp_path / f"net-{begins}.pth", tmp_path / "alexnet-owt-7be5be79.pth"
    for path in (right, wrong):
        path.write_bytes((tmp_path / "net.pth").read_bytes())
    assert set(read_tensors(right)) == {"weight"}
    with pytest.raises(ValueError, match=f"another file: its SHA-256 begins {begins}"):
        read_tensors(wrong)
    assert find_weights(tmp_path, "alex") == wrong


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_a_broken_file_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="cannot be read"):
        read_tensors(tmp_path / name)


def test_nothing_in_a_file_is_executed(tmp_path, capsys):
    (tmp_path / "a.pth").write_bytes(pickle.dumps({"weight": Harm()}, protocol=2))
    with pytest.raises(ValueError, match="cannot be read"):
        read_tensors(tmp_path / "a.pth")
    assert "harm" not in capsys.readouterr().out


@pytest.mark.parametrize(("tensors", "says"), [
    ({"weight": torch.ones(1, 2)}, "lacks bias"),
    ({"weight": torch.ones(1, 2), "bias": torch.ones(1), "more": torch.ones(1)}, "unknown more"),
    ({"weight": torch.ones(2, 1), "bias": torch.ones(1)}, r"weight in the file is \(2, 1\)"),
])
def test_tensors_that_do_not_fit_are_named(tensors, says):
    with pytest.raises(ValueError, match=says):
        fill(nn.Linear(2, 1), tensors, "the file")
    fill(nn.Linear(2, 1), {"weight": torch.ones(1, 2), "bias": torch.ones(1),
                           "fc.weight": torch.ones(9)}, "the file", unused=("fc.",))

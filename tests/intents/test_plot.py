"""The doubt curve is drawn where its points lie."""

import xml.etree.ElementTree as ET

import pytest

from intents.evaluate import doubt_curve, main
from intents.plot import doubt_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_the_curve_and_its_threshold():
    curve = doubt_curve([0.45, 0.99, 0.99, 0.55], [False, True, False, True], [0, 0.5, 0.6])
    root = ET.fromstring(doubt_svg(curve, threshold=0.5, most_asked=0.5))
    line = root.find(f"{SVG}polyline").get("points").split()
    dot = root.find(f"{SVG}circle")
    assert len(line) == 3 and f"{dot.get('cx')},{dot.get('cy')}" == line[1]
    assert [float(p.split(",")[0]) for p in line] == sorted(float(p.split(",")[0]) for p in line)
    assert "asks 25.0%, avoids 50% of the errors" in "".join(root.itertext())


def test_an_empty_curve_is_refused():
    with pytest.raises(ValueError):
        doubt_svg([], 0.5)


def test_the_command_writes_it(tmp_path, capsys):
    data = tmp_path / "d.jsonl"
    data.write_text(
        '{"text": "draw a cat", "images": 0, "mask": false, "history": false, "intent": "chat"}\n'
    )
    assert main(["--data", str(data), "--plot", str(tmp_path / "c.svg")]) == 0
    assert ET.parse(tmp_path / "c.svg").getroot().tag == f"{SVG}svg"

"""Rules that read numbers, places and things out of one step's text.

A slot dict holds only what was said, all JSON values. Tasks that can have it in brackets:
  scale        times as large, 1 < scale <= 16, int or float (sr)
  width, height  target size in pixels, ints, 16..16384 (sr, t2i); either alone, or both. A sheet of
               paper or centimetres and inches count at the said dpi or 300: "A4" is 2480 × 3508
  dpi          int, 30..2400: what was said without a size, 300 for "for print" (sr)
  aspect       str "W:H": "16:9" as said; "square" "1:1", "landscape format" "3:2", "portrait
               format" "2:3", "wallpaper" "16:9", "phone wallpaper" "9:16", "panorama" "3:1" (t2i)
  variations   int, 2..16: number of pictures asked for; "a few" are 3 (t2i, edit, inpaint)
  seed         int, 0..2**32-1 (all)
  same_seed    True: the seed of the picture before (all); never beside seed
  without      list of str: things that must not appear, lower case, without article (t2i, and
               edits that say more than that)
  thing        str: what an edit or removal is about, without article (edit, inpaint)
  size         str: the size adjective in it, lower case ("small") (edit, inpaint)
  where        str: where in the picture that thing is ("on the left") (edit, inpaint)
  picture      dict: which picture is meant: {"of": "upload"|"any", "index": 1.. or -1 for the
               last}, {"of": "previous"} or {"of": "original"} (edit, sr, inpaint)
Numbers, "x", doubles, pixels, print, seeds, shapes, "without" and which picture are read in
English, Spanish, French, German, Italian and Portuguese; thing, size and where in English.
"""

from __future__ import annotations

from .frame import seed, shape, variations, without, without_settings
from .pictures import picture
from .target import target
from .things import thing

__all__ = ["read_slots", "without_settings"]


def read_slots(task: str, text: str) -> dict:
    """The slots of one step. task: "t2i", "edit", "sr" or "inpaint"; text: as it was written."""
    slots, text = seed(text)
    if task == "sr":
        slots |= target(text)
    if task == "t2i":
        slots |= shape(text) | variations(text) | without(text)
    else:
        slots |= picture(text)
    if task in ("edit", "inpaint"):
        slots |= thing(text) | variations(text)
    if task == "edit":
        slots |= _left_out(text)
    return slots


def _left_out(text: str) -> dict:
    """What an edit is to leave out besides what it does: "make it winter, without people"."""
    found = without(text)
    said_first = found and text.lower().find(found["without"][0]) < 12
    return {} if said_first else found

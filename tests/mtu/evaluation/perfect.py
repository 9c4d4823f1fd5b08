"""What a reader that is never wrong would say of a scene."""

from mtu.data.reader import cells_of, drawn_box
from mtu.evaluation import Found, Reading
from mtu.playground.scene import Scene
from mtu.playground.vocabulary import THINGS


def perfect(scene: Scene) -> Reading:
    things = []
    for item in scene.items:
        left, top, right, bottom = drawn_box(item)
        shade = item.color or THINGS[item.thing].color or "red"
        things.append(Found(item.thing, (left + right) / 2, (top + bottom) / 2,
                            float(cells_of(item).sum()), shade))
    return Reading(tuple(things), scene.place, scene.time, scene.weather, scene.style)

"""The words of the playground world: things, places, times, weather, colours, sizes, styles.

Plain data, importable without the glyph font. Each thing is one glyph of the Noto Color Emoji
font (SIL Open Font License). The first name of an entry is the one used in code and in reports;
the others are synonyms that captions and instructions also use.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """One kind of thing: its glyph, its names, where it usually is and whether it takes colours."""

    name: str
    glyph: str
    synonyms: tuple[str, ...] = ()
    row: str = "down"  # where it naturally is: "down" on the ground, "up" in the air
    color: str | None = None  # the glyph's own colour, for things that can be recoloured
    plural: str = ""

    @property
    def recolorable(self) -> bool:
        """True if captions and edits may ask for this thing in a colour."""
        return self.color is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every synonym."""
        return (self.name, *self.synonyms)


def _things() -> dict[str, Thing]:
    rows = [
        # animals
        Thing("cat", "🐈", ("kitty", "kitten")),
        Thing("dog", "🐕", ("puppy", "hound")),
        Thing("fox", "🦊", ("red fox",), plural="foxes"),
        Thing("bear", "🐻", ("brown bear",)),
        Thing("panda", "🐼", ("panda bear",)),
        Thing("rabbit", "🐇", ("bunny", "hare")),
        Thing("horse", "🐎", ("pony", "stallion"), plural="horses"),
        Thing("cow", "🐄", ("dairy cow",)),
        Thing("pig", "🐖", ("piglet", "hog")),
        Thing("sheep", "🐑", ("lamb",), plural="sheep"),
        Thing("elephant", "🐘", ()),
        Thing("giraffe", "🦒", ()),
        Thing("lion", "🦁", ()),
        Thing("penguin", "🐧", ()),
        Thing("owl", "🦉", ()),
        Thing("duck", "🦆", ("mallard",)),
        Thing("parrot", "🦜", (), row="up"),
        Thing("flamingo", "🦩", (), plural="flamingos"),
        Thing("frog", "🐸", ("toad",)),
        Thing("turtle", "🐢", ("tortoise",)),
        Thing("whale", "🐳", ()),
        Thing("dolphin", "🐬", ()),
        Thing("fish", "🐠", ("tropical fish",), plural="fish"),
        Thing("octopus", "🐙", ("squid",), plural="octopuses"),
        Thing("crab", "🦀", ()),
        Thing("snail", "🐌", ()),
        Thing("butterfly", "🦋", (), row="up", color="orange", plural="butterflies"),
        Thing("dinosaur", "🦕", ("dino", "brontosaurus")),
        Thing("unicorn", "🦄", ()),
        Thing("tiger", "🐅", ()),
        Thing("zebra", "🦓", ()),
        Thing("monkey", "🐒", ("ape",)),
        Thing("camel", "🐫", ()),
        Thing("kangaroo", "🦘", (), plural="kangaroos"),
        Thing("koala", "🐨", ("koala bear",)),
        Thing("hedgehog", "🦔", ()),
        Thing("mouse", "🐁", (), plural="mice"),
        Thing("snake", "🐍", ("serpent",)),
        Thing("shark", "🦈", ()),
        Thing("rooster", "🐓", ("chicken", "hen")),
        Thing("swan", "🦢", ()),
        Thing("eagle", "🦅", ("hawk",), row="up"),
        Thing("bee", "🐝", ("honeybee",), row="up"),
        Thing("ladybug", "🐞", ("ladybird",)),
        Thing("dragon", "🐉", ()),
        # vehicles
        Thing("car", "🚗", ("automobile",), color="red"),
        Thing("bus", "🚌", (), plural="buses"),
        Thing("tractor", "🚜", ()),
        Thing("train", "🚂", ("locomotive", "steam train")),
        Thing("rocket", "🚀", ("spaceship",), row="up"),
        Thing("airplane", "✈️", ("plane", "jet"), row="up"),
        Thing("helicopter", "🚁", ("chopper",), row="up"),
        Thing("sailboat", "⛵", ("boat", "sailing boat")),
        Thing("ufo", "🛸", ("flying saucer",), row="up"),
        Thing("balloon", "🎈", (), row="up", color="red"),
        Thing("bicycle", "🚲", ("bike",)),
        Thing("truck", "🚚", ("lorry",), plural="trucks"),
        Thing("fire engine", "🚒", ("fire truck",)),
        Thing("scooter", "🛵", ("moped",)),
        Thing("kite", "🪁", (), row="up"),
        # plants and food
        Thing("tree", "🌳", ("oak", "leafy tree")),
        Thing("palm tree", "🌴", ("palm",)),
        Thing("cactus", "🌵", (), plural="cactuses"),
        Thing("sunflower", "🌻", ()),
        Thing("rose", "🌹", (), color="red"),
        Thing("mushroom", "🍄", ("toadstool",), color="red"),
        Thing("apple", "🍎", (), color="red"),
        Thing("banana", "🍌", ()),
        Thing("pineapple", "🍍", ()),
        Thing("pizza", "🍕", ("slice of pizza",)),
        Thing("donut", "🍩", ("doughnut",)),
        Thing("cake", "🎂", ("birthday cake",)),
        Thing("strawberry", "🍓", (), plural="strawberries"),
        Thing("watermelon", "🍉", ("melon",)),
        Thing("carrot", "🥕", ()),
        Thing("pumpkin", "🎃", ("jack-o'-lantern",)),
        Thing("tulip", "🌷", ()),
        Thing("fir tree", "🌲", ("pine tree", "fir")),
        Thing("ice cream", "🍦", ("ice cream cone",)),
        Thing("hamburger", "🍔", ("burger",)),
        Thing("cupcake", "🧁", ("muffin",)),
        # objects
        Thing("house", "🏠", ("cottage", "home")),
        Thing("castle", "🏰", ("fortress",), plural="castles"),
        Thing("tent", "⛺", ("camping tent",)),
        Thing("umbrella", "☂️", ("parasol",), color="purple"),
        Thing("ball", "⚽", ("football", "soccer ball")),
        Thing("gift", "🎁", ("present", "gift box"), plural="gifts"),
        Thing("book", "📕", (), color="red"),
        Thing("star", "⭐", (), row="up", color="yellow"),
        Thing("heart", "❤️", (), row="up", color="red"),
        Thing("snowman", "⛄", (), plural="snowmen"),
        Thing("robot", "🤖", ("android",)),
        Thing("ghost", "👻", ("spook",), row="up"),
        Thing("crown", "👑", ()),
        Thing("teddy bear", "🧸", ("teddy",)),
        Thing("guitar", "🎸", ()),
        Thing("drum", "🥁", ()),
        Thing("clock", "⏰", ("alarm clock",)),
        Thing("camera", "📷", ()),
        Thing("television", "📺", ("tv",), plural="televisions"),
        Thing("chair", "🪑", ()),
        Thing("hat", "🎩", ("top hat",)),
        Thing("shoe", "👟", ("sneaker",)),
        Thing("bell", "🔔", ()),
        Thing("key", "🔑", (), plural="keys"),
        Thing("diamond", "💎", ("gem", "jewel")),
        Thing("ferris wheel", "🎡", ()),
    ]
    return {thing.name: thing for thing in rows}


THINGS: dict[str, Thing] = _things()


@dataclass(frozen=True)
class Place:
    """One kind of place. `phrases` follow a thing directly: "a cat on the beach"."""

    name: str
    phrases: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    has_time: bool = True
    has_weather: bool = True


def _places() -> dict[str, Place]:
    plain = {"white": "white", "blue": "blue", "green": "green", "pink": "pink", "yellow": "yellow"}
    rows = [
        Place("beach", ("on the beach", "at the beach", "at the seaside", "on a sandy beach"),
              ("seaside", "sandy beach")),
        Place("desert", ("in the desert", "among the dunes", "in a sandy desert"), ("dunes",)),
        Place("meadow", ("in a meadow", "on the grass", "in a green field", "in a flowery meadow"),
              ("field", "grassland")),
        Place("snow", ("in the snow", "on a snowy field", "in a snowy landscape"),
              ("snowy field", "snowy landscape")),
        Place("ocean", ("in the ocean", "at sea", "on the open sea", "on the water"),
              ("sea", "open sea")),
        Place("city", ("in the city", "downtown", "in front of a skyline", "in a city street"),
              ("town", "skyline")),
        Place("mountains", ("in the mountains", "in front of the mountains", "in the alps"),
              ("mountain", "alps")),
        Place("forest", ("in the forest", "in the woods", "among the trees"), ("woods",)),
        Place("space", ("in space", "in outer space", "among the stars"), ("outer space",),
              has_time=False, has_weather=False),
        Place("farm", ("on a farm", "on the farm", "by the barn"), ("farmyard",)),
        Place("lake", ("by the lake", "at a lake", "on the lake shore"), ("lakeside",)),
        Place("volcano", ("by a volcano", "in front of a volcano", "near the volcano"),
              ("volcanic land",)),
        Place("moon", ("on the moon", "on the surface of the moon", "among the craters"),
              ("moonscape", "lunar surface"), has_time=False, has_weather=False),
        Place("underwater", ("underwater", "under the sea", "at the bottom of the sea"),
              ("seabed", "coral reef"), has_time=False, has_weather=False),
        Place("room", ("in a room", "indoors", "in the living room"), ("living room",),
              has_weather=False),
    ]
    rows += [
        Place(f"plain {name}",
              (f"on a plain {word} background", f"on a {word} background", f"on plain {word}"),
              (f"{word} background",), has_time=False, has_weather=False)
        for name, word in plain.items()
    ]
    return {place.name: place for place in rows}


PLACES: dict[str, Place] = _places()

TIMES: dict[str, tuple[str, ...]] = {
    "day": ("by day", "in daylight", "during the day", "in the daytime"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at sundown"),
    "night": ("at night", "by night", "in the dark", "at midnight"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("in clear weather", "under a clear sky", "on a clear day"),
    "rain": ("in the rain", "on a rainy day", "while it rains", "in rainy weather"),
    "snow": ("while it snows", "in falling snow", "in a snowfall", "with snowflakes falling"),
}
# name -> hue in turns (0 red, 1/3 green, 2/3 blue), the HSV convention of colorsys
COLORS: dict[str, float] = {
    "red": 0.0,
    "orange": 0.075,
    "yellow": 0.145,
    "green": 0.34,
    "blue": 0.58,
    "purple": 0.77,
    "pink": 0.91,
}
# name -> height of the thing as a fraction of the picture's side: 4, 6 and 9 cells of the grid
SIZES: dict[str, float] = {"small": 4 / 16, "medium": 6 / 16, "large": 9 / 16}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium-sized",),
    "large": ("large", "big", "huge"),
}
# name -> centre of the thing across (columns) and the height at which it stands or floats (rows)
COLUMNS: dict[str, float] = {"left": 0.21, "middle": 0.5, "right": 0.79}
ROWS: dict[str, float] = {"up": 0.27, "down": 0.86}
STYLES: dict[str, tuple[str, ...]] = {
    "black and white": ("black and white", "monochrome", "greyscale", "grayscale"),
    "sepia": ("sepia", "sepia-toned", "an old photograph"),
    "pixel art": ("pixel art", "pixelated", "8-bit"),
    "sketch": ("a pencil sketch", "a sketch", "a line drawing"),
    "negative": ("a negative", "inverted colours", "a photo negative"),
    "poster": ("a poster", "posterized", "flat colours"),
}

"""The wording of instructions: templates by kind of edit. Plain data for `instructions`."""

# imperatives: politeness may surround them
ORDERS: dict[str, tuple[str, ...]] = {
    "replace": (
        "replace {old} with {new}", "replace {old} by {new}", "swap {old} for {new}",
        "swap out {old} for {new}", "turn {old} into {new}", "change {old} to {new}",
        "change {old} into {new}", "make {old} {new}", "put {new} where {old} is",
        "exchange {old} for {new}", "substitute {new} for {old}", "transform {old} into {new}",
        "put {new} in place of {old}", "switch {old} to {new}", "draw {new} instead of {old}",
        "convert {old} into {new}",
    ),
    "add": (
        "add {new} {where}", "add {new} {where}", "put {new} {where}", "place {new} {where}",
        "draw {new} {where}", "insert {new} {where}", "paint {new} {where}", "set {new} {where}",
        "include {new} {where}", "also add {new} {where}", "{where}, add {new}",
        "{where}, put {new}", "show {new} {where}", "give me {new} {where}", "have {new} {where}",
    ),
    "add_anywhere": (
        "add {new}", "put in {new}", "insert {new}", "draw {new} too", "add {new} to the picture",
        "put {new} in the scene", "include {new}", "also draw {new}", "place {new} somewhere",
        "give it {new} as well",
    ),
    "recolor": (
        "paint {old} {color}", "color {old} {color}", "colour {old} {color}", "make {old} {color}",
        "make {old} {color}", "turn {old} {color}", "dye {old} {color}", "change {old} to {color}",
        "recolor {old} to {color}", "change the color of {old} to {color}",
        "change the colour of {old} to {color}", "give {old} {a} color", "recolour {old} {color}",
        "set the color of {old} to {color}",
    ),
    "bigger": (
        "make {old} {more}", "make {old} {more}", "make {old} a little {more}",
        "make {old} a bit {more}", "make {old} much {more}", "increase the size of {old}",
        "grow {old}", "scale {old} up", "scale up {old}", "blow {old} up", "let {old} grow",
        "draw {old} {more}", "make {old} grow", "enlarge {old}",
    ),
    "smaller": (
        "make {old} {more}", "make {old} {more}", "make {old} a little {more}",
        "make {old} a bit {more}", "make {old} much {more}", "shrink {old}", "shrink {old} a bit",
        "reduce the size of {old}", "decrease the size of {old}", "scale {old} down",
        "scale down {old}", "draw {old} {more}", "make {old} shrink", "let {old} shrink",
    ),
    "move": (
        "move {old} to {to}", "move {old} to {to}", "move {old} over to {to}",
        "shift {old} to {to}", "put {old} {where}", "place {old} {where}", "bring {old} to {to}",
        "drag {old} to {to}", "slide {old} to {to}", "push {old} to {to}", "set {old} {where}",
        "take {old} to {to}", "let {old} be {where}", "relocate {old} to {to}",
        "have {old} {where}",
    ),
    "move_from": (  # {old} itself says where it is: "the cat on the left"
        "move {old} to {to}", "move {old} to {to}", "move {old} over to {to}",
        "shift {old} to {to}", "bring {old} to {to}", "drag {old} to {to}", "slide {old} to {to}",
        "push {old} to {to}", "take {old} to {to}", "relocate {old} to {to}",
    ),
    "place": (
        "change the background to {new}", "change the background to {new}", "make it {new}",
        "turn {old} into {new}", "turn {old} into {new}", "replace {old} with {new}",
        "change {old} to {new}", "replace the background with {new}", "put {all} {where}",
        "put {all} {where}", "set {all} {where}", "place {all} {where}", "show {all} {where}",
        "make the background {new}", "change the place to {new}", "swap {old} for {new}",
        "change the scene to {new}", "turn the background into {new}",
    ),
    "plain": (
        "change the background to {new}", "make the background {color}",
        "make the background plain {color}", "use {new}", "give it {new}",
        "replace {old} with {new}", "turn {old} into {new}", "put {all} {where}",
        "set the background to {color}", "change the background to {color}",
        "replace the background with {name}", "paint the background {color}",
        "change {old} to {new}",
    ),
    "time": (
        "make it {new}", "make it {new}", "turn {old} into {new}", "change it to {new}",
        "change the time to {new}", "let it be {new}", "turn it to {new}",
        "set it {when}", "show it {when}", "change {old} to {new}", "change the time of day to {new}",
        "set the time to {new}", "draw it {when}",
    ),
    "weather": (),
    "style": (
        "turn {this} into {thing}", "make {this} {thing}", "make {this} look like {thing}",
        "convert {this} to {thing}", "redraw {this} as {thing}", "change {this} into {thing}",
        "show {this} as {thing}", "make {this} {look}", "make {this} {look}",
    ),
    "remove": (
        "remove {old}", "remove {old}", "delete {old}", "erase {old}", "get rid of {old}",
        "take out {old}", "take away {old}", "make {old} disappear", "make {old} vanish",
        "wipe out {old}", "cut out {old}", "clear away {old}", "eliminate {old}", "lose {old}",
        "remove {old} from the picture", "erase {old} from the image", "rub out {old}",
        "drop {old}",
    ),
    "remove_mask": (
        "remove {old}", "remove {old}", "erase {old}", "delete {old}", "get rid of {old}",
        "take out {old}", "make {old} disappear", "clear {old}", "wipe {old} away",
        "make {old} go away", "take {old} away", "rub {old} out",
    ),
    "fill_mask": (
        "put {new} here", "put {new} here", "fill {area} with {new}", "fill {area} with {new}",
        "replace {area} with {new}", "draw {new} here", "add {new} here", "paint {new} here",
        "turn {area} into {new}", "place {new} here", "insert {new} here", "put {new} there",
        "draw {new}", "change {area} to {new}", "put {new} in its place",
    ),
}
# everything else: wishes, statements, single words
SAYINGS: dict[str, tuple[str, ...]] = {
    "replace": (
        "instead of {old} I want {new}", "{new} instead of {old}", "I want {new} instead of {old}",
        "instead of {old}, {new}", "{old} should be {new}", "{new} in place of {old}",
        "I would like {new} where {old} is",
    ),
    "add": (
        "there should be {new} {where}", "I want {new} {where}", "plus {new} {where}",
        "also {new} {where}", "and {new} {where}", "I'd like {new} {where}",
        "{new} {where} would be nice",
    ),
    "add_anywhere": ("I want {new} too", "also {new}", "plus {new}", "and {new}",
                     "there should be {new} as well"),
    "recolor": ("{old} should be {color}", "I want {old} {color}", "{old} in {color}",
                "I'd like {old} to be {color}", "I want {old} to be {color}"),
    "bigger": ("{old} should be {more}", "I want {old} {more}", "{old} {more}",
               "I'd like {old} to be {more}", "{old} is too small"),
    "smaller": ("{old} should be {more}", "I want {old} {more}", "{old} {more}",
                "I'd like {old} to be {more}", "{old} is too big"),
    "move": ("{old} should be {where}", "I want {old} {where}", "{old} to {to}",
             "{old} {where} instead", "I'd like {old} to be {where}"),
    "move_from": ("{old} should go to {to}", "I want {old} moved to {to}"),
    "place": ("{name}", "{where}", "{where} instead", "I want {new}", "I want {new} instead",
              "{new} instead of {old}", "what if it were {where}", "let it be {where}",
              "the background should be {new}", "now {where}"),
    "plain": ("{name}", "{where}", "{new}", "{new} instead of {old}", "I want {new}",
              "the background should be {color}"),
    "time": ("{new}", "{when}", "it should be {new}", "I want it {when}", "{new} instead of {old}",
             "what about {new}", "{new} instead"),
    "weather": ("{when}", "{when}", "I want it {when}", "now {when}"),
    "style": ("as {thing}", "{look}", "I want it {look}", "I want {thing}", "now as {thing}",
              "it should be {look}"),
    "remove": ("without {old}", "I don't want {old}", "{old} should be gone",
               "the same without {old}", "I want {old} gone", "{old} has to go"),
    "remove_mask": ("I don't want {old}", "{old} should be gone", "without {old}", "remove",
                    "erase", "I want {old} gone", "clean up here", "clean this up",
                    "nothing here", "just background here"),
    "fill_mask": ("{new}", "{new}", "{new} here", "here {new}", "I want {new} here",
                  "there should be {new} here", "{new} instead"),
}
# time -> (nouns, more orders, more sayings)
TIME_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "day": (("day", "daytime", "daylight"), ("let there be daylight", "make it bright day"),
            ("in daylight", "during the day", "in the daytime")),
    "sunset": (("sunset", "evening", "dusk"),
               ("let the sun go down", "let the sun set", "make the sun set"),
               ("at sunset", "in the evening light")),
    "night": (("night", "nighttime"),
              ("make it dark", "let night fall", "make it midnight"),
              ("at night", "midnight", "after dark")),
}
# weather -> (orders, sayings)
WEATHER_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clear": (
        ("stop the {old}", "stop the {old}", "make it clear", "remove the {old}",
         "make it stop {falling}", "clear the sky", "let the sky clear up", "end the {old}",
         "make the weather clear", "let it stop {falling}", "get rid of the {old}",
         "take away the {old}", "clear up the weather"),
        ("no {old}", "no more {old}", "without the {old}", "clear weather", "clear sky",
         "it should stop {falling}", "I don't want {old}"),
    ),
    "rain": (
        ("let it rain", "let it rain", "make it rain", "add rain", "make it rainy", "add some rain",
         "make the weather rainy", "put rain in the picture", "change the weather to rain",
         "have it rain", "start the rain", "draw it in the rain"),
        ("rain", "rainy", "rainy weather", "I want rain", "it should rain", "it should be raining",
         "there should be rain"),
    ),
    "snow": (
        ("let it snow", "let it snow", "make it snow", "add falling snow", "add snowfall",
         "add snowflakes", "make it snowy", "make the weather snowy",
         "change the weather to snow", "have it snow", "let snow fall", "draw it in falling snow"),
        ("snowfall", "snowy weather", "I want snow", "it should snow", "it should be snowing",
         "there should be falling snow"),
    ),
}
# style -> (adjectives, nouns, more orders, more sayings)
STYLE_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "black and white": (
        ("black and white", "black and white", "monochrome", "greyscale", "grayscale"),
        ("a black and white picture", "a monochrome picture", "a black and white photo"),
        ("remove all colors", "take the color out", "take away the colours",
         "convert {this} to grayscale", "desaturate {this}"),
        ("in black and white", "no colors", "in greyscale", "without color"),
    ),
    "sepia": (
        ("sepia", "sepia", "sepia-toned"),
        ("an old photograph", "a sepia picture", "a sepia photograph", "an old photo"),
        ("add a sepia tone", "give {this} a sepia tone", "convert {this} to sepia"),
        ("in sepia", "sepia tones", "like an old photograph"),
    ),
    "pixel art": (
        ("pixelated", "8-bit", "pixelated"),
        ("pixel art", "pixel art", "8-bit art", "8-bit graphics"),
        ("pixelate {this}", "draw {this} with big pixels", "make {this} blocky"),
        ("pixel art", "8-bit style", "in pixel art style"),
    ),
    "sketch": (
        ("sketched", "hand-drawn in pencil", "sketched in pencil"),
        ("a pencil sketch", "a sketch", "a line drawing", "a pencil drawing"),
        ("sketch {this}", "draw {this} in pencil", "sketch {this} in pencil"),
        ("sketch", "pencil sketch", "in pencil"),
    ),
    "negative": (
        ("inverted", "negative", "inverted"),
        ("a negative", "a photo negative", "a negative image"),
        ("invert the colours", "invert the colors", "invert {this}", "flip the colors",
         "invert all colours of {this}"),
        ("inverted colours", "negative", "with inverted colors"),
    ),
    "poster": (
        ("posterized", "posterised", "poster-like"),
        ("a poster", "a poster", "a posterized picture", "a flat poster"),
        ("posterize {this}", "use flat colours", "use fewer colors", "flatten the colors"),
        ("in flat colours", "poster style", "flat colors"),
    ),
}

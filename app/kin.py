"""What the small model knows that is nearest in kind to a word it does not know."""

import difflib
from collections.abc import Collection, Sequence

# Things of the world on the left (those that a model does not have are passed over), everyday
# words of the same kind on the right.
_KIN: tuple[tuple[str, str], ...] = (
    ("cat dog fox rabbit", "wolf tiger leopard cheetah puma lynx hamster mouse rat squirrel ferret "
     "raccoon badger otter hedgehog pet poodle husky beagle terrier coyote jackal skunk beaver"),
    ("bear panda lion elephant", "monkey gorilla ape koala hippo rhino rhinoceros hippopotamus "
     "kangaroo sloth hyena mammoth beast animal wildcat creature buffalo bison"),
    ("horse cow sheep pig", "donkey mule zebra goat ox bull calf deer moose elk reindeer camel "
     "llama alpaca antelope foal stag"),
    ("penguin owl duck parrot", "bird eagle hawk falcon pigeon dove crow raven swan goose chicken "
     "hen rooster turkey peacock ostrich seagull sparrow robin hummingbird stork pelican toucan"),
    ("whale dolphin fish octopus", "shark seal walrus jellyfish salmon tuna eel lobster shrimp "
     "starfish seahorse orca manatee clam mermaid squid stingray"),
    ("butterfly snail frog turtle", "bee wasp ant spider beetle ladybug dragonfly moth fly worm "
     "caterpillar insect bug mosquito lizard snake crocodile alligator gecko chameleon"),
    ("dinosaur unicorn ghost robot", "dragon monster pegasus griffin phoenix goblin troll ogre "
     "fairy wizard witch knight pirate ninja vampire zombie werewolf alien elf dwarf giant demon "
     "angel cyborg android samurai princess prince king queen hero superhero"),
    ("robot snowman ghost crown", "man woman boy girl child children kid person people human baby "
     "lady guy friend family doctor chef farmer soldier astronaut clown santa portrait face"),
    ("car bus train tractor", "truck lorry van taxi motorcycle motorbike bike bicycle scooter tram "
     "ambulance jeep limousine wagon cart tank excavator bulldozer vehicle skateboard"),
    ("airplane rocket ufo helicopter", "zeppelin blimp airship drone glider spacecraft satellite "
     "shuttle parachute kite biplane jetpack starship"),
    ("sailboat whale ufo", "ship yacht canoe kayak raft submarine ferry gondola steamer warship"),
    ("rose sunflower tree cactus", "flower flowers tulip daisy lily orchid poppy daffodil bush "
     "grass plant fern ivy bamboo pine oak maple willow hedge leaf leaves garden bonsai"),
    ("apple banana pineapple", "fruit orange pear cherry grape grapes peach plum lemon lime mango "
     "strawberry blueberry raspberry melon watermelon kiwi coconut avocado tomato pumpkin carrot"),
    ("pizza donut cake", "food burger hamburger sandwich bread croissant cookie pie sushi taco "
     "burrito pasta spaghetti noodles soup salad cheese egg sausage pancake waffle chocolate "
     "candy cupcake muffin bagel pretzel coffee tea beer wine"),
    ("house castle tent", "tower church temple palace cottage cabin barn skyscraper hut mansion "
     "villa building bridge lighthouse windmill pyramid cathedral shed igloo treehouse fort "
     "fortress ruin ruins statue mosque school hospital shop factory"),
    ("ball gift balloon book", "toy doll teddy drum guitar piano violin trumpet football tennis "
     "basketball box chest bag suitcase lamp candle lantern clock watch phone computer laptop "
     "table chair sofa bed vase bottle cup mug glass key sword shield hammer camera"),
    ("beach lake ocean", "island shore coast sea river waterfall harbor harbour pond pool bay "
     "swamp"),
    ("city room", "street road village town market station airport office kitchen bathroom "
     "bedroom library museum stadium alley avenue downtown"),
    ("forest mountains desert meadow", "jungle woods canyon valley hill hills savanna prairie "
     "field park cliff glacier tundra cave oasis dune dunes countryside"),
    ("space", "moon mars planet galaxy nebula universe jupiter saturn asteroid comet"),
)


def kin(word: str, known: Collection[str], count: int = 3) -> list[str]:
    """Up to `count` of the `known` words that a person would try instead of `word`.

    What is only misspelled comes first; then what is of the same kind; [] where nothing is near.
    """
    word = word.lower()
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.8)
    stems = {word, word.removesuffix("s"), word.removesuffix("es")}
    same = [thing for things, others in _KIN if stems & set(others.split())
            for thing in things.split() if thing in known]
    return list(dict.fromkeys((*near, *same)))[:count]


def unknown(words: Sequence[str], known: Collection[str]) -> str:
    """One sentence about words that the small model does not know; "" for none of them."""
    if not words:
        return ""
    named = " or ".join(f"'{word}'" for word in words[:3])
    more = " and more" if len(words) > 3 else ""
    each = 3 if len(words) == 1 else 2
    instead = dict.fromkeys(near for word in words[:3] for near in kin(word, known, each))
    hint = f"; I know {', '.join(list(instead)[:4])}" if instead else ""
    return f"I don't know {named}{more} yet{hint}."

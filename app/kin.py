"""What the small model knows that is nearest in kind to a word it does not know."""

import difflib
from collections.abc import Collection, Sequence

# Things of the world on the left (those that a model does not have are passed over), everyday
# words of the same kind on the right.
_KIN: tuple[tuple[str, str], ...] = (
    ("cat dog fox tiger", "wolf leopard cheetah puma lynx panther jaguar husky poodle beagle "
     "terrier coyote jackal hyena pet"),
    ("mouse rabbit hedgehog", "hamster rat squirrel ferret raccoon badger otter skunk beaver "
     "chipmunk weasel mole bat armadillo guinea"),
    ("bear elephant monkey koala", "gorilla chimpanzee orangutan hippo rhino rhinoceros "
     "hippopotamus sloth mammoth beast animal wildcat creature buffalo bison wombat"),
    ("horse cow sheep camel", "donkey mule goat ox bull calf deer moose elk reindeer llama alpaca "
     "antelope foal stag gazelle"),
    ("owl eagle swan parrot", "bird falcon pigeon dove crow raven goose turkey peacock ostrich "
     "seagull sparrow robin hummingbird stork pelican toucan vulture"),
    ("whale shark dolphin fish", "seal walrus jellyfish salmon tuna eel lobster shrimp starfish "
     "seahorse orca manatee clam mermaid stingray"),
    ("bee ladybug butterfly snail", "wasp ant spider beetle dragonfly moth fly worm caterpillar "
     "insect bug mosquito"),
    ("snake turtle frog dragon", "lizard crocodile alligator gecko chameleon salamander iguana "
     "python"),
    ("dragon unicorn ghost robot", "monster pegasus griffin phoenix goblin troll ogre fairy wizard "
     "witch knight pirate ninja vampire zombie werewolf alien elf dwarf giant demon angel cyborg "
     "samurai princess prince king queen hero superhero"),
    ("robot snowman ghost crown", "man woman boy girl child children kid person people human baby "
     "lady guy friend family doctor chef farmer soldier astronaut clown santa portrait face"),
    ("car bus truck tractor", "van taxi tram ambulance jeep limousine wagon cart tank excavator "
     "bulldozer vehicle trailer"),
    ("scooter bicycle car", "motorcycle motorbike skateboard tricycle rollerblades quad"),
    ("airplane rocket ufo helicopter", "zeppelin blimp airship drone glider spacecraft satellite "
     "shuttle parachute biplane jetpack starship"),
    ("sailboat whale ufo", "ship yacht canoe kayak raft submarine ferry gondola steamer warship"),
    ("rose tulip sunflower", "flower flowers daisy lily orchid poppy daffodil garden"),
    ("tree cactus rose", "bush plant fern ivy bamboo maple willow hedge leaf leaves bonsai "
     "birch"),
    ("apple banana strawberry pineapple", "fruit pear cherry grape grapes peach plum lemon "
     "lime mango blueberry raspberry kiwi coconut avocado"),
    ("carrot pumpkin mushroom", "vegetable tomato potato cucumber onion garlic corn broccoli "
     "eggplant cabbage pepper"),
    ("pizza hamburger donut cake", "food sandwich bread croissant cookie pie sushi taco burrito "
     "pasta spaghetti noodles soup salad cheese egg sausage pancake waffle chocolate candy bagel "
     "pretzel coffee tea beer wine lollipop"),
    ("house castle tent", "tower church temple palace cabin skyscraper hut mansion villa "
     "building bridge lighthouse windmill pyramid cathedral shed igloo treehouse fort ruin ruins "
     "statue mosque school hospital shop factory"),
    ("guitar drum bell", "piano violin trumpet flute saxophone harp cello trombone instrument"),
    ("ball gift kite", "toy doll tennis basketball baseball chest bag box suitcase puzzle"),
    ("clock camera television", "watch phone computer laptop radio tablet keyboard lamp candle "
     "lantern"),
    ("chair key bell", "table sofa bed vase bottle cup mug glass sword shield hammer couch desk"),
    ("hat shoe crown", "cap helmet scarf glove boot boots shirt dress coat sock mitten clothes"),
    ("diamond crown key", "ring necklace treasure coin gold ruby emerald pearl"),
    ("beach lake ocean", "island coast river waterfall harbor harbour pond pool bay swamp"),
    ("city room", "road village market station airport office kitchen bathroom bedroom library "
     "museum stadium alley avenue"),
    ("forest mountains desert meadow", "jungle canyon valley hill hills savanna prairie park cliff "
     "glacier tundra cave oasis dune countryside"),
    ("space moon", "mars planet galaxy nebula universe jupiter saturn asteroid comet"),
    ("underwater ocean", "aquarium lagoon abyss"),
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

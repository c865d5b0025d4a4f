"""The stock of the shop: 112 things, the same ones on every machine.

Makers, models, bands and titles are invented. A thing's name, maker and year are written down below; its
finish, condition and price and the sentences that describe it are dealt out by its position in the list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.text import slugify

T = TypeVar("T")


@dataclass(frozen=True)
class Shelf:
    """All that the shop has of one kind, and the phrases that describe it."""

    kind: str
    things: str  # one a line: name / maker / year
    finishes: tuple[tuple[str, int], ...]
    builds: tuple[str, ...]
    sounds: tuple[str, ...]
    histories: tuple[str, ...]
    care: tuple[str, ...]
    cheapest: int
    price_step: int  # both in euros


PAINTS = (
    ("Kingfisher blue", 205),
    ("Pillar-box red", 4),
    ("Pond green", 158),
    ("Honey burst", 34),
    ("Plum", 318),
    ("Pale rose", 346),
    ("Midnight", 232),
)
WOODS = (
    ("Natural spruce", 38),
    ("Tobacco burst", 22),
    ("Oiled mahogany", 12),
    ("Smoked oak", 30),
    ("Cherry", 356),
)
COVERINGS = (
    ("Oxblood cloth", 354),
    ("Sea-green vinyl", 172),
    ("Tangerine vinyl", 20),
    ("Navy cloth", 222),
    ("Mustard tweed", 44),
)
ENAMELS = (
    ("Hammered green", 136),
    ("Violet enamel", 276),
    ("Tram yellow", 48),
    ("Signal red", 6),
    ("Ink blue", 214),
)
SLEEVES = (
    ("Orange sleeve", 24),
    ("Violet sleeve", 268),
    ("Turquoise sleeve", 178),
    ("Mustard sleeve", 46),
    ("Crimson sleeve", 350),
)

HISTORIES = (
    "It came to us from a school that was closing its music room.",
    "One owner, who kept a diary of it in the case.",
    "Found in a loft under three carpets and a model railway.",
    "Traded in by a wedding band that had learned its last wedding song.",
    "It crossed the sea twice, the second time as hand luggage.",
    "The previous owner swears it is haunted; we have only heard a loose screw, since tightened.",
    "Part of a collection that nobody had played for twenty years.",
    "It spent a decade in a rehearsal room by the river and smells of it only in the rain.",
    "Left with us for repair in another century, and the deposit has expired.",
    "Bought new, regretted once, bought back, and now honestly sold.",
    "A street musician paid the rent with it for six summers.",
)
PROVENANCES = (
    "From the shelves of a radio station that went over to talk.",
    "Bought with a first week's wages, says the pencil note on the back.",
    "Found at a house clearance between two encyclopaedias.",
    "One careful owner with one careful needle.",
    "Somebody has underlined the good songs, and we agree with four of the five.",
    "It was a library copy: stamped twice, borrowed often, never scratched.",
    "Swapped across our counter for a set of strings and a sandwich.",
)

SETUPS = (
    "Frets levelled and polished on our bench.",
    "New strings, clean contacts, and not a crackle left.",
    "We changed what was worn and kept what was good; the old parts are in the case.",
    "Checked on the bench, played for an hour, and checked again.",
    "Comes with our handwritten list of all that was done to it.",
    "Set up for fingers, and easily changed for a slide.",
)
SERVICES = (
    "Cleaned, measured and tested for a day with the lid off.",
    "New capacitors where they were due, and nowhere else.",
    "Everything works; nothing is hidden behind a sticker.",
    "We changed what was worn and kept what was good; the old parts are in the bag.",
    "Comes with a drawing of the circuit, corrected by hand.",
)
GRADINGS = (
    "Washed, played through once and graded by ear.",
    "A few light marks that the needle does not notice.",
    "The sleeve has lived; the grooves have not.",
    "Comes in a new lined inner sleeve, with the old one kept behind it.",
)

SHELVES = (
    Shelf(
        "electric",
        """
        Tidewater / Marlow & Finch / 1964
        Tidewater Deluxe / Marlow & Finch / 1966
        Little Thunder / Harbour Electric / 1959
        Big Thunder / Harbour Electric / 1961
        Copper Comet / Quillon / 1968
        Long Shadow / Quillon / 1971
        Nightjar / Ostrava Strings / 1973
        Nightjar Twelve / Ostrava Strings / 1975
        Saturday Special / Bellweather / 1957
        Corner Boy / Bellweather / 1958
        Paper Lantern / Tanuki Works / 1978
        River Dragon / Tanuki Works / 1982
        Half Moon / Linden Hill / 1969
        Crosscut / Linden Hill / 1970
        Velvet Hammer / Harbour Electric / 1976
        Weathercock / Marlow & Finch / 1979
        Kite / Solveig / 1984
        Kite Long Scale / Solveig / 1986
        Glasshouse / Solveig / 1991
        Blue Ladder / Bellweather / 1963
        Second Sun / Quillon / 1974
        Tin Whistle / Ostrava Strings / 1988
        Mockingbird Hill / Linden Hill / 1995
        Rooftop / Harbour Electric / 1999
        Black Cat Bone Shaker / Bellweather / 2004
        Signal Box / Marlow & Finch / 2008
        Switchback / Tanuki Works / 2013
        Afterburner / Quillon / 2019
        """,
        PAINTS,
        (
            "Ash body, bolted maple neck and two single coils that still know what they are for.",
            "A slab of alder with the corners rubbed off by forty years of elbows.",
            "Set neck, short scale, and a vibrato arm that comes back to pitch when asked nicely.",
            "Chambered body, flat-wound strings and a bridge the size of a cigarette tin.",
            "Two fat humbuckers in a body that weighs less than it looks.",
            "Semi-hollow, with a centre block of reclaimed church pew.",
        ),
        (
            "Glassy when clean, and it barks when you dig in.",
            "The neck pickup is warm milk; the bridge pickup is a kettle.",
            "It feeds back in tune, which is rarer than people say.",
            "Between the two pickups hides a hollow quack worth the price alone.",
            "Chords stay clear under more fuzz than is decent.",
        ),
        HISTORIES,
        SETUPS,
        490,
        85,
    ),
    Shelf(
        "acoustic",
        """
        Old Ferry / Linden Hill / 1938
        Parlour No. 2 / Abelard / 1926
        Parlour No. 5 / Abelard / 1931
        Barn Owl / Linden Hill / 1952
        Juniper / Cooper's Lane / 1967
        Juniper Twelve / Cooper's Lane / 1969
        Hearthstone / Cooper's Lane / 1972
        Sea Room / Solveig / 1977
        Winter Apple / Solveig / 1981
        Post Road / Marlow & Finch / 1955
        Stagecoach / Marlow & Finch / 1961
        Small Hours / Abelard / 1949
        Porch Light / Bellweather / 1958
        Lark Ascending / Linden Hill / 1983
        Nettle Field / Cooper's Lane / 1990
        Ember / Tanuki Works / 1994
        Long Meadow / Linden Hill / 2002
        First Snow / Solveig / 2016
        """,
        WOODS,
        (
            "Spruce top, ladder braced, light as a loaf of bread.",
            "Solid mahogany all round, with a top worn thin where the little finger rests.",
            "Slotted headstock, twelve frets to the body, and a neck like a broom handle.",
            "Cedar top over walnut, built in a winter when the glue took two days to dry.",
            "Wide shoulders and a deep waist: made to be heard at the back without help.",
        ),
        (
            "It answers the lightest touch and does not mind a heavy one.",
            "Dry, quick and woody: every note ends when you want it to.",
            "The bass is more felt than heard, mostly by the player's ribs.",
            "Sings in open tunings and sulks in standard until it has warmed up.",
        ),
        HISTORIES,
        SETUPS,
        380,
        110,
    ),
    Shelf(
        "bass",
        """
        Deep Water / Harbour Electric / 1962
        Deeper Water / Harbour Electric / 1965
        Lower Deck / Marlow & Finch / 1970
        Coal Barge / Ostrava Strings / 1974
        Foundation Stone / Bellweather / 1960
        Slow Train / Bellweather / 1966
        Night Shift / Quillon / 1978
        Undertow / Solveig / 1985
        Undertow Fretless / Solveig / 1987
        Cellar Door / Linden Hill / 1972
        Walking Stick / Linden Hill / 1968
        Giant's Causeway / Tanuki Works / 1989
        Plumb Line / Quillon / 1997
        Ballast / Ostrava Strings / 2011
        """,
        PAINTS,
        (
            "Long scale, one split pickup, one volume, one tone, no arguments.",
            "Short scale and hollow, strung with flat-wounds older than the drummer.",
            "Two pickups and a thumb rest worn to the shape of one particular thumb.",
            "Laminated neck straight through the body, which is why it sustains past the bar.",
        ),
        (
            "It sits under a band like a good floor.",
            "Round notes with a knock at the front, as on every record you like.",
            "Growls with a pick, hums with the thumb.",
            "Enough bottom to find the loose panel in any room.",
        ),
        HISTORIES,
        SETUPS,
        420,
        95,
    ),
    Shelf(
        "amplifier",
        """
        Parish Fifteen / Voltaic / 1958
        Parish Thirty / Voltaic / 1963
        Parish Hundred / Voltaic / 1969
        Lighthouse / Harbour Electric / 1961
        Lighthouse Reverb / Harbour Electric / 1965
        Kitchen Radio / Bellweather / 1954
        Iron Lung / Ostrava Strings / 1972
        Foghorn / Harbour Electric / 1977
        Suitcase Five / Voltaic / 1956
        Brass Monkey / Quillon / 1980
        Blue Flame / Voltaic / 1974
        Town Crier / Marlow & Finch / 1967
        Smokehouse / Quillon / 1993
        Bedside Two / Voltaic / 2017
        """,
        COVERINGS,
        (
            "Valves throughout, hand-wired on tag board, with a transformer that doubles as an anchor.",
            "One twelve-inch speaker, reconed, in a finger-jointed pine cabinet.",
            "Two channels, of which everybody uses the second one.",
            "Open back, spring reverb and a tremolo that breathes.",
        ),
        (
            "Clean until four, thinking about it at six, gone by eight.",
            "Loud enough for a hall, and pretty at the volume of talk.",
            "Sags like an old sofa, in the best way.",
        ),
        HISTORIES,
        SERVICES,
        260,
        120,
    ),
    Shelf(
        "pedal",
        """
        Fuzz Bishop / Voltaic / 1967
        Fuzz Bishop II / Voltaic / 1970
        Moth Fuzz / Tanuki Works / 1976
        Turning Wheel / Harbour Electric / 1968
        Turning Wheel Stereo / Harbour Electric / 1973
        Tape Ghost / Quillon / 1975
        Tape Ghost Mini / Quillon / 2015
        Rubber Stamp / Bellweather / 1979
        Squeeze Box / Bellweather / 1981
        Wailing Gate / Voltaic / 1969
        Green Room / Tanuki Works / 1980
        Octave Stair / Ostrava Strings / 1971
        Cloud Chamber / Solveig / 1998
        Slow Gear Train / Solveig / 1983
        Brown Paper Bag / Linden Hill / 1977
        Ring of Bells / Ostrava Strings / 1978
        Sand Storm / Quillon / 2006
        Last Bus Home / Linden Hill / 2021
        """,
        ENAMELS,
        (
            "Folded steel, three knobs, two of which do something at once.",
            "Germanium inside, so it plays best before noon or in the shade.",
            "A light bulb, a photocell and a great deal of hope in a cast box.",
            "Made of parts that were cheap then and are legends now.",
            "Takes a nine-volt battery, and tastes of it for months.",
        ),
        (
            "Turn the guitar down and it cleans up like a polite child.",
            "Set low, it is an old friend; set high, a swarm.",
            "It makes one note sound like a decision.",
            "Best at the end of the chain, or first, or alone at night.",
        ),
        HISTORIES,
        SERVICES,
        65,
        19,
    ),
    Shelf(
        "record",
        """
        Songs for a Broken Lift / The Night Porters / 1966
        Ten Past Never / The Night Porters / 1968
        Paper Moons / Ada Lovett Trio / 1959
        Live at the Fish Market / Ada Lovett Trio / 1962
        Sleeper Carriage / Low Bridge / 1971
        Mind Your Head / Low Bridge / 1973
        Copper Kettle Blues / Blind Harry Moss / 1934
        The Bicycle Sessions / Marguerite Sol / 1970
        Letters to a Lighthouse / Marguerite Sol / 1972
        Electric Haberdashery / Button & Thread / 1967
        Machines That Dream of Rain / Kolibri / 1977
        Second Machine / Kolibri / 1979
        Tea Towels of the World / Button & Thread / 1969
        Sunday in the Wrong Town / Hollis Grey / 1975
        All My Friends Are Drummers / Hollis Grey / 1978
        Eleven Dances for Left Feet / Orkestar Sever / 1981
        Concrete Orchard / The Allotments / 1980
        Wet Paint / The Allotments / 1983
        A Short History of Weather / Ines Ferro / 1994
        Instructions for the Lamp / Ines Ferro / 2001
        """,
        SLEEVES,
        (
            "First pressing with the laminated sleeve and the insert that everyone lost.",
            "Heavy vinyl, quiet grooves and a sleeve with one coffee ring, artistically placed.",
            "Recorded in two days and mixed in one, which you can hear and will not mind.",
            "A private pressing of five hundred, numbered in blue pencil.",
        ),
        (
            "Side two is why you buy it.",
            "The drummer is in the next room and the song is better for it.",
            "Play it loud once and softly ever after.",
            "Nobody leaves the shop while it is on.",
            "It has the best run-out groove we know: a dog, a door, a laugh.",
        ),
        PROVENANCES,
        GRADINGS,
        14,
        4,
    ),
)

CONDITIONS = ("good", "played", "mint", "good", "project", "played", "good", "mint")
FEATURED = 2  # the third thing on each shelf


def instruments() -> Iterator[dict[str, Any]]:
    """The rows of the whole stock, as keyword arguments of the model, in the order of the shelves."""
    position = 0
    for shelf in SHELVES:
        for place, line in enumerate(shelf.things.strip().splitlines()):
            name, maker, year = (part.strip() for part in line.split(" / "))
            written = {"name": name, "slug": slugify(name), "maker": maker, "year": int(year)}
            yield written | _dealt(shelf, position) | {"featured": place == FEATURED}
            position += 1


def _dealt(shelf: Shelf, position: int) -> dict[str, Any]:
    finish, hue = _deal(shelf.finishes, position)
    return {
        "kind": shelf.kind,
        "finish": finish,
        "hue": hue,
        "condition": _deal(CONDITIONS, position),
        "price_cents": 100 * (shelf.cheapest + shelf.price_step * (position * 5 % 13)),
        "in_stock": position % 9 != 5,
        "description": _describe(shelf, position),
    }


def _describe(shelf: Shelf, position: int) -> str:
    phrases = (shelf.builds, shelf.histories, shelf.sounds, shelf.care)
    return " ".join(_deal(choices, position) for choices in phrases)


def _deal(cards: Sequence[T], position: int) -> T:
    return cards[position % len(cards)]

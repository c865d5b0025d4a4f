"""The notebook of the workshop: twelve articles written for this project."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils.text import slugify

FIRST_PUBLISHED = datetime.date(2024, 1, 12)
INTERVAL = datetime.timedelta(days=41)

# Title, summary, body; oldest first.
ARTICLES = (
    (
        "Why strings go dead",
        "A string does not wear out where you think, and there is a way to hear it coming.",
        """
        A new string is the same weight from end to end. That is the whole secret of its bright sound:
        every part of it agrees on how fast to swing, so the high overtones line up with the low ones.

        Then you play it. Sweat and skin creep between the windings, mostly where your fingers live, and
        each fret files a small flat into the underside. After a month the string is heavy here and thin
        there. The overtones stop agreeing, and what disagrees cancels out. The note is still in tune at
        the open string and sour at the twelfth fret, and people blame the neck.

        The test costs nothing. Play the harmonic over the twelfth fret, then press the string down at the
        same fret. If the two notes differ on one string and agree on its neighbours, change the string
        before you touch the bridge. Nine times in ten the repair is finished, and you have saved an hour
        of our labour.

        Wipe the strings after playing, with the cloth under as well as over. It doubles their life, and
        it is the only advice in this notebook that everyone knows and nobody follows.
        """,
    ),
    (
        "The crackle, hunted",
        "A noisy knob is a conversation between dirt and direct current. How to end it.",
        """
        Turn the volume knob and the loudspeaker clears its throat. Usually it is dirt on the carbon
        track, and a breath of contact cleaner and twenty turns from end to end will quiet it. Turn the
        knob while the cleaner is wet: it is the wiper that does the washing.

        If the crackle comes back within a week, it was not dirt. Direct current is leaking through a
        tired capacitor, and each bump of the wiper switches that current on and off. No amount of
        cleaning cures it. Measure across the outer lugs with the amplifier on and nothing plugged in. It
        should read nothing. If it reads half a volt, replace the capacitor before the knob.

        And if it crackles when nobody touches anything at all, leave the guitar on its stand and tap the
        joints in the amplifier with a wooden chopstick. We keep four chopsticks on the bench. They do not
        conduct, they reach everywhere, and they come free with lunch.
        """,
    ),
    (
        "A nut from a soup bone",
        "Bone is still the best nut that money hardly needs to buy.",
        """
        The nut is the small white bar over which the strings enter the neck. On cheap guitars it is
        hollow plastic, and every open string sounds as if it had a cold.

        Ask a butcher for a marrow bone. Boil it for an hour in the open air, at a distance from the
        neighbours, and scrape it clean. Let it lie in alcohol for a night and in the sun for a week. It
        will turn the colour of piano keys, and it will outlast the guitar.

        Saw a blank a little too long and a little too tall. Square two faces on sandpaper glued to glass.
        Mark the outer strings first, then space the inner ones by the gap between strings and not by
        their centres, for thick strings need more room. File each slot so that it falls away towards the
        tuner at the angle of the headstock, and stop when the string clears the first fret by the
        thickness of a sheet of paper.

        Two strokes too many and you start again with a new blank. Boil a large bone.
        """,
    ),
    (
        "How to listen to a second-hand amplifier",
        "Five minutes with the back to the wall, before you hand over the money.",
        """
        Switch it on with every knob at nothing and listen for a minute. A little hiss is the sound of
        resistors being warm. A hum that does not change with the volume is the power supply asking for
        new capacitors, which is honest work and should come off the price.

        Now turn each knob alone. Then play one long low note, softly, and turn up until the note starts
        to break. It should fold over itself as a whole. If a second, quieter, wrong note appears under
        the first one, the speaker or the bias is ill.

        Look at the valves in the dark. Orange is right; a steady violet haze near the glass is pretty and
        harmless; a plate that glows red is neither. Smell the vents. An amplifier that smells of fish has
        a resistor on its way out, and no one has ever been able to tell us why fish.

        Last, rap the top with your knuckles. If it rings, one valve has gone microphonic, and you have
        found either a fault or an instrument.
        """,
    ),
    (
        "Records want to stand",
        "On shelves, sleeves, static and the slow leaning of vinyl.",
        """
        A record is a plate of plastic that would like to be a bowl. Lean it for a summer and it will try.
        So records stand upright, close enough to hold each other and loose enough to slide out with one
        finger.

        A metre of records weighs as much as a small adult, and it pushes downward on a line as thin as
        the edge of the sleeve. Shelves sag, and the records in the middle lean on the ones at the end.
        Put in a divider at every hand's breadth and the whole problem goes away.

        Paper inner sleeves shed dust, and dust is what you hear. Lined ones cost a coin each and last for
        life. Hold the record by the edge and the label. Brush it while it turns, from the middle out,
        with no more weight than the brush has of its own.

        Static is worst in a heated room in January. A bowl of water on the radiator does more than any
        device we have ever sold, and we have sold several.
        """,
    ),
    (
        "Straightening a neck without fear",
        "What the rod does, what it does not, and why a quarter of a turn is a lot.",
        """
        The strings pull with the weight of a heavy friend, always in the same direction, for years.
        Inside the neck a steel rod pulls back. The adjustment is nothing but a truce between the two.

        Press a string down at the first fret and at the last one. It is now a ruler. Look at the gap over
        the seventh fret: a visiting card should just slide through. No gap, and the neck bows backwards.
        Room for a plectrum, and it bows forward.

        Turn the rod by an eighth, tune up, and wait until tomorrow. Wood moves when it likes. Nearly
        every broken rod that comes to us was turned a full turn on a Saturday evening by someone who
        wanted to play that night.

        The rod cures the bow in the middle of a neck and nothing else. It does not lower a high bridge,
        cure a worn fret, or mend the hump where the neck meets the body. When the middle is right, put
        the key away and look elsewhere.
        """,
    ),
    (
        "Fuzz, before noon",
        "Germanium transistors feel the weather. That is a fault, and also the point.",
        """
        A germanium transistor leaks. A little current flows even when nobody has asked it to, and it
        doubles with every ten degrees or so. In a cold van the fuzz is thin and polite; by the third song
        under the lamps it has turned to gravel.

        Players learned to put the pedal on ice between sets, or to carry two. Designers learned silicon,
        which does not leak, and sounds it.

        When one of these boxes comes to the bench we measure the leak of each transistor at room
        temperature, write it on the inside of the lid with the date, and choose the resistors around that
        number. Then we leave the trimmer where a screwdriver can reach it, because the number is only
        true today.

        If yours misbehaves, do not start with the soldering iron. Wait until evening.
        """,
    ),
    (
        "The bench, a tour from left to right",
        "What lies within reach of the chair, and how it got there.",
        """
        Far left, the lamp with the broken neck, which points only at where it is needed. Under it the
        vice, jaws lined with cork from a wine bottle of a good year.

        Then the files, in a rack by width, each with a blob of paint on the handle because one stops
        reading labels at about forty. Beside them the soldering iron in its spring and a wet sponge. The
        sponge is older than the apprentice.

        In the middle there is nothing. The middle is for the guitar. The most useful tool on the bench is
        half a square metre of clean carpet.

        Right of that come the meter, the chopsticks, the jar of screws that fit nothing yet, and the
        notebook with the squared paper in which every job is written down before it is begun. Far right,
        beyond arm's reach on purpose, the telephone.
        """,
    ),
    (
        "Tuning by the beat",
        "Two strings that nearly agree will tell you by how much, if you let them.",
        """
        Sound two notes that are almost the same and the air between them throbs. Count the throbs: three
        in a second means that the strings are three swings a second apart. Turn the peg and the throb
        slows down, and slows, and lies flat. That is in tune. No light on a screen is as exact.

        Fifths and fourths throb too, but they should not lie quite flat. A guitar has frets at fixed
        places, so every key has to be a little wrong in order that no key is very wrong. Leave the fifths
        just narrower than perfect, about one slow breath from beat to beat in the middle of the neck.

        The third is the interval that suffers. Tune the open chord of one key until it is sweet, and the
        next key will curdle. Players who record one song at a time do just that, and nobody ever finds
        out how they sound so good.
        """,
    ),
    (
        "What a lacquer crack tells",
        "Old finishes break along lines that can be read like a diary.",
        """
        Lacquer and wood shrink at different speeds. A guitar carried from a warm house into a frosty
        night and opened at once will crack all over in fine parallel lines, with a sound like ice in a
        glass. Those are the honest cracks of cold.

        Cracks that run in rings around a point mean a blow. A single long line along the grain may be in
        the finish only: breathe on it, and if the mist vanishes last inside the line, the wood is open
        too.

        And cracks that run at neat right angles, evenly, front and back, were made with a freezer and a
        can of air, in order to charge you more. We do not mind that people do this. We mind that they do
        it badly.

        If it is your own guitar, leave the case shut for an hour when you come in from the cold. It costs
        nothing but patience, of which the instrument has more than you.
        """,
    ),
    (
        "Springs, plates and the shape of a room",
        "Three ways to hear a place that is not there.",
        """
        Before there were boxes that could calculate, a room had to be borrowed. You could send the singer
        down a stairwell and hang a microphone on the third floor. It sounded wonderful until someone used
        the lift.

        Then came the plate, a sheet of steel as large as a door, hung in a frame and shaken at one end.
        Waves run through steel, reach the edge and turn back, just as they do in air between walls, only
        in less space. And then the spring, which does the same along one line, and drips when you kick
        it.

        None of the three is a room. But the ear is generous. Give it many small copies of a sound, each a
        little later and a little duller than the one before, and it builds the walls by itself.

        If the reverb in your amplifier has died, look first at the two thin wires at the ends of the
        tank. They are as fine as hair, they shake for a living, and they are nearly always the reason.
        """,
    ),
    (
        "When not to repair",
        "Some faults are the instrument. A short list of things that we send home unmended.",
        """
        A buzz on one note that the owner has written three songs around. A dent the exact size of a
        sister's elbow. A dead spot that taught someone to play the next note instead.

        We ask every customer the same two questions: what is wrong with it, and what would you miss? The
        second takes longer to answer, and it decides more.

        Mending means that something will be different afterwards. A new fret is a better fret, and it is
        not the one under which you learned the chord. So we write down what is there before we change it,
        we keep every part that comes out, and we do nothing that the next person at a bench could not
        undo.

        Sometimes the job ticket says: tightened one screw, played for an hour, no charge. Those are good
        days.
        """,
    ),
)


def articles() -> Iterator[dict[str, Any]]:
    """The rows of all articles, as keyword arguments of the model, oldest first."""
    for number, (title, summary, body) in enumerate(ARTICLES):
        yield {
            "title": title,
            "slug": slugify(title),
            "summary": summary,
            "body": _unwrapped(body),
            "published": FIRST_PUBLISHED + number * INTERVAL,
        }


def _unwrapped(body: str) -> str:
    """Each paragraph on one line, a blank line between them."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in body.split("\n\n"))

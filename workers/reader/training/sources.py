"""Where hands and texts come from: pen strokes of one part of the split, handwriting fonts, print fonts."""

import argparse
import random
from pathlib import Path

from hands import FontHand, PenHand, font_files
from strokes import StrokeArchive
from texts import field_texts

ROOT = Path(__file__).resolve().parents[3]
GENERATOR_FONTS = ROOT / "sample-forms/generator/node_modules/@expo-google-fonts"
PRINT_FONTS = [Path("/usr/share/fonts/truetype/liberation"), Path("/usr/share/fonts/truetype/dejavu")]
TYPEWRITERS = ("CourierPrime", "SpecialElite")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say where data lies."""
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/training", help="folder of the pen stroke data")
    parser.add_argument("--hand-fonts", type=Path, default=GENERATOR_FONTS)
    parser.add_argument("--print-fonts", type=Path, nargs="*", default=PRINT_FONTS)
    parser.add_argument("--without-unipen", action="store_true", help="fonts only")


class Sources:
    """All hands that may write for one part of the split."""

    def __init__(self, arguments: argparse.Namespace, part: str):
        fonts = font_files([arguments.hand_fonts])
        self.print_fonts = font_files([f for f in arguments.print_fonts if f.is_dir()])
        self.print_fonts += [f for f in fonts if f.name.startswith(TYPEWRITERS)]
        self.hand_fonts = [f for f in fonts if not f.name.startswith(TYPEWRITERS)]
        self.texts = field_texts(arguments.data)
        self.pen_only = part != "training"
        self.archive, self.writers = None, []
        if not arguments.without_unipen:
            self.archive = StrokeArchive(arguments.data / "characters.npz")
            self.writers = list(self.archive.by_writer(part).values())
        # Writers with a fuller set are asked more often, for they need to borrow less.
        self.weights = [min(len(own), 60) for own in self.writers]

    def hand(self, rng: random.Random) -> tuple[PenHand | FontHand, bool]:
        """A hand, and whether it is print. Development uses pens only."""
        kind = rng.random()
        if self.writers and (self.pen_only or kind < 0.80):
            own = rng.choices(self.writers, self.weights)[0]
            return PenHand(self.archive, own, self.writers, rng), False
        if self.print_fonts and kind > 0.94:
            return FontHand(rng.choice(self.print_fonts), rng, True), True
        return FontHand(rng.choice(self.hand_fonts), rng, False), False

"""Cheap self-checks of the composers and the contracts; exits with an error when one fails."""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

import line
import sources
from alphabet import CHARACTERS, FIELD_ALPHABETS, LINE_CHARACTERS, folding
from comb import SIDE, compose
from export import export
from hands import FontHand, PenHand
from networks import CellsNetwork, LineNetwork
from strokes import EVALUATION, are_parts, part_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    arguments = parser.parse_args()
    rng = random.Random(3)

    assert len(CHARACTERS) == len(set(CHARACTERS)) == 82 and LINE_CHARACTERS[0] == " "
    assert part_of(24) == EVALUATION and {part_of(w) for w in range(3, 12)} == {"training"}
    date = folding(FIELD_ALPHABETS["date"])
    assert date[1 + CHARACTERS.index("O")] == 0 and date[0] == -1

    bow = np.array([[0, 0], [50, 10], [60, 50], [50, 90], [0, 100]], np.float32)
    upright = np.array([[0, 0], [0, 200]], np.float32)
    assert are_parts([[upright, bow], [bow], [np.concatenate([upright, bow])]]) == [False, True, False]

    source = sources.Sources(arguments, "training")
    font = FontHand(source.hand_fonts[0], rng, False)
    found = compose(rng, font, "AB 7", 0.0)
    assert [CHARACTERS[c.label - 1] for c in found] == list("AB7"), "a space leaves its cell empty"
    assert all(c.picture.shape == (SIDE, SIDE) and c.picture.min() < 170 for c in found)
    if source.archive is not None:
        unseen = source.archive.by_writer(EVALUATION)
        seen = source.archive.by_writer("training")
        assert not set(unseen) & set(seen)
        bare = PenHand(source.archive, {"A": next(iter(unseen.values()))["A"]} if "A" in next(iter(unseen.values())) else {}, [], rng)
        assert not bare.can("Q"), "an evaluation hand borrows nothing"
    picture = line.of_characters(rng, font, "Ann Lee")
    assert picture is not None and picture.shape[0] == line.HEIGHT

    with tempfile.TemporaryDirectory() as folder:
        for network, shape, answer in ((CellsNetwork(), (7, 1, 32, 32), (7, 83)), (LineNetwork(), (1, 1, 40, 160), (1, 40, 84))):
            session = onnxruntime.InferenceSession(str(export(network, Path(folder))))
            assert session.run(None, {"x": np.zeros(shape, np.float32)})[0].shape == answer
    print("all checks hold")


if __name__ == "__main__":
    main()

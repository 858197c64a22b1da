"""Composes lines for training into shards: pictures one after another by column, sorted by width so that batches are even."""

import argparse
import os
import random
from pathlib import Path

import cv2
import numpy as np

import line
import sources
from alphabet import LINE_CLASS, plain
from hands import PenHand
from strokes import StrokeArchive
from texts import in_comb, on_line, written

FRAME = 4


def fits(text: str, width: int) -> bool:
    """Whether CTC has frames enough for the text, with a blank between doubled characters."""
    doubled = sum(a == b for a, b in zip(text, text[1:]))
    return width // FRAME >= len(text) + doubled + 2


COMBS, CHARACTERS, LINES = 0.26, 0.34, 0.80
"""Running shares of what is composed: combs set as lines, loose characters, lines of words; the rest is single words."""


class Hands:
    """Who writes: those who may write combs, and those with whole words of their own."""

    def __init__(self, arguments: argparse.Namespace):
        self.source = sources.Sources(arguments, arguments.part)
        self.words: StrokeArchive | None = None
        self.own: dict[int, dict[str, list[int]]] = {}
        self.letters: dict[int, dict[str, list[int]]] = {}
        if not arguments.without_unipen:
            self.words = StrokeArchive(arguments.data / "words.npz")
            found = self.words.by_writer(arguments.part)
            self.own = {w: {plain(t): r for t, r in own.items() if plain(t)} for w, own in found.items()}
            self.letters = self.source.archive.by_writer(arguments.part)
        self.writers = list(self.own)
        self.weights = [min(len(own), 150) for own in self.own.values()]


def one(rng: random.Random, hands: Hands, longest: int):
    """A picture and its text, or None when it came to nothing."""
    source, kind = hands.source, rng.random()
    picture, text = None, ""
    if kind < COMBS:
        text = in_comb(rng, source.texts)
        if len(text) <= longest and (made := line.of_comb(rng, source.hand(rng)[0], text)):
            picture, text = made
    elif kind < CHARACTERS or hands.words is None:
        text = written(rng, source.texts, min(longest, 22))
        picture = line.of_characters(rng, source.hand(rng)[0], text)
    else:
        writer = rng.choices(hands.writers, hands.weights)[0]
        own = hands.own[writer]
        if kind < LINES:
            text = on_line(rng, source.texts, longest)
            if rng.random() < 0.6:
                words = rng.choices(list(own), k=rng.randint(1, 5))
                while len(" ".join(words)) > longest and len(words) > 1:
                    words.pop()
                text = " ".join(words)
            letters = hands.letters.get(writer)
            hand = PenHand(source.archive, letters, source.writers, rng) if letters else source.hand(rng)[0]
            picture = line.of_words(rng, hands.words, own, hand, text)
        else:
            text = rng.choice(list(own))
            picture = line.of_word(rng, hands.words, rng.choice(own[text]))
    text = " ".join(text.split())
    return (picture, text) if picture is not None and text and fits(text, picture.shape[1]) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--longest", type=int, default=40, help="characters")
    parser.add_argument("--widest", type=int, default=720)
    parser.add_argument("--part", default="training")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    hands = Hands(arguments)
    for shard in range(arguments.shards):
        path = arguments.out / f"{arguments.part}-{arguments.seed}-{shard:04}.npz"
        if path.exists():
            continue
        rng = random.Random(f"{arguments.part} {arguments.seed} {shard} {arguments.longest}")
        found = []
        while len(found) < arguments.size:
            made = one(rng, hands, arguments.longest)
            if made and made[0].shape[1] <= arguments.widest:
                found.append(made)
        found.sort(key=lambda pair: pair[0].shape[1])
        pixels = np.concatenate([picture.T.reshape(-1) for picture, _ in found])
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, pixels=pixels, widths=np.int32([picture.shape[1] for picture, _ in found]),
                     letters=np.uint8([LINE_CLASS[c] for _, text in found for c in text]),
                     lengths=np.int32([len(text) for _, text in found]))
        os.replace(partial, path)
        print(path.name, len(found), flush=True)


if __name__ == "__main__":
    main()

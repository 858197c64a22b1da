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
from strokes import StrokeArchive
from texts import written

FRAME = 4


def fits(text: str, width: int) -> bool:
    """Whether CTC has frames enough for the text, with a blank between doubled characters."""
    doubled = sum(a == b for a, b in zip(text, text[1:]))
    return width // FRAME >= len(text) + doubled + 2


def one(rng: random.Random, source: sources.Sources, words: StrokeArchive | None, records: list[int], longest: int):
    """A picture and its text, or None when it came to nothing."""
    if words is not None and rng.random() < 0.3:
        record = rng.choice(records)
        text = plain(words.labels[record])
        picture = line.of_word(rng, words, record) if text else None
    else:
        text = written(rng, source.texts, longest)
        picture = line.of_characters(rng, source.hand(rng)[0], text)
    return (picture, text) if picture is not None and fits(text, picture.shape[1]) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--longest", type=int, default=14, help="characters; short lines teach faster")
    parser.add_argument("--widest", type=int, default=400)
    parser.add_argument("--part", default="training")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    source = sources.Sources(arguments, arguments.part)
    words, records = None, []
    if not arguments.without_unipen:
        words = StrokeArchive(arguments.data / "words.npz")
        records = [r for found in words.by_writer(arguments.part).values() for group in found.values() for r in group]
    for shard in range(arguments.shards):
        path = arguments.out / f"{arguments.part}-{arguments.seed}-{shard:04}.npz"
        if path.exists():
            continue
        rng = random.Random(f"{arguments.part} {arguments.seed} {shard} {arguments.longest}")
        found = []
        while len(found) < arguments.size:
            made = one(rng, source, words, records, arguments.longest)
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

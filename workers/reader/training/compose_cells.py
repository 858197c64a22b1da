"""Composes cells for training into shards (`.npz`: `pictures` uint8 [n, 32, 32], `labels` uint8 [n])."""

import argparse
import os
import random
from pathlib import Path

import cv2
import numpy as np

import sources
from comb import Cell, compose
from texts import written


def cells_of(rng: random.Random, source: sources.Sources, count: int) -> list[Cell]:
    """At least `count` cells of combs filled by varied hands."""
    found: list[Cell] = []
    while len(found) < count:
        hand, printed = source.hand(rng)
        text = written(rng, source.texts, rng.randint(4, 16))
        found += compose(rng, hand, text, 0.0 if printed else 0.08)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--part", default="training")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    source = sources.Sources(arguments, arguments.part)
    for shard in range(arguments.shards):
        path = arguments.out / f"{arguments.part}-{arguments.seed}-{shard:04}.npz"
        if path.exists():
            continue
        cells = cells_of(random.Random(f"{arguments.part} {arguments.seed} {shard}"), source, arguments.size)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, pictures=np.stack([c.picture for c in cells]), labels=np.uint8([c.label for c in cells]))
        os.replace(partial, path)
        print(path.name, len(cells), flush=True)


if __name__ == "__main__":
    main()

"""Composes the cells of pages for training into shards (`.npz`).

`pictures` uint8 [n, 32, 32] and `labels` uint8 [n] hold the used cells of all pages in writing order, with an empty
picture (label `SEPARATOR`) between two combs; `pages` int32 [m + 1] says where each page begins. A page is one hand's.
"""

import argparse
import os
import random
from pathlib import Path

import cv2
import numpy as np

import sources
from comb import SIDE, Cell, compose
from texts import in_comb, written

SEPARATOR = 255
"""Label of the empty picture between two combs: nothing is asked of it."""


AS_ON_FORMS = 0.75
"""Share of combs with what stands in our forms; the rest balances the classes."""


def page(rng: random.Random, source: sources.Sources) -> list[Cell]:
    """The cells of a few combs that one hand filled in."""
    hand, printed = source.hand(rng)
    found: list[Cell] = []
    for _ in range(rng.randint(1, 12)):
        if rng.random() < AS_ON_FORMS:
            text = in_comb(rng, source.texts)[:30]
        else:
            text = written(rng, source.texts, rng.randint(4, 16) if rng.random() < 0.8 else 26)
        cells = compose(rng, hand, text, 0.0 if printed else 0.05)
        if found and cells:
            found.append(Cell(np.full((SIDE, SIDE), 255, np.uint8), SEPARATOR))
        found += cells
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--size", type=int, default=20_000, help="cells in a shard")
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
        rng = random.Random(f"{arguments.part} {arguments.seed} {shard}")
        cells: list[Cell] = []
        pages = [0]
        while len(cells) < arguments.size:
            cells += page(rng, source)
            pages.append(len(cells))
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, pictures=np.stack([c.picture for c in cells]), labels=np.uint8([c.label for c in cells]),
                     pages=np.int32(pages))
        os.replace(partial, path)
        print(path.name, len(cells), flush=True)


if __name__ == "__main__":
    main()

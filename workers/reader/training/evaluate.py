"""Reads combs and lines of writers that took no part in training, and prints the tables of the model cards.

Every comb and line is written by one writer with that writer's own characters; texts that need others are skipped.
"""

import argparse
import random
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

import line
import sources
from alphabet import CHARACTERS, FIELD_ALPHABETS, LINE_CHARACTERS, folding, plain
from bounds import HEADING, row
from comb import compose
from fields import KINDS, writable
from hands import PenHand
from strokes import StrokeArchive
from texts import field_texts


def session(path: Path) -> onnxruntime.InferenceSession:
    """The network on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def answers(network: onnxruntime.InferenceSession, pictures: list[np.ndarray]) -> np.ndarray:
    """Logits [n, classes] of the cells of one comb, in view of each other."""
    return network.run(["y"], {"x": 1 - np.stack(pictures)[:, None].astype(np.float32) / 255})[0]


def folded_reading(logits: np.ndarray, alphabet: str) -> str:
    """Each cell's best character of the field's alphabet; the scores of classes that fold together are added."""
    places = np.array(folding(alphabet))
    weight = np.exp(logits - logits.max(1, keepdims=True))
    sums = np.stack([weight[:, places == k].sum(1) for k in range(len(alphabet))], 1)
    return "".join(alphabet[k] for k in sums.argmax(1))


def cells(network, arguments, writers: dict, archive: StrokeArchive, texts: list[str]) -> None:
    """Single characters of the whole alphabet, then whole fields."""
    rng = random.Random(f"evaluation {arguments.seed}")
    cased: dict[int, list[bool]] = {}
    caseless: dict[int, list[bool]] = {}
    digits: dict[int, list[bool]] = {}
    capitals: dict[int, list[bool]] = {}
    for writer, own in writers.items():
        found, read = [], []
        for _ in range(arguments.combs):
            hand = PenHand(archive, own, [], rng, varied=False)
            text = "".join(rng.choice([c for c in own if c in CHARACTERS]) for _ in range(10))
            if comb := compose(rng, hand, text, 0.0):
                found += comb
                read += list(answers(network, [cell.picture for cell in comb]))
        for cell, logits in zip(found, read):
            truth, best = CHARACTERS[cell.label - 1], int(logits.argmax())
            answer = CHARACTERS[best - 1] if best else ""
            cased.setdefault(writer, []).append(answer == truth)
            caseless.setdefault(writer, []).append(answer.upper() == truth.upper())
            if truth.isdigit():
                digits.setdefault(writer, []).append(folded_reading(logits[None], FIELD_ALPHABETS["phone"]) == truth)
            if truth.isupper():
                capitals.setdefault(writer, []).append(folded_reading(logits[None], FIELD_ALPHABETS["surname"]) == truth)
    print("\n### Single cells\n\n" + HEADING)
    print(row("every character the writer has, cased, 82 classes", cased))
    print(row("the same, case folded", caseless))
    print(row("capitals, folded to a name's alphabet", capitals))
    print(row("digits, folded to digits", digits))
    exact, single = {k: {} for k in KINDS}, {k: {} for k in KINDS}
    strict = {k: {} for k in KINDS}
    for kind in KINDS:
        alphabet = FIELD_ALPHABETS[kind]
        for writer, own in writers.items():
            for text in writable(rng, kind, texts, own, arguments.fields):
                found = compose(rng, PenHand(archive, own, [], rng, varied=False), text, 0.0)
                logits = answers(network, [cell.picture for cell in found]) if found else np.zeros((0, len(CHARACTERS) + 1))
                read = folded_reading(logits, alphabet) if found else ""
                best = "".join(CHARACTERS[k - 1] if k else "~" for k in logits.argmax(1))
                exact[kind].setdefault(writer, []).append(read == text.upper())
                strict[kind].setdefault(writer, []).append(best == text)
                # A cell whose ink vanished makes the field wrong; the others still count one by one.
                truth = "".join(CHARACTERS[cell.label - 1] for cell in found).upper()
                single[kind].setdefault(writer, []).extend(a == b for a, b in zip(read, truth))
    print("\n### Characters of a field, folded to its alphabet\n\n" + HEADING)
    for kind in KINDS:
        print(row(kind, single[kind]))
    print("\n### Whole fields exactly right, folded to the field's alphabet, no lexicon or grammar\n\n" + HEADING)
    for kind in KINDS:
        print(row(kind, exact[kind]))
    print("\n### Whole fields exactly right, cased, best of all classes\n\n" + HEADING)
    for kind in KINDS:
        print(row(kind, strict[kind]))
    x = np.random.default_rng(1).random((100, 1, 32, 32), np.float32)
    print(f"\n{fastest(network, x):.1f} ms per 100 cells (onnxruntime, one thread)")


def fastest(network, x: np.ndarray) -> float:
    """Milliseconds of the best of 20 runs: other work on the machine only ever adds."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        network.run(None, {"x": x})
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def line_reading(network, picture: np.ndarray) -> str:
    """Greedy reading of one line."""
    width = max(64, -(-picture.shape[1] // 16) * 16)
    x = np.zeros((1, 1, line.HEIGHT, width), np.float32)
    x[0, 0, :, : picture.shape[1]] = 1 - picture.astype(np.float32) / 255
    best = network.run(None, {"x": x})[0][0].argmax(1)
    return "".join(LINE_CHARACTERS[k - 1] for k, before in zip(best, [0, *best]) if k and k != before)


def lines(networks: dict, arguments, writers: dict, archive: StrokeArchive, words: StrokeArchive, texts: list[str]) -> None:
    """The same composed lines for every network, then real words; case folded, spaces left out."""
    rng = random.Random(f"evaluation lines {arguments.seed}")
    cases: list[tuple[str, int, np.ndarray, str]] = []
    for kind in KINDS:
        for writer, own in writers.items():
            for text in writable(rng, kind, texts, own, arguments.fields):
                picture = line.of_characters(rng, PenHand(archive, own, [], rng, varied=False), text)
                if picture is not None:
                    cases.append((kind, writer, picture, text))
    for writer, found in words.by_writer(arguments.part).items():
        records = [r for group in found.values() for r in group if plain(words.labels[r])]
        for record in rng.sample(records, min(len(records), arguments.fields)):
            picture = line.of_word(rng, words, record)
            if picture is not None:
                cases.append(("written word", writer, picture, words.labels[record]))
    key = lambda text: text.replace(" ", "").upper()
    for name, network in networks.items():
        right: dict[str, dict[int, list[bool]]] = {}
        for kind, writer, picture, text in cases:
            right.setdefault(kind, {}).setdefault(writer, []).append(key(line_reading(network, picture)) == key(text))
        print(f"\n### Lines exactly right: {name}\n\n" + HEADING)
        for kind, by_writer in right.items():
            print(row(kind, by_writer))
        x = np.random.default_rng(1).random((1, 1, line.HEIGHT, 320), np.float32)
        print(f"\n{fastest(network, x):.1f} ms for a line 320 pixels wide (onnxruntime, one thread)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sources.add_arguments(parser)
    model = sources.ROOT / "workers/reader/model"
    parser.add_argument("--cells", type=Path, default=model / "cells.onnx")
    parser.add_argument("--lines", type=Path, nargs="*", default=[model / "line.onnx"])
    parser.add_argument("--part", default="development", help="`evaluation` once, at the very end")
    parser.add_argument("--combs", type=int, default=30, help="combs of ten characters per writer")
    parser.add_argument("--fields", type=int, default=30, help="fields of each kind per writer")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    archive = StrokeArchive(arguments.data / "characters.npz")
    writers = archive.by_writer(arguments.part)
    texts = field_texts(arguments.data)
    if arguments.cells.is_file():
        cells(session(arguments.cells), arguments, writers, archive, texts)
    networks = {path.stem: session(path) for path in arguments.lines if path.is_file()}
    if networks:
        lines(networks, arguments, writers, archive, StrokeArchive(arguments.data / "words.npz"), texts)


if __name__ == "__main__":
    main()

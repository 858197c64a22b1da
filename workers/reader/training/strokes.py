"""Hand-written characters and words as pen strokes, parted by writer."""

from pathlib import Path

import numpy as np

TRAINING, DEVELOPMENT, CALIBRATION, EVALUATION = "training", "development", "calibration", "evaluation"


def part_of(writer: int) -> str:
    """The fixed split. Development writers are taken from the training side, to choose by without touching the rest."""
    return {0: EVALUATION, 1: CALIBRATION, 2: DEVELOPMENT}.get(int(writer) % 12, TRAINING)


ROUND, CORNERED, STRAIGHT = "0OoQ8BbdaegqRPp69D", "E4HKk", "1Iil"
CLOSED = "0OoQDB8"


def is_whole(label: str, strokes: list[np.ndarray]) -> bool:
    """Whether what was recorded can be all of a character: four in a thousand lost strokes, an `A` being one slanting line.

    Only the pen's path is looked at; the generator of sample forms has the same rule (strokes/whole.rs)."""
    if len(strokes) != 1 or len(label) != 1 or not label.isalnum() or label in STRAIGHT:
        return True
    line = strokes[0]
    side = max(float(np.ptp(line, axis=0).max()), 1.0)
    if label in CLOSED and np.hypot(*np.diff(line, axis=0).T).sum() < 1.8 * side:
        return False
    step = 0.15 * side
    points = [line[0]]
    for point in line[1:]:
        if np.hypot(*(point - points[-1])) >= step:
            points.append(point)
    if np.hypot(*(line[-1] - points[-1])) > step / 2:
        points.append(line[-1])
    way = np.diff(np.array(points), axis=0)
    turns = np.degrees(np.diff(np.unwrap(np.arctan2(way[:, 1], way[:, 0]))))
    turned = np.abs(turns).sum()
    if label == "8" and turned < 600 and min(turns[turns > 0].sum(), -turns[turns < 0].sum()) < 20:
        return False  # One of its two rings: a pen that draws both turns both ways, or goes round twice.
    return turned >= (180 if label in ROUND else 150 if label in CORNERED else 50)


OF_SEVERAL = "ABDEFHKMNPQRTXYbdfhkmnpqtxy4"


def outline(line: np.ndarray) -> np.ndarray:
    """[16, 2]: points at equal distances along a line, in a box of side 1 around the origin."""
    along = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    at = np.linspace(0, along[-1], 16)
    points = np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], 1)
    return (points - (line.min(0) + line.max(0)) / 2) / max(float(np.ptp(line, axis=0).max()), 1e-6)


def are_parts(records: list[list[np.ndarray]]) -> list[bool]:
    """Of records of one character by one hand: whether each is a single stroke of another, as the bow of a P whose upright
    was lost. The generator of sample forms has the same rule (strokes/part.rs)."""
    side = lambda points: float(np.ptp(points, axis=0).max())
    large = [side(np.concatenate(strokes)) for strokes in records]
    records = [[stroke for stroke in strokes if side(stroke) > 0.08 * all] for strokes, all in zip(records, large)]
    parts = []
    for strokes, all in zip(records, large):
        lengths = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes]
        for stroke, length in zip(strokes, lengths):
            if len(strokes) > 1 and length <= 0.8 * sum(lengths) and side(stroke) >= 0.4 * all:
                parts += [outline(stroke), outline(stroke[::-1])]
    return [
        len(strokes) == 1 and any(np.hypot(*(outline(strokes[0]) - part).T).mean() < 0.11 for part in parts)
        for strokes in records
    ]


class StrokeArchive:
    """Records of one `.npz` file: each is a list of strokes, each stroke float32 [points, 2], x right, y down."""

    def __init__(self, path: Path):
        arrays = np.load(path)
        self.points = arrays["pts"]
        self.stroke_offsets = arrays["stroke_offsets"]
        self.record_offsets = arrays["record_offsets"]
        self.labels = [str(label) for label in arrays["label"]]
        self.writers = arrays["writer"]

    def strokes(self, record: int) -> list[np.ndarray]:
        """The strokes of one record, moved so that its box begins at (0, 0)."""
        first, last = self.record_offsets[record], self.record_offsets[record + 1]
        strokes = [
            self.points[self.stroke_offsets[k] : self.stroke_offsets[k + 1]].astype(np.float32)
            for k in range(first, last)
        ]
        strokes = [stroke for stroke in strokes if len(stroke)]
        corner = np.min([stroke.min(0) for stroke in strokes], axis=0)
        return [stroke - corner for stroke in strokes]

    def by_writer(self, part: str) -> dict[int, dict[str, list[int]]]:
        """Records of one part of the split: writer, then label, then record numbers."""
        found: dict[int, dict[str, list[int]]] = {}
        for record, (label, writer) in enumerate(zip(self.labels, self.writers)):
            if part_of(writer) == part and is_whole(label, self.strokes(record)):
                found.setdefault(int(writer), {}).setdefault(label, []).append(record)
        for labels in found.values():
            for label in [label for label in labels if len(label) == 1 and label in OF_SEVERAL]:
                parts = are_parts([self.strokes(record) for record in labels[label]])
                kept = [record for record, part in zip(labels[label], parts) if not part]
                if kept:
                    labels[label] = kept
                else:
                    del labels[label]
        return found


def smoothed(stroke: np.ndarray) -> np.ndarray:
    """One round of corner cutting, so that coarse pen samples do not show as corners."""
    if len(stroke) < 3:
        return stroke
    inner = np.empty((2 * len(stroke), 2), np.float32)
    inner[0], inner[-1] = stroke[0], stroke[-1]
    inner[1:-1:2] = stroke[:-1] * 0.75 + stroke[1:] * 0.25
    inner[2:-1:2] = stroke[:-1] * 0.25 + stroke[1:] * 0.75
    return inner

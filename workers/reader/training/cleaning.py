"""Taking the printed lines out of a comb, as the reader does it (zones/rules.rs and zones/comb.rs)."""

import cv2
import numpy as np

INK = 170
"""A pixel darker than this is ink."""
SPECK = 6
"""Pixels; smaller patches are dirt."""
WALL = 4.5
"""Pixels beside a wall in which only residue is expected."""


def erase_wall(picture: np.ndarray, column: int, half: int, top: int, bottom: int) -> None:
    """Replaces a vertical line by what stands on both sides of it, where that is lighter."""
    low, high = column - half, column + half
    if low < 1 or high + 2 > picture.shape[1]:
        return
    top, bottom = max(top - half - 1, 0), min(bottom + half + 1, picture.shape[0])
    before = picture[top:bottom, low - 1 : low].astype(np.float32)
    after = picture[top:bottom, high + 1 : high + 2].astype(np.float32)
    part = np.arange(1, high - low + 2, dtype=np.float32) / (high - low + 2)
    filled = (before + (after - before) * part).astype(np.uint8)
    band = picture[top:bottom, low : high + 1]
    np.maximum(band, filled, out=band)


def erase_rule(picture: np.ndarray, row: int, half: int, left: int, right: int) -> None:
    """The same for a horizontal line."""
    erase_wall(picture.T, row, half, left, right)


def only_writing(picture: np.ndarray, cells: list[tuple[float, float, float, float]]) -> np.ndarray:
    """Whitens patches that are specks or do not lie mostly inside the cells (left, right, top, bottom)."""
    count, patches, stats, _ = cv2.connectedComponentsWithStats((picture < INK).astype(np.uint8), connectivity=8)
    inside = np.zeros(picture.shape, bool)
    for left, right, top, bottom in cells:
        inside[int(max(top + WALL, 0)) : int(max(bottom - WALL, 0)), int(max(left + WALL, 0)) : int(max(right - WALL, 0))] = True
    inner = np.bincount(patches[inside], minlength=count)
    area = stats[:, cv2.CC_STAT_AREA]
    kept = (area >= SPECK) & (inner >= SPECK) & (inner * 4 >= area)
    kept[0] = False
    near = cv2.dilate(kept[patches].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(near > 0, picture, 255).astype(np.uint8)


def strengthened(picture: np.ndarray) -> np.ndarray:
    """Darkens faint ink so that its darker half comes near black (zones/ink.rs)."""
    ink = picture[picture < INK]
    if len(ink) < 12:
        return picture
    gain = min(max(220.0 / (255.0 - float(np.median(ink))), 1.0), 2.5)
    return np.maximum(255.0 - (255.0 - picture.astype(np.float32)) * gain, 0).astype(np.uint8) if gain > 1.02 else picture

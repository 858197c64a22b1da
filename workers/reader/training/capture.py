"""What pens, scanners and fax-like copies do to a drawn picture at 10 pixels to the millimetre."""

import random

import cv2
import numpy as np

PIXELS_PER_MM = 10


def noise(rng: random.Random, shape: tuple[int, ...], spread: float) -> np.ndarray:
    """Grey noise, float32. One tile is drawn and rolled: as good here, and much cheaper than a fresh normal."""
    rows, columns = rng.randrange(_TILE.shape[0]), rng.randrange(_TILE.shape[1])
    tile = np.roll(_TILE, (rows, columns), (0, 1))
    repeats = (-(-shape[0] // tile.shape[0]), -(-shape[1] // tile.shape[1]))
    return np.tile(tile, repeats)[: shape[0], : shape[1]] * spread


_TILE = np.random.default_rng(1).normal(0, 1, (160, 512)).astype(np.float32)


def pencil(rng: random.Random, ink: np.ndarray) -> np.ndarray:
    """Breaks a smooth stroke up into the grain of a pencil on paper."""
    grain = cv2.GaussianBlur(noise(rng, ink.shape, 1.0), (0, 0), rng.uniform(0.6, 1.2))
    depth = (255 - ink.astype(np.float32)) * np.clip(0.9 + rng.uniform(0.3, 0.9) * grain, 0.15, 1.1)
    return np.clip(255 - depth, 0, 255).astype(np.uint8)


def captured(rng: random.Random, picture: np.ndarray, bilevel: float = 0.15) -> np.ndarray:
    """The picture as it comes back from a scanner of 150 to 400 dpi, resampled to the zones' scale.

    `bilevel` is the chance of a black and white scan, which leaves little of a faint pencil.
    """
    height, width = picture.shape
    dpi = rng.choice([150, 200, 200, 300, 300, 300, 400])
    dots = dpi / 25.4 / PIXELS_PER_MM
    result = picture
    if dots < 1:
        result = cv2.resize(result, (max(2, round(width * dots)), max(2, round(height * dots))), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        result = cv2.GaussianBlur(result, (0, 0), rng.uniform(0.3, 0.9))
    result = result.astype(np.float32)
    if rng.random() < 0.6:
        result = result + noise(rng, result.shape, rng.uniform(1, 14))
    if rng.random() < bilevel:
        level = rng.uniform(120, 200)
        result = np.where(result < level, 0.0, 255.0)
    result = np.clip(result, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, code = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 90)])
        result = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
    if dots < 1:
        result = cv2.resize(result, (width, height), interpolation=cv2.INTER_LINEAR)
    return result

"""Writes a trained network as ONNX with its TOML description beside it."""

import argparse
import copy
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from alphabet import CHARACTERS, LINE_CHARACTERS
from networks import CellsNetwork, LineNetwork

OPSET = 17

CELLS_TOML = '''# What the program must know of the weights of the cells network, checked when they are loaded.
name = "cells"
file = "cells.onnx"
sha256 = "{sha256}"

# Input `x`: float32 [cells, 1, side, side]; ink is 1, paper 0 (1 - grey / 255). Each cell's window is a square,
# `window` times the ink height of the whole comb (at least `least_ink_mm`), centred on the middle of the ink rows and
# on the cell's centre, cut from the comb without its printed lines and area-resized.
side = 32
window = 1.44
least_ink_mm = 3.2

# The cells of one page in reading order, with an empty picture (all 0) between two combs.
#
# Outputs `y` and `alone`: float32 [cells, characters + 1], logits with the other cells of the page in view, and of each
# cell by itself. Class `not_a_character` is a struck-out cell, a blot or residue;
# class k stands for character k - 1 of the alphabet.
not_a_character = 0
alphabet = {alphabet}
'''

LINE_TOML = '''# What the program must know of the weights of the line network, checked when they are loaded.
name = "line"
file = "line.onnx"
sha256 = "{sha256}"

# Input `x`: float32 [lines, 1, height, width]; ink is 1, paper 0 (1 - grey / 255).
input_height = 40
width_multiple = 16

# Output `y`: float32 [lines, width / frame_width, characters + 1], logits.
# Class `blank` is the CTC blank; class k stands for character k - 1 of the alphabet, which begins with a space.
frame_width = 4
blank = 0
alphabet = {alphabet}
'''


def quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def fused(network: nn.Module) -> nn.Module:
    """A copy for inference whose batch norms are folded into the convolutions before them."""
    network = copy.deepcopy(network).eval()
    for module in network.modules():
        for name in [n for n in module._modules if n.endswith("_norm")]:
            convolution, norm = getattr(module, name.removesuffix("_norm")), getattr(module, name)
            if norm is not None:
                setattr(module, name.removesuffix("_norm"), fuse_conv_bn_eval(convolution, norm))
                setattr(module, name, nn.Identity())
    return network


def export(network: nn.Module, folder: Path) -> Path:
    """Writes `cells.onnx` or `line.onnx` and its description; fails when the file answers differently."""
    cells = isinstance(network, CellsNetwork)
    name, toml = ("cells", CELLS_TOML) if cells else ("line", LINE_TOML)
    plain = fused(network)
    example = torch.rand(2, 1, 32, 32) if cells else torch.rand(2, 1, 40, 96)
    outputs = ["y", "alone"] if cells else ["y"]
    dynamic = {name: {0: "n"} for name in ("x", *outputs)} if cells else {"x": {0: "n", 3: "w"}, "y": {0: "n", 1: "frames"}}
    folder.mkdir(parents=True, exist_ok=True)
    path, partial = folder / f"{name}.onnx", folder / f"{name}.partial.onnx"
    torch.onnx.export(plain, (example,), str(partial), input_names=["x"], output_names=outputs, dynamic_axes=dynamic,
                      opset_version=OPSET, dynamo=False)
    other = torch.rand(5, *example.shape[1:])
    with torch.no_grad():
        wanted = network.eval()(other)
    found = onnxruntime.InferenceSession(str(partial)).run(None, {"x": other.numpy()})
    for one, answer in zip(found, wanted if cells else [wanted]):
        np.testing.assert_allclose(one, answer.numpy(), rtol=1e-3, atol=1e-3)
    os.replace(partial, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    alphabet = quoted(CHARACTERS if cells else LINE_CHARACTERS)
    if cells:
        (folder / "cells.golden.json").write_text(json.dumps(golden(path)) + "\n", encoding="utf-8")
    (folder / f"{name}.toml").write_text(toml.format(sha256=digest, alphabet=alphabet), encoding="utf-8")
    return path


def golden(path: Path) -> dict:
    """Answers of the exported network to a fixed pattern: two cells, the end of a comb, one cell."""
    cell, row, column = np.meshgrid(np.arange(4), np.arange(32), np.arange(32), indexing="ij")
    x = ((cell * 7 + row * 3 + column * 5) % 11 / 10).astype(np.float32)
    x[2] = 0
    together, alone = onnxruntime.InferenceSession(str(path)).run(["y", "alone"], {"x": x[:, None]})
    rounded = lambda logits: [[round(float(v), 4) for v in logits[k]] for k in (0, 1, 3)]
    return {"together": rounded(together), "alone": rounded(alone)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["cells", "line"])
    parser.add_argument("state", type=Path, help="state file that the trainer wrote")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    network = CellsNetwork() if arguments.kind == "cells" else LineNetwork()
    network.load_state_dict(torch.load(arguments.state, map_location="cpu")["average"])
    print(export(network, arguments.folder))


if __name__ == "__main__":
    main()

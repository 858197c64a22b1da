"""Trains the line network with CTC from shards of `compose_lines.py`, for a given time; it can go on from a state."""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional

from alphabet import LINE_CHARACTERS
from averaging import Average
from export import export
from networks import LineNetwork, parameters_of

HEIGHT = 40


def batches(shard: Path, pixels: int, order: np.random.Generator | None):
    """Lines of like width: uint8 [n, 40, w], classes end to end, and the number of classes of each line."""
    data = np.load(shard)
    widths, lengths, letters, flat = (data[name] for name in ("widths", "lengths", "letters", "pixels"))
    column, letter = np.concatenate([[0], np.cumsum(widths)]), np.concatenate([[0], np.cumsum(lengths)])
    groups, start = [], 0
    while start < len(widths):
        end = start + 1
        while end < len(widths) and (end + 1 - start) * (widths[end] + 15) <= pixels:
            end += 1
        groups.append(range(start, end))
        start = end
    for group in order.permutation(len(groups)) if order is not None else range(len(groups)):
        lines = groups[group]
        width = -(-int(widths[lines[-1]]) // 16) * 16
        pictures = np.full((len(lines), HEIGHT, width), 255, np.uint8)
        for row, k in enumerate(lines):
            pictures[row, :, : widths[k]] = flat[column[k] * HEIGHT : column[k + 1] * HEIGHT].reshape(-1, HEIGHT).T
        classes = letters[letter[lines[0]] : letter[lines[-1] + 1]]
        yield torch.from_numpy(pictures), torch.from_numpy(classes).long(), torch.from_numpy(lengths[lines[0] : lines[-1] + 1]).long()


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [n, 40, w], paper 255, to the network's input."""
    return pictures[:, None].float().div_(-255).add_(1).contiguous(memory_format=torch.channels_last)


def varied(x: torch.Tensor) -> torch.Tensor:
    """Each line a little turned, slanted, stretched and waved, with another weight and width of ink, some columns gone."""
    lines, _, height, width = x.shape
    draw = lambda spread: torch.randn(lines, 1, 1) * spread
    across = torch.linspace(-1, 1, width).view(1, 1, -1)
    down = torch.linspace(-1, 1, height).view(1, -1, 1)
    long = width / height
    # The width is stretched about the left edge, so that nothing leaves the picture on the right.
    stretch = 1 + 0.12 * torch.rand(lines, 1, 1)
    wave = 0.04 * torch.randn(lines, 1, 1) * torch.sin(across * long * (0.6 + torch.rand(lines, 1, 1)) + 6.3 * torch.rand(lines, 1, 1))
    columns = (across + 1) * stretch - 1 + (draw(0.10) * down + 0.02 * torch.randn(lines, 1, 1)) / long
    rows = down * torch.exp(draw(0.05)) + draw(0.04) + wave + draw(0.015) * across
    grid = torch.stack([columns.expand(-1, height, -1), rows.expand(-1, -1, width)], -1)
    x = functional.grid_sample(x, grid, align_corners=False).clamp_(0, 1)
    pick = torch.rand(lines)
    wider, thinner = (pick < 0.12).nonzero().flatten(), (pick > 0.92).nonzero().flatten()
    if len(wider):
        part = torch.rand(len(wider), 1, 1, 1)
        x[wider] = torch.lerp(x[wider], functional.max_pool2d(x[wider], 3, 1, 1), part)
    if len(thinner):
        part = 0.6 * torch.rand(len(thinner), 1, 1, 1)
        x[thinner] = torch.lerp(x[thinner], -functional.max_pool2d(-x[thinner], 3, 1, 1), part)
    strength, paleness = torch.exp(draw(0.25))[..., None], 1 - 0.3 * torch.rand(lines, 1, 1, 1) ** 2
    return x.pow(strength) * paleness


def greedy(logits: torch.Tensor) -> list[str]:
    """The best class of each frame, repeats and blanks dropped."""
    read = []
    for row in logits.argmax(-1).tolist():
        kept = [k for k, before in zip(row, [0, *row]) if k and k != before]
        read.append("".join(LINE_CHARACTERS[k - 1] for k in kept))
    return read


@torch.no_grad()
def share_right(network: LineNetwork, shard: Path) -> float:
    """Share of lines read exactly, upper and lower case counted alike."""
    right = total = 0
    for pictures, classes, lengths in list(batches(shard, 4000, None))[::2]:
        ends = lengths.cumsum(0).tolist()
        for read, start, end in zip(greedy(network(as_input(pictures))), [0, *ends], ends):
            text = "".join(LINE_CHARACTERS[k - 1] for k in classes[start:end].tolist())
            right += read.strip().upper() == text.strip().upper()
            total += 1
    return right / max(total, 1)


def endless(folder: Path, pixels: int, order: np.random.Generator):
    """Batches of all training shards, the least used first."""
    uses: dict[Path, int] = {}
    while True:
        paths = sorted(folder.glob("training-*.npz"), key=lambda p: (uses.get(p, 0), p.name))
        if not paths:
            time.sleep(2)
            continue
        uses[paths[0]] = uses.get(paths[0], 0) + 1
        yield from batches(paths[0], pixels, order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the state and the exported network")
    parser.add_argument("--minutes", type=float, default=40, help="of processor time: others may be at work beside it")
    parser.add_argument("--pixels", type=int, default=8000, help="columns in a batch, all lines together")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--cells", type=Path, help="state of a cells network whose trunk to begin with")
    parser.add_argument("--resume", type=Path, help="state file to go on from")
    parser.add_argument("--exact", action="store_true", help="float32 throughout: twice as slow where the processor knows bfloat16")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    network, step = LineNetwork(), 0
    if arguments.resume:
        state = torch.load(arguments.resume, map_location="cpu")
        # A state from before the second context was there goes on without it.
        network.load_state_dict(state["average"], strict=False)
        step = state["step"]
    elif arguments.cells:
        cells = torch.load(arguments.cells, map_location="cpu")["average"]
        network.trunk.load_state_dict({k.removeprefix("trunk."): v for k, v in cells.items() if k.startswith("trunk.")})
    network = network.to(memory_format=torch.channels_last).train()
    average = Average(network, 0.9985)
    optimiser = torch.optim.AdamW(network.parameters(), arguments.rate, weight_decay=0.01)
    print(parameters_of(network), "parameters", flush=True)
    development = sorted(arguments.shards.glob("development-*.npz"))
    start, told = time.process_time(), time.monotonic()
    begun, lines, losses = step, 0, []
    for pictures, classes, lengths in endless(arguments.shards, arguments.pixels, np.random.default_rng(arguments.seed)):
        done = (time.process_time() - start) / 60 / arguments.minutes
        if done >= 1:
            break
        rate = arguments.rate * min(1, (step - begun + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = varied(as_input(pictures)).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=not arguments.exact):
            logits = network(x)
        likelihood = logits.float().log_softmax(-1).transpose(0, 1)
        frames = torch.full((len(lengths),), likelihood.shape[0], dtype=torch.long)
        loss = functional.ctc_loss(likelihood, classes, frames, lengths, zero_infinity=True)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(network)
        step += 1
        lines += len(lengths)
        losses.append(loss.item())
        if time.monotonic() - told > 180:
            right = share_right(average.network, development[0]) if development else None
            print(f"{done:.2f} step {step} lines {lines} loss {np.mean(losses):.3f} development {right}", flush=True)
            torch.save({"average": average.network.state_dict(), "step": step}, arguments.out / "line.pt")
            told, losses = time.monotonic(), []
    torch.save({"average": average.network.state_dict(), "step": step}, arguments.out / "line.pt")
    export(average.network, arguments.out)
    print("ended after", step, "steps,", lines, "lines in this run", flush=True)


if __name__ == "__main__":
    main()

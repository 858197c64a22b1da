"""Trains the cells network from shards that `compose_cells.py` wrote, for a given time, and exports it as it goes."""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional

from alphabet import CHARACTERS
from averaging import Average
from comb import SIDE
from compose_cells import SEPARATOR
from export import export
from networks import CellsNetwork, parameters_of


Page = tuple[np.ndarray, np.ndarray]
"""Pictures uint8 [n, 32, 32] and labels of the cells of one page."""


@dataclass
class Batch:
    """Some pages of about the same length, made equal by empty pictures at the end: their cells one after the other."""

    pictures: torch.Tensor
    labels: torch.Tensor
    pages: int


class Shards:
    """Shuffled pages from all shards that exist so far; new ones are taken in between passes over a few."""

    AT_ONCE = 4

    def __init__(self, folder: Path, cells: int, seed: int):
        self.folder, self.cells, self.random = folder, cells, np.random.default_rng(seed)
        self.uses: dict[Path, int] = {}

    def __iter__(self):
        while True:
            paths = list(self.folder.glob("training-*.npz"))
            if not paths:
                time.sleep(2)
                continue
            # The least used first: with a composer at work every shard is new.
            chosen = sorted(paths, key=lambda p: (self.uses.get(p, 0), self.random.random()))[: self.AT_ONCE]
            pages = []
            for path in chosen:
                self.uses[path] = self.uses.get(path, 0) + 1
                pages += pages_of(path)
            batches = alike_in_length(pages, self.cells)
            self.random.shuffle(batches)
            yield from map(batch_of, batches)


def pages_of(path: Path) -> list[Page]:
    """Pictures and labels of each page of a shard; pages on which all ink vanished are left out."""
    shard = np.load(path)
    pictures, labels, starts = shard["pictures"], shard["labels"], shard["pages"]
    return [(pictures[a:b], labels[a:b]) for a, b in zip(starts, starts[1:]) if b > a]


def alike_in_length(pages: list[Page], cells: int) -> list[list[Page]]:
    """The pages in groups of about `cells` cells."""
    groups: list[list[Page]] = [[]]
    for page in sorted(pages, key=lambda page: len(page[1])):
        if len(groups[-1]) * len(page[1]) >= cells:
            groups.append([])
        groups[-1].append(page)
    return groups


def batch_of(pages: list[Page]) -> Batch:
    """Pages one after the other, made equal in length."""
    most = max(len(labels) for _, labels in pages)
    pictures = np.full((len(pages), most, SIDE, SIDE), 255, np.uint8)
    labels = np.full((len(pages), most), SEPARATOR, np.int64)
    for row, (own, said) in enumerate(pages):
        pictures[row, : len(own)], labels[row, : len(said)] = own, said
    return Batch(torch.from_numpy(pictures).flatten(0, 1), torch.from_numpy(labels).flatten(), len(pages))


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [n, 32, 32], paper 255, to the network's input."""
    return pictures[:, None].float().div_(-255).add_(1)


def varied(x: torch.Tensor, pages: int) -> torch.Tensor:
    """Small random turns, stretches and shifts, another weight and width of ink: mostly alike on a page, a little by cell."""
    each = len(x) // pages
    spread = torch.tensor([[0.05, 0.05, 0.05], [0.03, 0.05, 0.04]])
    by_page = (torch.randn(pages, 2, 3) * spread * 0.85).repeat_interleave(each, 0)
    matrix = torch.eye(2, 3) + by_page + torch.randn(len(x), 2, 3) * spread * 0.5
    x = functional.grid_sample(x, functional.affine_grid(matrix, x.shape, align_corners=False), align_corners=False)
    x.clamp_(0, 1)
    pick = torch.rand(pages).repeat_interleave(each)
    wider, thinner = (pick < 0.12).nonzero().flatten(), (pick > 0.92).nonzero().flatten()
    if len(wider):
        x[wider] = torch.lerp(x[wider], functional.max_pool2d(x[wider], 3, 1, 1), 0.8 * torch.rand(()))
    if len(thinner):
        x[thinner] = torch.lerp(x[thinner], -functional.max_pool2d(-x[thinner], 3, 1, 1), 0.6 * torch.rand(()))
    strength = torch.exp(torch.randn(pages, 1, 1, 1) * 0.25).repeat_interleave(each, 0)
    paleness = (1 - 0.3 * torch.rand(pages, 1, 1, 1) ** 2).repeat_interleave(each, 0)
    return x.pow(strength) * paleness


@torch.no_grad()
def share_right(network: torch.nn.Module, pages: list[Page]) -> tuple[float, float]:
    """Share of cells read rightly, upper and lower case counted alike: with the page in view, and each cell alone."""
    fold = torch.tensor([0] + [ord(c.upper()) for c in CHARACTERS])
    right = torch.zeros(2)
    asked = 0
    for page in pages:
        batch = batch_of([page])
        known = batch.labels != SEPARATOR
        answers = network(as_input(batch.pictures).contiguous(memory_format=torch.channels_last))
        for k, logits in enumerate(answers):
            right[k] += (fold[logits.argmax(1)[known]] == fold[batch.labels[known]]).sum()
        asked += int(known.sum())
    return tuple((right / max(1, asked)).tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the state and the exported network")
    parser.add_argument("--minutes", type=float, default=45, help="of processor time: others may be at work beside it")
    parser.add_argument("--batch", type=int, default=192, help="cells, at least")
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--export-minutes", type=float, default=8)
    parser.add_argument("--resume", type=Path, help="state file to go on from")
    parser.add_argument("--exact", action="store_true", help="float32 throughout: slower where the processor knows bfloat16")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    network = CellsNetwork()
    if arguments.resume:
        # A state of a network that saw less of the page begins with what it has.
        network.load_state_dict(torch.load(arguments.resume, map_location="cpu")["average"], strict=False)
    network = network.to(memory_format=torch.channels_last)
    average = Average(network, 0.998)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], arguments.rate)
    print(parameters_of(network), "parameters", flush=True)

    development = list(arguments.shards.glob("development-*.npz"))
    start = time.process_time()
    told = exported = time.monotonic()
    step, cells, losses = 0, 0, []
    network.train()
    for batch in Shards(arguments.shards, arguments.batch, arguments.seed):
        done = (time.process_time() - start) / 60 / arguments.minutes
        if done >= 1:
            break
        rate = arguments.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = varied(as_input(batch.pictures), batch.pages).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=not arguments.exact):
            together, alone = network(x, batch.pages)
        loss = sum(share * functional.cross_entropy(logits.float(), batch.labels, ignore_index=SEPARATOR, label_smoothing=0.05)
                   for share, logits in ((1.0, together), (0.4, alone)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(network)
        step, cells = step + 1, cells + len(batch.labels)
        losses.append(loss.item())
        now = time.monotonic()
        if now - told > 60:
            right = ""
            if development:
                right = share_right(average.network, pages_of(development[0])[:120])
            print(f"{done:.2f} step {step} cells {cells} loss {np.mean(losses):.3f} development {right}", flush=True)
            told, losses = time.monotonic(), []
        if now - exported > 60 * arguments.export_minutes:
            save(average, step, arguments.out)
            exported = now
        development = development or list(arguments.shards.glob("development-*.npz"))
    save(average, step, arguments.out)
    print("ended after", step, "steps", flush=True)


def save(average: Average, step: int, folder: Path) -> None:
    """The state to go on from, and the network as it stands."""
    torch.save({"average": average.network.state_dict(), "step": step}, folder / "cells.pt")
    export(average.network, folder)


if __name__ == "__main__":
    main()

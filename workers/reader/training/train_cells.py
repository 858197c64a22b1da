"""Trains the cells network from shards that `compose_cells.py` wrote, for a given time, and exports it as it goes."""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional

from averaging import Average
from export import export
from networks import CellsNetwork, parameters_of


class Shards:
    """Shuffled batches from all shards that exist so far; new ones are taken in between passes over a few."""

    AT_ONCE = 4

    def __init__(self, folder: Path, batch: int, seed: int):
        self.folder, self.batch, self.random = folder, batch, np.random.default_rng(seed)
        self.uses: dict[Path, int] = {}

    def __iter__(self):
        while True:
            paths = list(self.folder.glob("training-*.npz"))
            if not paths:
                time.sleep(2)
                continue
            # The least used first: with a composer at work every shard is new.
            chosen = sorted(paths, key=lambda p: (self.uses.get(p, 0), self.random.random()))[: self.AT_ONCE]
            loaded = [np.load(path) for path in chosen]
            pictures = np.concatenate([shard["pictures"] for shard in loaded])
            labels = np.concatenate([shard["labels"] for shard in loaded])
            for path in chosen:
                self.uses[path] = self.uses.get(path, 0) + 1
            order = self.random.permutation(len(labels))
            for start in range(0, len(order) - self.batch + 1, self.batch):
                part = order[start : start + self.batch]
                yield torch.from_numpy(pictures[part]), torch.from_numpy(labels[part]).long()


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [n, 32, 32], paper 255, to the network's input."""
    return pictures[:, None].float().div_(-255).add_(1)


def varied(x: torch.Tensor) -> torch.Tensor:
    """Small random turns, stretches and shifts, and another weight of ink."""
    n = x.shape[0]
    matrix = torch.eye(2, 3).repeat(n, 1, 1) + torch.randn(n, 2, 3) * torch.tensor([[0.05, 0.05, 0.05], [0.03, 0.05, 0.04]])
    x = functional.grid_sample(x, functional.affine_grid(matrix, x.shape, align_corners=False), align_corners=False)
    return x.clamp_(0, 1).pow(torch.exp(torch.randn(n, 1, 1, 1) * 0.25)) * (1 - 0.3 * torch.rand(n, 1, 1, 1) ** 2)


@torch.no_grad()
def share_right(network: torch.nn.Module, pictures: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Share of cells read rightly: cased, and with upper and lower case counted alike."""
    from alphabet import CHARACTERS

    fold = torch.tensor([0] + [ord(c.upper()) for c in CHARACTERS])
    best = torch.cat([network(as_input(part).contiguous(memory_format=torch.channels_last)).argmax(1) for part in pictures.split(500)])
    return (best == labels).float().mean().item(), (fold[best] == fold[labels]).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the state and the exported network")
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--export-minutes", type=float, default=8)
    parser.add_argument("--resume", type=Path, help="state file to go on from")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    network = CellsNetwork()
    if arguments.resume:
        network.load_state_dict(torch.load(arguments.resume, map_location="cpu")["average"])
    network = network.to(memory_format=torch.channels_last)
    average = Average(network, 0.998)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], arguments.rate)
    print(parameters_of(network), "parameters", flush=True)

    development = list(arguments.shards.glob("development-*.npz"))
    start = told = exported = time.monotonic()
    step, losses = 0, []
    network.train()
    for pictures, labels in Shards(arguments.shards, arguments.batch, arguments.seed):
        done = (time.monotonic() - start) / 60 / arguments.minutes
        if done >= 1:
            break
        rate = arguments.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = varied(as_input(pictures)).contiguous(memory_format=torch.channels_last)
        loss = functional.cross_entropy(network(x), labels, label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(network)
        step += 1
        losses.append(loss.item())
        now = time.monotonic()
        if now - told > 60:
            right = ""
            if development:
                shard = np.load(development[0])
                right = share_right(average.network, torch.from_numpy(shard["pictures"][:3000]), torch.from_numpy(shard["labels"][:3000]).long())
            print(f"{done:.2f} step {step} cells {step * arguments.batch} loss {np.mean(losses):.3f} development {right}", flush=True)
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

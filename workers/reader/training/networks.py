"""The two networks. Both share the shape of their trunk, so that a trained cells network starts a line network."""

import torch
from torch import nn

from alphabet import CHARACTERS, LINE_CHARACTERS

CHANNELS = (24, 56, 112)


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inward: int, outward: int, stride: tuple[int, int] = (1, 1)):
        super().__init__()
        self.first = nn.Conv2d(inward, outward, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outward)
        self.second = nn.Conv2d(outward, outward, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outward)
        same = inward == outward and stride == (1, 1)
        self.shortcut = None if same else nn.Conv2d(inward, outward, 1, stride, bias=False)
        self.shortcut_norm = None if same else nn.BatchNorm2d(outward)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first_norm(self.first(x)).relu()
        y = self.second_norm(self.second(y))
        return (y + (x if self.shortcut is None else self.shortcut_norm(self.shortcut(x)))).relu()


class Trunk(nn.Module):
    """[n, 1, h, w] to [n, 112, h/8, w/8], or w/4 with `last_across` 1."""

    def __init__(self, last_across: int):
        super().__init__()
        self.stem = nn.Conv2d(1, CHANNELS[0], 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(CHANNELS[0])
        self.fine = Residual(CHANNELS[0], CHANNELS[0])
        self.middle = Residual(CHANNELS[0], CHANNELS[1], (2, 2))
        self.coarse = Residual(CHANNELS[1], CHANNELS[2], (2, last_across))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.coarse(self.middle(self.fine(self.stem_norm(self.stem(x)).relu())))


class CellsNetwork(nn.Module):
    """The cells of one hand in writing order, [n, 1, 32, 32], to two logits [n, 83]: with the other cells in view, and
    each cell alone. An empty picture stands between two combs. 1.39 million parameters, 13 million multiplications a cell.

    The other cells are seen twice: a first LSTM reads along the comb; then each cell looks for those of the page that are
    shaped like it (is this 1 with a head like the hand's other 7s?), and a second LSTM reads along what was found.
    """

    NARROW, HIDDEN, HEADS = 128, 96, 4

    def __init__(self):
        super().__init__()
        classes = len(CHARACTERS) + 1
        self.trunk = Trunk(2)
        self.deeper = Residual(CHANNELS[2], CHANNELS[2])
        self.dropout = nn.Dropout(0.1)
        self.answer = nn.Linear(CHANNELS[2] * 16, classes)
        self.narrow = nn.Linear(CHANNELS[2] * 16, self.NARROW)
        self.context = nn.LSTM(self.NARROW, self.HIDDEN, batch_first=True, bidirectional=True)
        self.correction = nn.Linear(2 * self.HIDDEN, classes)
        self.asking = nn.Linear(self.NARROW + 2 * self.HIDDEN, 3 * self.NARROW)
        self.found = nn.Linear(2 * self.NARROW + 2 * self.HIDDEN, self.NARROW)
        self.again = nn.LSTM(self.NARROW, self.HIDDEN, batch_first=True, bidirectional=True)
        self.settling = nn.Linear(2 * self.HIDDEN, classes)
        # What the cells say alone is the beginning; each further view learns to correct the one before it.
        for last in (self.correction, self.settling):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        nn.init.zeros_(self.deeper.second_norm.weight)

    def forward(self, x: torch.Tensor, hands: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Equally many cells of each hand, one hand after the other; without `hands` all are of one."""
        features = self.dropout(self.deeper(self.trunk(x)).flatten(1))
        alone = self.answer(features)
        narrow = self.narrow(features).relu()
        narrow = narrow.unsqueeze(0) if hands is None else narrow.unflatten(0, (hands, -1))
        return alone + self.corrections(narrow).flatten(0, 1), alone

    def corrections(self, narrow: torch.Tensor) -> torch.Tensor:
        """[hands, cells, narrow] to what the other cells of each hand change in the logits, [hands, cells, 83]."""
        seen = self.dropout(self.context(narrow)[0])
        both = torch.cat([narrow, seen], 2)
        asked, offered, told = (self.by_head(part) for part in self.asking(both).chunk(3, 2))
        alike = asked @ offered.transpose(2, 3) * (self.NARROW // self.HEADS) ** -0.5
        like_it = (alike.softmax(3) @ told).transpose(1, 2).flatten(2)
        again = self.again(self.found(torch.cat([both, like_it], 2)).relu())[0]
        return self.correction(seen) + self.settling(self.dropout(again))

    def by_head(self, x: torch.Tensor) -> torch.Tensor:
        """[hands, cells, narrow] to [hands, heads, cells, narrow / heads]."""
        return x.unflatten(2, (self.HEADS, self.NARROW // self.HEADS)).transpose(1, 2)


class LineNetwork(nn.Module):
    """[n, 1, 40, w] to logits [n, w/4, 84]; class 0 is the CTC blank."""

    WIDE = 144

    def __init__(self, hidden: int = 112):
        super().__init__()
        self.trunk = Trunk(1)
        self.columns = nn.Conv2d(CHANNELS[2], self.WIDE, (5, 1), bias=False)
        self.columns_norm = nn.BatchNorm2d(self.WIDE)
        self.context = nn.LSTM(self.WIDE, hidden, batch_first=True, bidirectional=True)
        self.wider = nn.LSTM(2 * hidden, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.1)
        self.answer = nn.Linear(2 * hidden, len(LINE_CHARACTERS) + 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.columns_norm(self.columns(self.trunk(x))).relu().squeeze(2).transpose(1, 2)
        context = self.context(features)[0]
        context = context + self.wider(self.dropout(context))[0]
        return self.answer(self.dropout(context))


def parameters_of(network: nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in network.parameters())

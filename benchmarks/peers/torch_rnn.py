"""One trial the usual way: torch.nn.RNN, an optimizer, clip_grad_norm_, one process, no traces."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

LENGTH, BATCH, HIDDEN, UPDATES = 100, 20, 50, 100


def trial(seed: int, lr: float, threshold: float) -> float:
    """Train a 50-unit tanh network on temporal order and return its last loss."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network, readout = nn.RNN(6, HIDDEN, batch_first=True), nn.Linear(HIDDEN, 4)
    parameters = [*network.parameters(), *readout.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=lr)
    loss = torch.zeros(())
    for _ in range(UPDATES):
        inputs, targets = _minibatch(random)
        states, _ = network(inputs)
        loss = nn.functional.cross_entropy(readout(states[:, -1]), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, threshold)
        optimizer.step()
    return loss.item()


def _minibatch(random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    symbols = random.integers(0, 4, (BATCH, LENGTH))
    rows = np.arange(BATCH)
    relevant = random.integers(0, 2, (2, BATCH))
    symbols[rows, random.integers(LENGTH // 10, LENGTH // 5, BATCH)] = 4 + relevant[0]
    symbols[rows, random.integers(LENGTH // 2, 3 * LENGTH // 5, BATCH)] = 4 + relevant[1]
    return torch.eye(6)[torch.from_numpy(symbols)], torch.from_numpy(2 * relevant[0] + relevant[1])

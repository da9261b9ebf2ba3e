"""One trial the usual way: torch.nn.RNN, an optimizer, clip_grad_norm_, one process, no traces."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmarks.peers.setting import Setting

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def trial(setting: Setting, seed: int, lr: float, threshold: float) -> float:
    """Train a network on temporal order and return its last loss."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = CELLS[setting.cell](6, setting.hidden_size, batch_first=True)
    readout = nn.Linear(setting.hidden_size, 4)
    parameters = [*network.parameters(), *readout.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=lr)
    loss = torch.zeros(())
    for _ in range(setting.updates):
        inputs, targets = _minibatch(random, setting.batch_size, setting.length)
        states, _ = network(inputs)
        loss = nn.functional.cross_entropy(readout(states[:, -1]), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, threshold)
        optimizer.step()
    return loss.item()


def _minibatch(random: np.random.Generator, batch_size: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    symbols = random.integers(0, 4, (batch_size, length))
    rows = np.arange(batch_size)
    relevant = random.integers(0, 2, (2, batch_size))
    symbols[rows, random.integers(length // 10, length // 5, batch_size)] = 4 + relevant[0]
    symbols[rows, random.integers(length // 2, 3 * length // 5, batch_size)] = 4 + relevant[1]
    return torch.eye(6)[torch.from_numpy(symbols)], torch.from_numpy(2 * relevant[0] + relevant[1])

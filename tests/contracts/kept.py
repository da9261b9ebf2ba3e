"""What the examples of the documentation compute: their identities, and checksums of what the engine makes of them.

`python -m tests.contracts.kept` writes kept.json anew: only where a change of results is the purpose of a commit.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from ltd_core.engine import pack_for, weights
from ltd_core.lazy import llvm, torch
from ltd_core.spec import RunSpec, parse_spec
from services.sweeps.request import SweepRequest, expand

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
KEPT = Path(__file__).with_suffix(".json")
UPDATES = 40
OFTEN = {"every": 20, "sequences": 20}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def identity(path: Path) -> dict[str, Any]:
    spec = parse_spec(read(path))
    return {"digest": spec.digest, "shape_key": spec.shape_key}


def sweep_identity(path: Path) -> dict[str, Any]:
    cells = [spec for _, spec in expand(SweepRequest(**read(path)))]
    return {
        "runs": len(cells),
        "digests": checksum(*(spec.digest.encode() for spec in cells)),
        "shape_keys": checksum(*(spec.shape_key.encode() for spec in cells)),
    }


def shortened(path: Path) -> RunSpec:
    """Return an example as it is, a training cut to a few updates with everything that it traces."""
    spec = read(path)
    if spec.get("experiment", "training") == "training":
        spec["updates"] = min(UPDATES, spec.get("updates", UPDATES))
        spec["evaluation"] = spec.get("evaluation", {}) | OFTEN
        if "observation" in spec:
            spec["observation"] |= {"every": OFTEN["every"]}
    return parse_spec(spec)


def computed(spec: RunSpec) -> tuple[str, dict[str, list[float]]]:
    """Return a checksum of all trace blocks and the final weights, and a few numbers of each."""
    pack = pack_for(spec, 1)
    pack.load(0, spec)
    arrays: dict[str, list[np.ndarray]] = {}
    state = b""
    while reached := pack.advance().get(0):
        state = reached.state
        for block in reached.blocks:
            arrays.setdefault(block.name, []).append(block.values)
    whole = {name: np.concatenate(parts) for name, parts in arrays.items()}
    whole |= {f"weight.{name}": array for name, array in weights(state).items()}
    parts = [part for name, array in sorted(whole.items()) for part in (name.encode(), array.tobytes())]
    return checksum(*parts), {name: numbers(array) for name, array in whole.items()}


def numbers(array: np.ndarray) -> list[float]:
    """Return the mean of the first point, and the mean absolute value of all, over finite elements."""
    found = [part[np.isfinite(part)].astype(np.float64) for part in (array[:1], np.abs(array))]
    return [float(f"{part.mean():.9g}") if part.size else 0.0 for part in found]


def checksum(*parts: bytes) -> str:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(part)
    return made.hexdigest()


def processor() -> str:
    """Return what the bits of floats depend on: the target of the machine code, and the libraries."""
    features = checksum(llvm.get_host_cpu_features().flatten().encode())[:8]
    version = ".".join(str(part) for part in llvm.llvm_version_info)
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{llvm.get_host_cpu_name()} {features} {capability}, LLVM {version}, torch {torch.__version__}"


def made_anew() -> dict[str, Any]:
    runs = {}
    for path in sorted(EXAMPLES.glob("*.json")):
        check, found = computed(shortened(path))
        runs[path.stem] = identity(path) | {"checksum": check, "numbers": found}
    sweeps = {path.stem: sweep_identity(path) for path in sorted(EXAMPLES.glob("sweeps/*.json"))}
    return {"processor": processor(), "runs": runs, "sweeps": sweeps}


if __name__ == "__main__":
    KEPT.write_text(json.dumps(made_anew(), indent=1) + "\n", encoding="utf-8")

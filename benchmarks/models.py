"""Measure language with vision models, layer by layer, against a plain loop over pairs of layers.

``python benchmarks/models.py`` runs one batch of 750 images of noise through `compare_models` as
a process, then the published procedure as a loop: for each pair of layers both sides anew, in
float32, with PyTorch if it is installed and NumPy if not. The loop runs a few pairs of each pair
of models, and its time is multiplied. Then the time of all 14 language and 17 vision models on
all 73,000 images is projected from the time of a layer of each width. ``--quick`` only checks
that everything runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from children import apart, machine, measure, script, table

LANGUAGE = {"llm_pool-avg_prompt-coco": (33, 4096)}
VISION = {"vit_base_pool-cls": (12, 768), "vit_large_pool-cls": (24, 1024)}
"""Layers and widths: LLaMA-7B, and two vision transformers."""
QUICK = {"language": {"llm_pool-avg_prompt-coco": (3, 24)}, "vision": {"vit_pool-cls": (2, 16)}}
PUBLISHED = {
    # Width: layers of all models of that width.
    192: 12, 384: 24, 768: 60, 1024: 120 + 25, 1280: 96, 1536: 40 + 25, 2048: 25, 2304: 27,
    2560: 31, 3200: 27, 3584: 43, 4096: 31 + 4 * 33, 5120: 2 * 41,
}  # fmt: skip
N_LAYERS = {"language": 448, "vision": 352}
N_BATCHES, BATCH, TOPK = 98, 750, 10
MEMORY_MB = 4096


def make_data(folder: Path, models: dict[str, tuple[int, int]], n_images: int) -> None:
    """Write features that share a little, as float16, and the table of images."""
    import numpy as np
    import pyarrow as pa

    from repalign.models.features import write_features
    from repalign.tables.parquet import write_table

    rng = np.random.default_rng(0)
    shared = rng.standard_normal((n_images, 16), np.float32)
    for name, (n_layers, width) in models.items():
        layers = (
            (shared @ rng.standard_normal((16, width), np.float32)
             + 4 * rng.standard_normal((n_images, width), np.float32)).astype(np.float16)
            for _ in range(n_layers)
        )  # fmt: skip
        write_features(folder / f"{name}.h5", layers, np.arange(n_images), {})
    write_table(folder / "stimuli.parquet", pa.table({"nsd_id": np.arange(n_images)}), {})


def plain_loop(files: tuple[Path, Path], n_images: int, n_pairs: int) -> tuple[float, list]:
    """Compare pairs of layers one by one; processor seconds for one, and what they gave."""
    import h5py
    import numpy as np

    xp = array_module()
    sides = []
    for path in files:
        with h5py.File(path) as file:
            layers = [file["layers"][k][:n_images].astype(np.float32) for k in file["layers"]]
        limit = np.quantile(np.abs(np.stack(layers)), 0.95)
        layers = [np.clip(v, -limit, limit) for v in layers[:n_pairs]]
        sides.append([xp.load(v / np.linalg.norm(v, axis=1, keepdims=True)) for v in layers])
    start = time.process_time()
    found = [[rsa(xp, x, y), cka(xp, x, y), knn(xp, x, y)] for x, y in zip(*sides, strict=False)]
    return (time.process_time() - start) / len(found), found


class _NumPy:
    """The few operations of the loop."""

    name = "NumPy"

    def load(self, v):
        return v

    def upper(self, v):
        import numpy as np

        return v[np.triu_indices(len(v), 1)]

    def neighbours(self, gram):
        import numpy as np

        np.fill_diagonal(gram, -np.inf)
        return np.argsort(-gram, axis=1)[:, :TOPK]

    def zero_diagonal(self, v):
        import numpy as np

        np.fill_diagonal(v, 0)
        return v


class _Torch(_NumPy):
    name = "PyTorch"

    def __init__(self, torch):
        torch.set_num_threads(1)
        self.torch = torch

    def load(self, v):
        return self.torch.from_numpy(v)

    def upper(self, v):
        above = self.torch.triu_indices(len(v), len(v), 1)
        return v[above[0], above[1]]

    def neighbours(self, gram):
        return gram.fill_diagonal_(float("-inf")).topk(TOPK, dim=1).indices

    def zero_diagonal(self, v):
        return v.fill_diagonal_(0)


def array_module() -> _NumPy:
    try:
        import torch
    except ImportError:
        return _NumPy()
    return _Torch(torch)


def rsa(xp, x, y) -> float:
    vectors = []
    for v in (x, y):
        v = v - v.mean(1)[:, None]
        v = v / ((v**2).sum(1) ** 0.5)[:, None]
        distance = xp.upper(1 - v @ v.T)
        distance = distance - distance.mean()
        vectors.append(distance / ((distance**2).sum() ** 0.5))
    return float((vectors[0] * vectors[1]).sum())


def hsic(k, m):
    n = len(k)
    total = (k * m.T).sum() + k.sum() * m.sum() / ((n - 1) * (n - 2))
    return (total - 2 / (n - 2) * (k @ m).sum()) / (n * (n - 3))


def cka(xp, x, y) -> float:
    k, m = (xp.zero_diagonal(v @ v.T) for v in (x, y))
    return float(hsic(k, m) / ((hsic(k, k) * hsic(m, m)) ** 0.5 + 1e-6))


def knn(xp, x, y) -> float:
    near = [xp.neighbours(v @ v.T).tolist() for v in (x, y)]
    return sum(len({*a} & {*b}) / TOPK for a, b in zip(*near, strict=True)) / len(x)


def layer_seconds(widths: list[int], n_images: int, repeats: int) -> list[float]:
    """Processor time of the vectors of one layer of each width, reading left out."""
    import numpy as np

    from repalign.alignment.layers import LayerMaker

    class Noise:
        n_layers = repeats

        def __init__(self, width):
            self.dims = (width,) * repeats
            self.values = np.random.default_rng(0).standard_normal((n_images, width), np.float32)

        def rows(self, layer, ids):  # noqa: ARG002
            return self.values

    maker, ids, seconds = LayerMaker(topk=TOPK), np.arange(n_images), []
    for width in widths:
        out = maker.empty(repeats, n_images)
        start = time.process_time()
        maker.fill(Noise(width), ids, out)
        seconds.append((time.process_time() - start) / repeats)
    return seconds


def product_seconds(n_rows: tuple[int, int], n_images: int) -> float:
    """Processor time of the comparison of some layers with others."""
    import numpy as np

    from repalign.alignment.layers import LayerMaker

    rng, maker = np.random.default_rng(0), LayerMaker(topk=TOPK)
    sides = []
    for count in n_rows:
        vectors = maker.empty(count, n_images)
        for name, v in vectors.items():
            if name != "mutual_knn":
                v[:] = rng.standard_normal(v.shape, np.float32)
                continue
            for row in v:
                near = rng.integers(0, n_images, (n_images, TOPK))
                row[:] = (np.arange(n_images)[:, None] * n_images + np.sort(near)).ravel()
        sides.append(vectors)
    start = time.process_time()
    maker.compare(*sides)
    return time.process_time() - start


def ours(folder: Path, language: dict, vision: dict, n_images: int) -> list[str]:
    """Return the command of one batch."""
    command = script(
        "compare_models",
        stimuli=folder / "stimuli.parquet",
        batch_size=n_images,
        include_flattened=0,
        dataset="nsd",
        memory_mb=MEMORY_MB,
        part=0,
        n_parts=1,
        topk=TOPK,
        outlier_quantile=0.95,
        outlier_scope="batch",
        output=folder / "part.parquet",
    )
    several: dict[str, list] = {"metrics": ["rsa", "unbiased_cka", "mutual_knn"]}
    for side, models in (("language", language), ("vision", vision)):
        several[f"{side}-models"] = list(models)
        several[f"{side}-features"] = []
        several[f"supplied-{side}-features"] = [folder / f"{name}.h5" for name in models]
    for name, values in several.items():
        command += [f"--{name}", *map(str, values)]
    return command


def difference(path: Path, found: dict[tuple[str, str], list]) -> float:
    """Largest difference from the loop, over its pairs of layers."""
    import pandas as pd

    frame = pd.read_parquet(path)
    largest = 0.0
    for (language, vision), pairs in found.items():
        kept = (frame["model_language"] == language) & (frame["model_vision"] == vision)
        own = frame[kept & (frame["batch"] == 0)]
        grid = own.set_index(["layer_language", "layer_vision", "metric"])["score"]
        for k, values in enumerate(pairs):
            theirs = dict(zip(("rsa", "unbiased_cka", "mutual_knn"), values, strict=True))
            largest = max(largest, *(abs(grid[k, k, m] - v) for m, v in theirs.items()))
    return largest


def loop_name() -> str:
    return array_module().name


def run(folder: Path, quick: bool, print_row: Callable[..., None]) -> None:
    language, vision = (QUICK["language"], QUICK["vision"]) if quick else (LANGUAGE, VISION)
    n_images, n_pairs = (40, 2) if quick else (BATCH, 6)
    apart(make_data, folder, language | vision, n_images)
    usage = measure(ours(folder, language, vision, n_images))
    sizes = ", ".join(f"{n} x {d}" for n, d in (language | vision).values())
    print_row(f"compare_models, one batch: {sizes}", usage.cpu, usage.wall, usage.peak_mib)

    seconds, found = 0.0, {}
    for x, (n_x, _) in language.items():
        for y, (n_y, _) in vision.items():
            files = (folder / f"{x}.h5", folder / f"{y}.h5")
            each, found[x, y] = apart(plain_loop, files, n_images, n_pairs)
            print_row(f"a pair of layers in the loop ({apart(loop_name)}): {x} x {y}", each)
            seconds += each * n_x * n_y
    print_row("the whole loop, projected", seconds)
    print_row("times faster", seconds / usage.cpu)
    most = apart(difference, folder / "part.parquet", found)
    print(f"\nLargest difference: {most:.1e}\n", flush=True)

    widths = [16, 24] if quick else sorted(PUBLISHED)
    layer = apart(layer_seconds, widths, n_images, 2)
    for width, each in zip(widths, layer, strict=True):
        print_row(f"vectors of a layer of {width}", each)
    held = 8 if quick else N_LAYERS["vision"]
    passing = 4 if quick else N_LAYERS["language"] // 14
    product = apart(product_seconds, (passing, held), n_images)
    print_row(f"products of {passing} x {held} layers", product)
    vectors = sum(s * PUBLISHED.get(w, 1) for w, s in zip(widths, layer, strict=True))
    total = N_BATCHES * (vectors + 14 * product)
    print_row("projected: 31 models, 98 batches, hours", total / 3600)
    # What one part a language model would cost: the vision models anew for each.
    of_vision = {192: 12, 384: 24, 768: 60, 1024: 120, 1280: 96, 1536: 40}
    again = sum(s * of_vision.get(w, 0) for w, s in zip(widths, layer, strict=True))
    print_row("the same in parts by language model, hours", (total + 13 * 98 * again) / 3600)


HEADER = ["what", "processor s", "s", "peak MiB"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where temporary data go (1 GB free)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    options = parser.parse_args()
    print(f"{machine()}\n\n{table(HEADER, [])}", flush=True)

    def print_row(name: str, *numbers: float) -> None:
        cells = [f"{n:,.0f}" if n >= 100 else f"{n:.3g}" for n in numbers]
        cells = [name, *cells, *[""] * (3 - len(cells))]
        print(table(cells, []).splitlines()[0], flush=True)

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        run(Path(folder), options.quick, print_row)


if __name__ == "__main__":
    main()

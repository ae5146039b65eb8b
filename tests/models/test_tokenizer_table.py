"""From captions and responses to the published table, script by script, against pandas and SciPy.

Region 1 of both hemispheres responds to how often captions hold words; regions 2 to nothing.
"""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import json
from collections import Counter
from functools import cache
from itertools import product
from pathlib import Path

import nltk
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.spatial.distance import pdist

from repalign.datasets.response_folder import region_file
from repalign.errors import RepalignError

from .tiny_tokenizers import save_bpe

ROOT = Path(__file__).parents[2]
STOP_WORDS = ROOT / "resources/stop_words_english.txt"
N_SHARED, N_IMAGES = 40, 46
CLIP = 0.003
WORDS = ["words", "stems", "words_clean", "stems_clean"]
NAMES = [*WORDS, "tiny/one"]
OF_WORDS = {
    "stimuli": "stimuli.parquet", "captions": "captions.csv", "words": "words",
    "stop_words": STOP_WORDS,
}  # fmt: skip
SCORES = ["jaccard_score", "correlation_score", "correlation_freq_score"]


def make_captions() -> list[str]:
    """Captions of a small vocabulary; that of image 5 is empty."""
    rng = np.random.default_rng(0)
    things = ["dog", "dogs", "surfboard", "pizza", "train", "giraffe", "umbrella", "bench"]
    verbs = ["running", "stands", "sits", "is", "was"]
    places = ["on the beach", "in his kitchen", "by a river", "near this street", "of it"]
    texts = []
    for _ in range(N_IMAGES):
        thing, other = rng.choice(things, 2)
        texts.append(f"A {thing}, {rng.choice(verbs)} {rng.choice(places)} with a {other}.")
    texts[5] = ""
    return texts


class Folder:
    """A prepared dataset of two subjects, and its scripts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.captions = make_captions()
        self.write_captions(range(N_IMAGES))
        self.write_tables()
        self.write_responses()
        self.model = save_bpe(root / "tiny", self.captions)

    def write_captions(self, order) -> None:
        rows = [(k, 900 - k, "val2017", f"{self.captions[k]};another one") for k in order]
        with (self.root / "captions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("nsd_id", "coco_id", "cocoSplit", "captions"), *rows])

    def write_tables(self) -> None:
        """Subject 1 saw every shared image three times, subject 2 the first trials of it."""
        rng = np.random.default_rng(1)
        order = rng.permutation(np.repeat(np.arange(N_SHARED + 3), 3))
        frames = []
        for subject, n in ((1, len(order)), (2, 60)):
            stimulus = order[:n]
            shared = stimulus < N_SHARED
            frame = pd.DataFrame({"subject": subject, "trial": np.arange(n), "session": 1})
            frame["stimulus"], frame["shared"] = stimulus, shared
            frame["repetition"] = frame.groupby("stimulus").cumcount()
            frames.append(frame)
        self.trials = pd.concat(frames, ignore_index=True)
        self.trials.to_parquet(self.root / "trials.parquet")
        pd.DataFrame({"stimulus": np.arange(N_IMAGES)}).to_parquet(self.root / "stimuli.parquet")
        regions = [
            (1, "V1", "lh", 1),
            (2, "MST", "lh", 2),
            (181, "V1", "rh", 1),
            (182, "MST", "rh", 2),
        ]
        frame = pd.DataFrame(regions, columns=["roi", "name", "hemisphere", "area"])
        frame.to_csv(self.root / "regions.tsv", sep="\t", index=False)

    def write_responses(self) -> None:
        rng = np.random.default_rng(2)
        bags = [
            Counter(text.lower().replace(",", " ").replace(".", " ").split())
            for text in self.captions
        ]
        vocabulary = sorted({word for bag in bags for word in bag})
        counts = np.array([[bag[word] for word in vocabulary] for bag in bags])
        mixing = {roi: rng.normal(size=(len(vocabulary), 30)) for roi in (1, 181)}
        for subject, own in self.trials.groupby("subject"):
            folder = self.root / f"responses/{subject}"
            folder.mkdir(parents=True)
            for roi in (1, 2, 181, 182):
                noise = rng.standard_t(4, (len(own), 30))
                signal = counts[own["stimulus"]] @ mixing[roi] if roi in mixing else 0
                np.save(folder / region_file(roi), (300 * (2 * signal + noise)).astype(np.int16))

    def run(self, script: str, output: str, **options) -> None:
        """Run a script of the workflow, here."""
        place = ROOT / f"workflow/scripts/{script}.py"
        spec = importlib.util.spec_from_file_location(script, place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        words = ["--output", output]
        for name, value in options.items():
            words.append("--" + name.replace("_", "-"))
            words += [str(v) for v in (value if isinstance(value, list) else [value])]
        with contextlib.chdir(self.root):
            module.main(module.parser().parse_args(words))

    def tokenize(self, prefix: str = "", share: float = 0.1) -> list[str]:
        """Make the tables of tokens."""
        texts = {
            "stimuli": "stimuli.parquet",
            "captions": "captions.csv",
            "max_empty_share": share,
        }
        for name in WORDS:
            self.run("split_captions", f"{prefix}{name}.parquet", **texts, words=name,
                     stop_words=STOP_WORDS)  # fmt: skip
        files = sorted(self.model.glob("*.json"))
        self.run("tokenize_captions", f"{prefix}tiny_one.parquet", **texts, model="tiny/one",
                 hub_id="", revision="", tokenizer_files=files)  # fmt: skip
        return [f"{prefix}{name}.parquet" for name in [*WORDS, "tiny_one"]]

    def compare(
        self, tokens: list[str], hemispheres="joined", mode="mean", drop=0
    ) -> pd.DataFrame:
        """Make the published table."""
        common = {"repetitions": 3, "min_trials": 3, "drop_same_image_pairs": drop}
        parts = []
        for subject in (1, 2):
            name = f"{hemispheres}-{mode}-{drop}-{subject}"
            self.run("compute_image_rdms", f"rdms-{name}", **common, subject=subject,
                     trials="trials.parquet", regions="regions.tsv", hemispheres=hemispheres,
                     clip_quantile=CLIP, memory_mb=512, trial_mode=mode,
                     responses=f"responses/{subject}")  # fmt: skip
            self.run("compare_tokenizers", f"{name}.parquet", **common, subject=subject,
                     rdms=f"rdms-{name}", tokens=tokens, tokenizers=NAMES)  # fmt: skip
            parts.append(f"{name}.parquet")
        self.run("join_rsa_tokenizers", "table.parquet", regions="regions.tsv", subjects=[1, 2],
                 hemispheres=hemispheres, parts=parts, tokenizers=NAMES,
                 same_tokens="same.tsv")  # fmt: skip
        return pq.read_table(self.root / "table.parquet").to_pandas()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    return Folder(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def tokens(folder) -> list[str]:
    return folder.tokenize()


@pytest.fixture(scope="module")
def table(folder, tokens) -> pd.DataFrame:
    return folder.compare(tokens)


@cache
def expected_tokens(folder: Folder, name: str) -> list[list[str]]:
    """Tokens, by NLTK and transformers alone."""
    if name == "tiny/one":
        from transformers import PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder.model)
        return [tokenizer.tokenize(text) for text in folder.captions]
    stop = {*STOP_WORDS.read_text().split(), "'s"}
    stem = nltk.PorterStemmer().stem if "stems" in name else str
    found = []
    for text in folder.captions:
        plain = text.lower().replace(".", " ").replace(",", " ").strip()
        made = [stem(word) for word in nltk.TreebankWordTokenizer().tokenize(plain)]
        found.append([token for token in made if not (name.endswith("clean") and token in stop)])
    return found


@cache
def expected_brain(folder: Folder, subject: int, rois, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and the RDM of a region's patterns, in float64."""
    own = folder.trials[(folder.trials["subject"] == subject) & folder.trials["shared"]]
    own = own.sort_values(["stimulus", "repetition"])
    if mode == "first":
        own = own.groupby("stimulus", as_index=False).first()
    raw = [np.load(folder.root / f"responses/{subject}/{region_file(roi)}") for roi in rois]
    patterns = np.hstack(raw)[own["trial"]].astype(float)
    patterns = np.clip(patterns, *np.quantile(patterns, [CLIP, 1 - CLIP]))
    stimuli = own["stimulus"].to_numpy()
    if mode == "mean":
        patterns = pd.DataFrame(patterns).groupby(stimuli).mean().to_numpy()
        stimuli = np.unique(stimuli)
    return stimuli, pdist(patterns, "correlation")


@cache
def expected_rdms(folder: Folder, subject: int, name: str, mode: str) -> list[np.ndarray]:
    """The three token RDMs of the images of a subject, in float64."""
    stimuli, _ = expected_brain(folder, subject, (1, 181), mode)
    bags = [Counter(expected_tokens(folder, name)[k]) for k in stimuli]
    vocabulary = sorted({token for bag in bags for token in bag})
    counts = np.array([[bag[token] for token in vocabulary] for bag in bags], dtype=float)
    assert [bool(bag) for bag in bags] == (stimuli != 5).tolist(), "one caption is empty"
    return [
        np.nan_to_num(pdist(counts > 0, "jaccard"), nan=0.0),
        np.nan_to_num(pdist((counts > 0).astype(float), "correlation"), nan=1.0),
        np.nan_to_num(pdist(counts, "correlation"), nan=1.0),
    ]


def expected_scores(
    folder: Folder, subject: int, rois: tuple[int, ...], name: str, mode: str, drop: int
) -> list[float]:
    """The three scores, written out in float64."""
    stimuli, brain = expected_brain(folder, subject, rois, mode)
    keep = np.array([a != b or not drop for k, a in enumerate(stimuli) for b in stimuli[k + 1 :]])
    rdms = expected_rdms(folder, subject, name, mode)
    return [float(np.corrcoef(brain[keep], rdm[keep])[0, 1]) for rdm in rdms]


def check_scores(folder, table, mode="mean", drop=0, joined=True):
    for row in table.itertuples():
        rois = (row.roi, row.roi + 180) if joined else (row.roi,)
        wanted = expected_scores(folder, row.subject, rois, row.tokenizer, mode, drop)
        found = [getattr(row, name) for name in SCORES]
        np.testing.assert_allclose(found, wanted, atol=2e-6, err_msg=str(row))


def test_the_columns_types_and_order_of_rows(table):
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        "subject": "uint8", "session": "category", "roi": "uint16", "tokenizer": "category",
        "metric": "category", **dict.fromkeys(SCORES, "float32"), "n_stimuli": "uint16",
    }  # fmt: skip
    keys = list(zip(table["subject"], table["roi"], table["tokenizer"], strict=True))
    assert keys == list(product([1, 2], [1, 2], NAMES))
    assert set(table["session"]) == {"shared"}
    assert set(table["metric"]) == {"rsa"}


def test_images_seen_at_least_once_take_part(folder, table):
    seen = folder.trials[folder.trials["shared"]].groupby("subject")["stimulus"].nunique()
    assert table.groupby("subject")["n_stimuli"].unique().map(list).to_dict() == {
        1: [N_SHARED], 2: [seen[2]],
    }  # fmt: skip
    assert seen[2] < N_SHARED


def test_every_score_is_that_of_pandas_and_scipy(folder, table):
    check_scores(folder, table)


def test_what_was_planted_is_found_and_nothing_else(table):
    words = table[(table["tokenizer"] == "words") & (table["subject"] == 1)].set_index("roi")
    assert words.loc[1, "correlation_freq_score"] > 0.7
    assert abs(words.loc[2, SCORES].astype(float)).max() < 0.15


@pytest.mark.parametrize(("mode", "drop"), [("first", 0), ("all", 0), ("all", 1)])
def test_other_trials(folder, tokens, mode, drop):
    table = folder.compare(tokens, mode=mode, drop=drop)
    check_scores(folder, table, mode, drop)
    assert set(table[table["subject"] == 1]["n_stimuli"]) == {N_SHARED}


def test_hemispheres_apart(folder, tokens):
    table = folder.compare(tokens, "separated")
    assert table["roi"].unique().tolist() == [1, 2, 181, 182]
    check_scores(folder, table, joined=False)


def test_captions_in_another_order_give_the_same_tokens(folder, tokens):
    before = [pq.read_table(folder.root / path) for path in tokens]
    folder.write_captions(np.random.default_rng(0).permutation(N_IMAGES))
    try:
        again = [pq.read_table(folder.root / path) for path in folder.tokenize("again-")]
    finally:
        folder.write_captions(range(N_IMAGES))
    for one, other in zip(before, again, strict=True):
        assert one.equals(other)


def test_captions_of_other_images_are_refused(folder):
    folder.write_captions(range(1, N_IMAGES))
    try:
        with pytest.raises(RepalignError, match="no row for 1 of 46 stimuli"):
            folder.run("split_captions", "x.parquet", **OF_WORDS, max_empty_share=1)
    finally:
        folder.write_captions(range(N_IMAGES))
    assert not (folder.root / "x.parquet").exists()


def test_too_many_empty_captions_are_refused(folder):
    with pytest.raises(RepalignError, match=r"captions\.max_empty_share"):
        folder.run("split_captions", "x.parquet", **OF_WORDS, max_empty_share=0.01)


def test_who_shares_a_tokenizer_is_checked_and_listed(folder, tokens):
    texts = {"stimuli": "stimuli.parquet", "captions": "captions.csv", "max_empty_share": 0.1}
    sides = {"tokenizers": ["tiny/one"], "models": ["tiny/two"], "own": tokens[-1]}
    folder.run("check_tokenizers", "same.tsv", **texts, **sides, others=tokens[-1])
    text = (folder.root / "same.tsv").read_text()
    assert text == "model\ttokenizer\tn_captions\ntiny/two\ttiny/one\t46\n"
    with pytest.raises(RepalignError) as caught:
        folder.run("check_tokenizers", "x.tsv", **texts, **sides, others=tokens[0])
    assert caught.value.found.startswith(f"image 0, {folder.captions[0]!r}: tokens")


def test_a_table_says_what_it_was_made_with(folder, tokens):
    record = json.loads(pq.read_schema(folder.root / tokens[0]).metadata[b"repalign"])
    assert record["versions"]["nltk"] == nltk.__version__
    record = json.loads(pq.read_schema(folder.root / tokens[-1]).metadata[b"repalign"])
    assert "transformers" in record["versions"]

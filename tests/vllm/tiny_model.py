"""Makes a tiny model of Qwen2.5's architecture with random weights, and a LoRA adapter for it.

Run it in the environment that `environment.sh` makes:

    python tests/vllm/tiny_model.py model FOLDER
    python tests/vllm/tiny_model.py adapter FOLDER

The same seed gives the same bytes. The model writes word salad: it stands in for Qwen2.5 wherever what
counts is the way to the model and back, not what it says.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SYSTEM_PROMPT = "You are a tiny test model. Nobody gave you a system prompt."
# As Qwen2.5's: a first message that is no system message gets the default in front of it.
CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}"
    "<|im_start|>system\n" + DEFAULT_SYSTEM_PROMPT + "<|im_end|>\n"
    "{% endif %}"
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PAD, _, END = range(3)
VOCABULARY = 1024
# A head dimension under 32 is refused by vLLM.
SIZES = {
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    # Twice the protocol's 2048, so that a server which was told to keep to 2048 can be told from one
    # which was not.
    "max_position_embeddings": 4096,
}
# What Qwen2.5-7B-Instruct ships in generation_config.json. A server applies these to every request
# that does not say otherwise, unless it is started with --generation-config vllm.
SHIPPED_SAMPLING = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05}
SPREAD = 0.1
BIAS = 8.0
RANK = 8


def make_model(folder: Path, seed: int = 0) -> None:
    """Write model, tokenizer, chat template and generation config into a folder.

    Args:
        folder: Where to; made if missing.
        seed: Of the weights.
    """
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        initializer_range=SPREAD,
        tie_word_embeddings=False,
        pad_token_id=PAD,
        eos_token_id=END,
        **SIZES,
    )
    model = Qwen2ForCausalLM(config)
    lean_towards_words(model, tokenizer)
    model.generation_config = GenerationConfig(
        do_sample=True, pad_token_id=PAD, eos_token_id=[END, PAD], **SHIPPED_SAMPLING
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer on the suite's own panel and prompts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = [ROOT / "datasets" / "panels" / "open52.jsonl", ROOT / "datasets" / "conditions.yaml"]
    tokenizer.train_from_iterator(
        [line for text in texts for line in text.read_text("utf-8").splitlines()], trainer
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=SPECIAL[END],
        pad_token=SPECIAL[PAD],
        additional_special_tokens=SPECIAL[1:],
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def lean_towards_words(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Make stray bytes and control tokens rare, and an end come once in a few hundred tokens.

    Qwen2's output layer has no bias, so a hidden dimension that nothing but the embedding writes to is
    made to serve as one.
    """
    wordy = torch.full((len(tokenizer),), -1.0)
    for token, number in tokenizer.get_vocab().items():
        text = token.replace("Ġ", "")
        if len(text) > 1 and text.isalpha() and text.isascii():
            wordy[number] = 0.0
    wordy[END] = 0.0
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 1.0
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[0] = 0.0
            layer.mlp.down_proj.weight[0] = 0.0
        model.lm_head.weight[:, 0] = BIAS * wordy


def make_adapter(folder: Path, seed: int = 1) -> None:
    """Write a LoRA adapter for the tiny model, as PEFT lays it out.

    Args:
        folder: Where to; made if missing.
        seed: Of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    hidden, heads = SIZES["hidden_size"], SIZES["num_attention_heads"]
    widths = {"q_proj": hidden, "v_proj": hidden // heads * SIZES["num_key_value_heads"]}
    weights = {}
    for layer in range(SIZES["num_hidden_layers"]):
        for name, width in widths.items():
            stem = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{stem}.lora_A.weight"] = torch.randn(RANK, hidden) * SPREAD
            weights[f"{stem}.lora_B.weight"] = torch.randn(width, RANK) * SPREAD
    save_file(weights, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(widths),
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def main() -> None:
    """Make what the command line names."""
    makers = {"model": make_model, "adapter": make_adapter}
    if len(sys.argv) != 3 or sys.argv[1] not in makers:
        sys.exit(f"usage: tiny_model.py {'|'.join(makers)} FOLDER")
    makers[sys.argv[1]](Path(sys.argv[2]))


if __name__ == "__main__":
    main()

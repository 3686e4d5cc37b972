"""Small real models and data for tests: saved as folders, loaded like any other base."""

import json
from pathlib import Path

from json_rows import rows_of
from mothertongue.finetune import base
from mothertongue.finetune.base import train_tokenizer

ROOT = Path(__file__).resolve().parents[2]


def texts_of(rows):
    """Texts of rows (JSON objects), as a base is trained on them."""
    return base.texts_of(rows_of(rows))


def demo_rows(language: str = "en", count: int | None = None) -> list[dict]:
    """Rows of the demo data in the dataset contract."""
    path = ROOT / "tests/support/small/resources" / "demo" / "aya" / f"{language}.jsonl"
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[:count]):
        row = json.loads(line)
        rows.append(
            {
                "id": f"{language}-{number:03d}",
                "language": language,
                "instruction": row["inputs"],
                "output": row["targets"],
                "origin": {"dataset": "demo"},
            }
        )
    return rows


def model_config(kind: str, vocabulary: int, end: int, **changes):
    """The configuration of a tiny model of a kind (an architecture of transformers)."""
    import transformers as t

    common = {
        "vocab_size": vocabulary,
        "bos_token_id": None,
        "eos_token_id": end,
        "pad_token_id": end,
        "tie_word_embeddings": True,
    }
    separate = {
        **common,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
    }
    fused = {k: v for k, v in separate.items() if k != "num_key_value_heads"}
    match kind:
        case "llama":
            return t.LlamaConfig(**{**separate, **changes})
        case "gemma":
            return t.GemmaConfig(**{**separate, "head_dim": 16, **changes})
        case "gemma2":
            return t.Gemma2Config(**{**separate, "head_dim": 16, "sliding_window": 64, **changes})
        case "qwen2":
            return t.Qwen2Config(**{**separate, **changes})
        case "phi3":
            return t.Phi3Config(**{**separate, **changes})
        case "gpt-neox":
            return t.GPTNeoXConfig(**{**fused, **changes})
        case "gpt2":
            small = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}
            return t.GPT2Config(**{**common, **small, **changes})
        case "bloom":
            return t.BloomConfig(**{**common, "hidden_size": 64, "n_layer": 2, "n_head": 4})
        case "mamba":
            return t.MambaConfig(**{**common, "hidden_size": 64, "num_hidden_layers": 2})
    raise ValueError(kind)


def save_model(
    folder: Path,
    kind: str = "llama",
    *,
    vocabulary: int = 600,
    texts: list[str] | None = None,
    **changes,
) -> Path:
    """Save a random tiny model of a kind with a tokenizer trained on texts, or the English demo rows."""
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = train_tokenizer(texts or texts_of(demo_rows()), vocabulary)
    torch.manual_seed(5)
    config = model_config(kind, len(tokenizer) + 8, tokenizer.eos_token_id, **changes)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_adapter(base: Path, folder: Path, seed: int = 0) -> Path:
    """Save a random LoRA adapter (that changes much) for a saved model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), lora).save_pretrained(folder)
    return folder

"""A tiny model and questions for tests of answers."""

import pytest

QUESTIONS = [
    {"id": "q1", "prompt": "¿Qué es una tortilla?", "reference": "Un plato de huevos y patatas."},
    {"id": "q2", "prompt": "北京的秋天怎么样？"},
    {"id": "q3", "prompt": "Почему небо голубое? " * 6},
    {"id": "q4", "prompt": "Escribe una carta.\n\nQue sea breve."},
    {"id": "q5", "prompt": "a " * 400},
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random two-layer Llama with a byte-level tokenizer, and a LoRA adapter for it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([q["prompt"] for q in QUESTIONS], trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>")
    wrapped.save_pretrained(folder / "base")
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        eos_token_id=0,
        bos_token_id=0,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder / "base")
    lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder / "adapter")
    return folder

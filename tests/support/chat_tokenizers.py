"""Tokenizers of six kinds with chat templates in the form that their families use."""

import json

from tiny_models import demo_rows, texts_of

CHATML = (  # Qwen: earlier thinking is stripped, an empty thought stands before the last answer
    "{%- set ns = namespace(last=-1) %}"
    "{%- for m in messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}"
    "{%- for m in messages %}"
    "{%- set content = m.content %}"
    "{%- if m.role == 'assistant' and '</think>' in content and loop.index0 < ns.last %}"
    "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}"
    "{{- '<|im_start|>' + m.role + '\\n' }}"
    "{%- if m.role == 'assistant' and loop.index0 > ns.last and '</think>' not in content %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{{- content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)
HEADERS = (  # Llama 3: begins with the text's first token itself
    "{{- bos_token }}{%- for m in messages %}"
    "{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + (m.content | trim) + '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)
INST = (  # Llama 2, Mistral: the system message inside the first instruction, a new text per exchange
    "{%- set ns = namespace(system='') %}{%- for m in messages %}"
    "{%- if m.role == 'system' %}{%- set ns.system = '<<SYS>>\\n' + m.content + '\\n<</SYS>>\\n\\n' %}"
    "{%- elif m.role == 'user' %}{{- bos_token + '[INST] ' + ns.system + m.content.strip() + ' [/INST]' }}"
    "{%- set ns.system = '' %}"
    "{%- else %}{{- ' ' + m.content.strip() + ' ' + eos_token }}{%- endif %}{%- endfor %}"
)
TURNS = (  # Gemma: no system message
    "{{- bos_token }}{%- if messages[0].role == 'system' %}{{- raise_exception('System role not supported') }}{%- endif %}"
    "{%- for m in messages %}{%- set role = 'model' if m.role == 'assistant' else m.role %}"
    "{{- '<start_of_turn>' + role + '\\n' + (m.content | trim) + '<end_of_turn>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{%- endif %}"
)
PIPES = (  # Zephyr: roles in plain characters, every message ends with the end token
    "{%- for m in messages %}{{- '<|' + m.role + '|>\\n' + m.content + eos_token + '\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>\\n' }}{%- endif %}"
)


def byte_level(template, *, special, bos=None, eos, pad=None, adds_bos=False):
    """Byte-level BPE, as GPT-2, Llama 3 and Qwen have it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=list(special), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    made.train_from_iterator(texts_of(demo_rows()), trainer)
    if adds_bos:
        made.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, made.token_to_id(bos))]
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=bos, eos_token=eos, pad_token=pad
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [s for s in special if s not in (bos, eos, pad)]}
    )
    tokenizer.chat_template = template
    return tokenizer


def unigram(template):
    """A Unigram vocabulary with `▁` for spaces, as T5 and XGLM have it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False,
        initial_alphabet=sorted(set("".join(texts_of(demo_rows())) + "<|>\n¿¡éáíóúñÉ")),
    )  # fmt: skip
    made.train_from_iterator([*texts_of(demo_rows()), "<|user|> <|assistant|> <|system|>"], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
    )
    tokenizer.chat_template = template
    return tokenizer


def llama_2(folder, template):
    """SentencePiece BPE with byte fallback, read as Llama 2's class, which puts `<s>` before a text."""
    from tokenizers_made import sentence_piece
    from transformers import AutoTokenizer

    sentence_piece(folder, "LlamaTokenizer", add_bos_token=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = template
    tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def tokenizers(folder):
    """Name -> tokenizer."""
    headers = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
    turns = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<pad>")
    return {
        "qwen": byte_level(
            CHATML, special=("<|endoftext|>", "<|im_start|>", "<|im_end|>"), eos="<|im_end|>",
            pad="<|endoftext|>",
        ),
        "llama-3": byte_level(
            HEADERS, special=headers, bos=headers[0], eos="<|eot_id|>", pad="<|eot_id|>", adds_bos=True
        ),
        "llama-2": llama_2(folder / "llama-2", INST),
        "gemma": byte_level(
            TURNS, special=turns, bos="<bos>", eos="<eos>", pad="<pad>", adds_bos=True
        ),
        "gpt-2": byte_level(None, special=("<|endoftext|>",), eos="<|endoftext|>"),
        "zephyr": unigram(PIPES),
    }  # fmt: skip


def saved(tokenizer, folder):
    """A tokenizer in a model's folder."""
    tokenizer.save_pretrained(folder)
    json.loads((folder / "tokenizer_config.json").read_text())
    return folder

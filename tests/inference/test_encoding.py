"""Text to tokens: what is trained, scored, answered and measured has the same tokens.

Tokenizers are real ones of each kind, trained here on the demo's rows.
"""

from pathlib import Path

import pytest
from json_rows import rows_of
from mothertongue.errors import InputError
from mothertongue.inference.encoding import Encoder, end_tokens, limit_to_embedding
from mothertongue.inference.models import load_tokenizer
from mothertongue.inference.templates import render_prompt
from tiny_models import demo_rows, texts_of
from tokenizers_made import sentence_piece

ROWS = [
    {**row, "instruction": instruction, "output": output}
    for row, (instruction, output) in zip(
        demo_rows(count=6),
        [
            ("What does </s> mean?", "The sign </s> ends a text, as <|im_end|> does."),
            ("Write <s>, </s> and <|end|> in a row.", "</s>"),
            ("  Greet the reader.\n", "\n\nGood morning to you!\n"),
            ("Count: 1, 2", "3, 4"),
            ("¿Qué?", "<|im_start|>Nada<|im_end|>"),
            ("Space", "  indented\n\n    code"),
        ],
    )
]


def byte_level(folder: Path, *, single: str = "$A", special: tuple[str, ...] = ("<s>", "</s>")):
    """A byte-level tokenizer whose template puts `single` around a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = (*special, "<|im_start|>", "<|im_end|>")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts_of(demo_rows()), trainer)
    if single != "$A":
        numbers = [(name, tokenizer.token_to_id(name)) for name in special]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, special_tokens=numbers
        )
    names = {"bos_token": "<s>", "eos_token": "</s>"} if "<s>" in special else {}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{"eos_token": "</s>", **names}
    ).save_pretrained(folder)
    return folder


def unruly(folder: Path):
    """A tokenizer that takes the text `</s>` for its end token, whatever it is asked."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("<s>", 0.0), ("▁", -2.0)]
    letters = sorted({c for row in ROWS for c in row["instruction"] + row["output"]} | set("\n:#."))
    letters = sorted(set(letters) | {c for c in render_prompt("") if not c.isspace()})
    pieces += [(c, -5.0) for c in letters if not c.isspace()] + [("\n", -5.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", bos_token="<s>", unk_token="<unk>"
    ).save_pretrained(folder)
    return folder


KINDS = {
    "byte-level": byte_level,
    "adds bos": lambda folder: byte_level(folder, single="<s> $A"),
    "adds eos": lambda folder: byte_level(folder, single="$A </s>"),
    "adds both": lambda folder: byte_level(folder, single="<s> $A </s>"),
    "no bos, adds eos": lambda folder: byte_level(folder, single="$A </s>", special=("</s>",)),
    "template of several": lambda folder: byte_level(folder, single="<|im_start|> <s> $A </s>"),
    "bos is eos": lambda folder: byte_level(folder, single="</s> $A", special=("</s>",)),
    "Llama": lambda folder: sentence_piece(folder, "LlamaTokenizer", add_bos_token=True),
    "Llama, adds eos": lambda folder: sentence_piece(
        folder, "LlamaTokenizer", add_bos_token=True, add_eos_token=True
    ),
    "Llama, Unigram": lambda folder: sentence_piece(folder, "LlamaTokenizer", "unigram"),
    "Gemma": lambda folder: sentence_piece(folder, "GemmaTokenizer"),
    "slow": lambda folder: sentence_piece(folder, "GPTSw3Tokenizer"),
    "unruly": unruly,
}


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    """Kind -> its tokenizer, loaded as a base's is."""
    root = tmp_path_factory.mktemp("tokenizers")
    loaded = {}

    def get(kind: str):
        if kind not in loaded:
            folder = root / str(len(loaded))
            folder.mkdir()
            loaded[kind] = load_tokenizer(str(KINDS[kind](folder)))
        return loaded[kind]

    return get


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_trained_begins_with_what_is_evaluated(tokenizers, kind):
    from mothertongue.answer.generate import tokenise_prompts
    from mothertongue.finetune.encode import encode_rows
    from mothertongue.inference.passage import Passage, encode_pairs

    tokenizer = tokenizers(kind)
    examples, counts = encode_rows(rows_of(ROWS), tokenizer, template="alpaca", max_length=2000)
    assert counts.kept_rows == len(ROWS)
    encoder = Encoder(tokenizer)
    prompts = [render_prompt(row["instruction"]) for row in ROWS]
    outputs = [row["output"].strip() for row in ROWS]
    evaluated = encoder.texts(prompts)  # what PrefixLM reads before it generates
    questions = [{"id": row["id"], "prompt": row["instruction"]} for row in ROWS]
    answered = tokenise_prompts(questions, tokenizer, render=render_prompt, room=2000)
    passages = encode_pairs(encoder, [Passage(*pair) for pair in zip(prompts, outputs)], -1)
    for example, prompt, answer, (_, before, after) in zip(examples, evaluated, answered, passages):
        trained = example.tokens[: example.prompt]
        assert trained == prompt == answer.tokens == before
        assert example.tokens[example.prompt :] == after
        assert example.supervised == len(after)


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_in_a_text_are_text_and_one_token_ends_a_row(tokenizers, kind):
    from mothertongue.finetune.encode import encode_rows

    tokenizer = tokenizers(kind)
    encoder = Encoder(tokenizer)
    special = set(encoder.special)
    for example, row in zip(
        encode_rows(rows_of(ROWS), tokenizer, template="alpaca", max_length=2000)[0], ROWS
    ):
        inner = example.tokens[len(encoder.head) : -1]
        assert not special & set(inner)
        assert example.tokens[-1] == tokenizer.eos_token_id
        assert example.tokens[: len(encoder.head)] == encoder.head
        text = tokenizer.decode(example.tokens[example.prompt : -1])
        if kind not in ("slow", "unruly"):  # their normalisation loses white space
            assert text.strip() == row["output"].strip()
        else:
            assert "".join(text.split()) == "".join(row["output"].split())


@pytest.mark.parametrize("kind", KINDS)
def test_ordinary_texts_have_the_tokens_that_the_tokenizer_gives_them(tokenizers, kind):
    """So that adapters of version 1.0.0 are trained on what they would be trained on now."""
    tokenizer = tokenizers(kind)
    encoder = Encoder(tokenizer)
    for row in demo_rows(count=20):
        prompt = render_prompt(row["instruction"])
        tokens = tokenizer(prompt + row["output"])["input_ids"]
        if tokens[-1] == tokenizer.eos_token_id:
            tokens = tokens[:-1]
        (found,) = encoder.pairs([prompt], [row["output"]])
        assert found.tokens == [*tokens, tokenizer.eos_token_id]
        assert found.tokens[: found.prompt] == encoder.texts([prompt])[0]


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("byte-level", []),
        ("adds bos", ["<s>"]),
        ("adds eos", []),
        ("adds both", ["<s>"]),
        ("template of several", ["<|im_start|>", "<s>"]),
        ("bos is eos", ["</s>"]),
        ("Llama", ["<s>"]),
        ("slow", []),
    ],
)
def test_what_begins_a_text_is_the_tokenizers(tokenizers, kind, head):
    tokenizer = tokenizers(kind)
    assert tokenizer.convert_ids_to_tokens(Encoder(tokenizer).head) == head


def test_control_tokens_that_are_not_called_special_stay_text_too(tmp_path):
    tokenizer = load_tokenizer(str(byte_level(tmp_path / "t", single="<s> $A")))
    tokenizer.add_tokens(["<|fim_prefix|>", "<think>"])
    control, thought = tokenizer.convert_tokens_to_ids(["<|fim_prefix|>", "<think>"])
    text = "Write <|fim_prefix|> and <think>."
    (tokens,) = Encoder(tokenizer).texts([text])
    assert control not in tokens
    assert thought in tokens  # an entry like any other
    assert tokenizer.decode(tokens, skip_special_tokens=True) == text


def test_a_token_across_the_border_is_not_part_of_the_prompt():
    """Without a pre-tokenizer, a newline and the letter after it may be one token."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    letters = sorted(set(render_prompt("a b") + "Yes</>|im_end"))
    entries = [*letters, "\nY", "Ye", "</end>"]
    model = models.BPE(
        vocab={name: number for number, name in enumerate(entries)},
        merges=[("\n", "Y"), ("Y", "e")],
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model), eos_token="</end>")
    encoder = Encoder(tokenizer)
    prompt = render_prompt("a b")
    assert tokenizer.convert_tokens_to_ids("\nY") in tokenizer(prompt + "Yes")["input_ids"]
    (found,) = encoder.pairs([prompt], ["Yes"])
    assert found.tokens[: found.prompt] == encoder.texts([prompt])[0]
    rest = tokenizer.convert_ids_to_tokens(found.tokens[found.prompt :])
    assert rest == ["Ye", "s", "</end>"]


@pytest.fixture(scope="module")
def closing(tmp_path_factory, tokenizers):
    """A model and a tokenizer that closes every text, and the same one that does not."""
    import torch
    from tiny_models import model_config
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    tokenizer = tokenizers("adds eos")
    config = model_config("llama", len(tokenizer) + 4, tokenizer.eos_token_id)
    return AutoModelForCausalLM.from_config(config).eval(), tokenizer, tokenizers("byte-level")


def test_options_and_answers_behind_a_tokenizer_that_closes_texts(closing):
    from lm_eval.api.instance import Instance
    from mothertongue.inference.prefix import PrefixLM

    model, closes, plain = closing
    pairs = [("Which letter?\nAnswer:", f" {letter}") for letter in "ABCD"]
    pairs += [("", "alone")]
    asked = [Instance("loglikelihood", {}, pair, n) for n, pair in enumerate(pairs)]
    arguments = {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 12}
    prompts = [Instance("generate_until", {}, ("Which letter?", arguments), 0)]
    found = []
    for tokenizer in (plain, closes):
        for share in (True, False):
            lm = PrefixLM(model, tokenizer)
            lm.share = share  # lm-eval's own methods encode the same way
            found.append((lm.loglikelihood(asked), lm.generate_until(prompts)))
    for scores, texts in found[1:]:
        for (value, greedy), (wanted, wanted_greedy) in zip(scores, found[0][0], strict=True):
            assert value == pytest.approx(wanted, abs=1e-4)
            assert greedy == wanted_greedy
        assert texts == found[0][1]
    assert len({round(value, 4) for value, _ in found[0][0][:4]}) > 1


def test_an_entry_beyond_the_embedding_is_refused_only_where_it_occurs(tmp_path, tokenizers):
    import torch
    from mothertongue.finetune.encode import encode_rows

    tokenizer = load_tokenizer(str(byte_level(tmp_path / "t", single="<s> $A")))
    rows = len(tokenizer)
    tokenizer.add_tokens(["<unheard_of>"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image_soft_token>"]})

    class Model:
        def get_input_embeddings(self):
            return torch.nn.Embedding(rows, 2)

    limit_to_embedding(tokenizer, Model())
    row = {**ROWS[3], "instruction": "Say <image_soft_token>."}
    assert (
        encode_rows(rows_of([row]), tokenizer, template="alpaca", max_length=500)[1].kept_rows == 1
    )
    row["output"] = "An <unheard_of> word"
    with pytest.raises(InputError, match=r"'<unheard_of>' \(number \d+\) in the text"):
        encode_rows(rows_of([row]), tokenizer, template="alpaca", max_length=500)
    tokenizer.add_special_tokens({"eos_token": "<beyond>"})
    with pytest.raises(InputError, match="'<beyond>'"):
        encode_rows(rows_of([ROWS[3]]), tokenizer, template="alpaca", max_length=500)


def test_padding_beyond_the_embedding_is_replaced(tmp_path):
    """A padding token that was added to the tokenizer and never to the model."""
    from mothertongue.inference.models import load_base
    from tiny_models import save_model

    folder = save_model(tmp_path / "base")
    tokenizer = load_tokenizer(str(folder))
    numbers = range(len(tokenizer), len(tokenizer) + 20)
    tokenizer.add_tokens([f"<more{n}>" for n in numbers])
    tokenizer.add_special_tokens({"pad_token": "<pad>"})
    tokenizer.save_pretrained(folder)
    model, tokenizer = load_base(str(folder), quantisation="none")
    assert len(tokenizer) > model.get_input_embeddings().weight.shape[0]
    assert tokenizer.pad_token_id < model.get_input_embeddings().weight.shape[0]
    assert end_tokens(model, tokenizer) == {tokenizer.eos_token_id}

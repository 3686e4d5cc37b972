"""Broken configurations: name -> (a change of the demo, the mistakes it must be told)."""

CHAT = {"backend": "openai", "model": "m"}


def put(*places):
    """A change that writes values: ("a.b.c", value), …; an integer part is a place in a list."""

    def change(config):
        for path, value in places:
            node = config
            *parents, last = path.split("/")
            for part in parents:
                node = node[int(part) if isinstance(node, list) else part]
            node[int(last) if isinstance(node, list) else last] = value

    return change


def bench(**entry):
    """A change that adds the benchmark x."""
    known = {"task": "multiple-choice", "languages": ["es"], "origin": "native"}
    known |= {"kind": "structured", "dataset": {"path": "x.jsonl"}}
    return put(("evaluate/benchmarks/x", known | entry))


def translator(**entry):
    """A change that adds the translator x."""
    return put(("translate/translators/x", {"backend": "recorded", "memory": ["x"]} | entry))


def judge(**entry):
    """A change that adds the judge x."""
    return put(("judge/judges/x", CHAT | entry))


def entry(**changes):
    """A change that adds a condition."""

    def change(config):
        config["conditions"].append({"data": ["native"], "scope": ["es"]} | changes)

    return change


def both(*changes):
    """Several changes."""

    def change(config):
        for one in changes:
            one(config)

    return change


def ours(**entry):
    """A change that adds the data `ours`, translated already, and trains on it in Spanish."""

    def change(config):
        config["data"] = {"ours": entry or {"es": "ours.jsonl"}}
        config["conditions"].append({"data": ["ours"], "scope": ["es"]})

    return change


ENGLISH = put(("languages/en", {}))
ENGLISH_MIX = both(ENGLISH, put(("sample/multi/languages", ["es", "en"])))
RUBRIC = {"name": "c", "question": "q", "scale": ["bad", "poor", "fair", "good", "best"]}
SLUG = "is not a short name"
BROKEN = {
    # the whole, and sections of the wrong kind
    "a list": (lambda c: [1], ["(top level): expected a mapping (key: value), found [1]"]),
    "nothing": (lambda c: [], ["(top level): expected a mapping (key: value), found []"]),
    "a word": (lambda c: "demo", ["(top level): expected a mapping (key: value), found 'demo'"]),
    "languages as a list": (
        put(("languages", ["es", "zh"])),
        ["languages: expected a mapping (key: value), found ['es', 'zh']"],
    ),
    "rates as a list": (
        put(("finetune/learning_rates", [1e-4])),
        ["finetune.learning_rates: expected a mapping (key: value), found [0.0001]"],
    ),
    "conditions as a mapping": (
        put(("conditions", {"data": ["native"]})),
        ["conditions: expected a list, found {'data': ['native']}"],
    ),
    "an empty condition": (
        put(("conditions", [None])),
        ["conditions[0]: expected a mapping (key: value), found None"],
    ),
    "one value instead of a list": (
        put(("conditions/0/data", "native")),
        ["conditions[0].data: expected a list, found 'native'"],
    ),
    "seeds as a number": (
        put(("finetune/seeds", 3)),
        ["finetune.seeds: expected a list, found 3 (one adapter per seed)"],
    ),
    "a dataset as text": (
        put(("sample/dataset", "CohereLabs/aya_dataset")),
        ["sample.dataset: expected a mapping (key: value), found 'CohereLabs/aya_dataset'"],
    ),
    "an empty translator": (
        put(("translate/translators/x", None)),
        ["translate.translators.x: expected a mapping (key: value), found None"],
    ),
    # names
    "a slug with a slash": (put(("study", "a/b")), [f"study: 'a/b' {SLUG}"]),
    "a slug that climbs": (put(("study", "..")), [f"study: '..' {SLUG}"]),
    "a model with a slash": (
        put(("models/Qwen\\Qwen3", {"base": "Qwen/Qwen3", "parameters": 1})),
        ["models: 'Qwen\\\\Qwen3' is not a short name"],
    ),
    "a judge with capitals": (put(("judge/judges/GPT 4", CHAT)), [f"judge.judges: 'GPT 4' {SLUG}"]),
    "questions outside results": (
        lambda c: c["answer"]["questions"].update(
            {"../x": {"origin": "native", "path": "q.jsonl"}}
        ),
        [f"answer.questions: '../x' {SLUG}"],
    ),
    "a name too long for a file": (
        put((f"models/{'a' * 99}", {"base": "x", "parameters": 1})),
        ["is longer than 60 characters"],
    ),
    "the language no, unquoted": (
        lambda c: c["languages"].update({False: {}}),
        ["languages: the key False is not text; write it in quotes"],
    ),
    "a number as a name": (
        lambda c: c["models"].update({7: {"base": "x", "parameters": 1}}),
        ["models: the key 7 is not text; write it in quotes"],
    ),
    "a language's name for its code": (
        put(("languages/spanish", {})),
        ["languages: 'spanish' is not a language code"],
    ),
    "an unknown language": (
        put(("languages/xx", {"name": "X"})),
        ["languages.xx: not in resources/languages.yaml; give its name and aya.code"],
    ),
    "a translator called native": (
        put(("translate/translators/native", {"backend": "google"})),
        ["translate.translators.native: this name is reserved"],
    ),
    "a translator like a round trip": (
        put(("translate/translators/x-rtt", {"backend": "google"})),
        ["translate.translators.x-rtt: this name is reserved"],
    ),
    "a round trip of the best translations": (
        both(
            translator(keep={"best": 0.5, "by": "lid"}),
            entry(data=["x-rtt"]),
        ),
        ["'x' keeps the best of its translations of English rows, and a round trip starts from"],
    ),
    "the best by an unknown score": (
        translator(keep={"best": 0.5, "by": "bleu"}),
        ["translate.translators.x.keep.by"],
    ),
    "the best, all of them": (
        translator(keep={"best": 1, "by": "lid"}),
        ["translate.translators.x.keep.best"],
    ),
    "a benchmark called all": (
        lambda c: c["evaluate"]["benchmarks"].update(
            all=c["evaluate"]["benchmarks"]["choice-native"]
        ),
        [
            "evaluate.benchmarks.all: this name is reserved",
            "has the label 'multiple choice (native)' of evaluate.benchmarks.all",
        ],
    ),
    "two models with one label": (
        put(("models/x", {"base": "x", "parameters": 1, "label": "Tiny-1M"})),
        ["models.x: has the label 'Tiny-1M' of models.tiny, and tables could not tell them apart"],
    ),
    # data that is translated already
    "data of another name": (
        both(ours(), put(("conditions/0/data", ["native", "our"]))),
        ["conditions[0].data[1]: unknown data 'our'; did you mean 'ours'?"],
    ),
    "data without a language": (
        both(ours(), put(("conditions/0/data", ["native", "ours"]))),
        [
            "conditions[0].data[1]: data.ours has no 'zh' (it has es); give its rows, or take it out"
            " of this entry's scope"
        ],
    ),
    "data of no language": (
        ours(label="ours"),
        ["data.ours: names no rows; give each language its file, as sw: ours.sw.jsonl"],
    ),
    "data of an unknown language": (
        ours(es="ours.jsonl", fr="ours.fr.jsonl"),
        ["data.ours.fr: unknown language 'fr'; known: es, zh"],
    ),
    "data under a language's name": (
        ours(es="ours.jsonl", Spanish="ours.jsonl"),
        ["data.ours: 'Spanish' is neither label, parallel_to, control nor a language"],
    ),
    "data from two places": (
        ours(es={"path": "a.jsonl", "hub": "b/c"}),
        ["data.ours.es: give either path (local file) or hub (dataset id)"],
    ),
    "data with a brace": (
        ours(es="{language}.jsonl"),
        ["data.ours.es.path: '{language}' in '{language}.jsonl' stands for nothing here"],
    ),
    "data parallel to something else": (
        ours(es="ours.jsonl", parallel_to="translated"),
        ["data.ours.parallel_to: 'translated' is not one of native, english, none"],
    ),
    "a round trip of translated data": (
        both(ours(), entry(data=["ours-rtt"])),
        ["conditions[4].data[0]: 'ours' is translated already (data.ours), and nobody here can"],
    ),
    "data called like a translator": (
        both(
            ours(), lambda c: c["data"].update(fluent={"es": "ours.jsonl", "zh": "ours.zh.jsonl"})
        ),
        [
            "data.fluent: a translator has this name (translate.translators); choose another",
            "data.fluent: has the label 'fluent' of translate.translators.fluent",
        ],
    ),
    "data called native": (
        both(ours(), lambda c: c["data"].update(native={"es": "ours.jsonl"})),
        ["data.native: this name is reserved", "data.native has no 'zh'"],
    ),
    "data like a round trip": (
        both(ours(), lambda c: c["data"].update({"x-rtt": {"es": "ours.jsonl"}})),
        ["data.x-rtt: this name is reserved; choose another"],
    ),
    "data with a translator's label": (
        ours(es="ours.jsonl", label="fluent"),
        ["data.ours: has the label 'fluent' of translate.translators.fluent"],
    ),
    # typing errors
    "a typo at the top": (put(("finetun", {})), ["finetun: unknown key; did you mean 'finetune'?"]),
    "a typo below": (
        put(("finetune/epoch", 3)),
        ["finetune.epoch: unknown key; did you mean 'epochs'?"],
    ),
    "a typo in api": (
        translator(backend="google", api={"concurency": 2}),
        ["translate.translators.x.api.concurency: unknown key; did you mean 'concurrency'?"],
    ),
    "a typo in a price": (
        put(("prices", {"per_million": {"m": {"inputtokens": 1}}})),
        ["prices.per_million.m.inputtokens: unknown key; did you mean 'input_tokens'?"],
    ),
    "a typo in a back end": (
        translator(backend="gogle"),
        ["translate.translators.x.backend: 'gogle' is not one of"],
    ),
    "a typo in a task": (
        bench(task="multiple-choise"),
        ["evaluate.benchmarks.x.task: unknown task 'multiple-choise'; did you mean"],
    ),
    "a tag of lm-eval": (
        bench(task="turkishmmlu"),
        [
            "evaluate.benchmarks.x.task: unknown task 'turkishmmlu'; it is a tag that 9 tasks of lm-eval's"
        ],
    ),
    "a group without a score": (
        bench(task="spanish_bench"),
        [
            "evaluate.benchmarks.x.task: 'spanish_bench' is a group of 31 tasks for which lm-eval makes"
        ],
    ),
    "a metric that the task lacks": (
        bench(task="hellaswag_es", metric="acc_nrom"),
        [
            "evaluate.benchmarks.x.metric: task 'hellaswag_es' has no 'acc_nrom'; did you mean 'acc_norm'?"
        ],
    ),
    "a metric of a task of the pack": (
        bench(metric="em"),
        [
            "evaluate.benchmarks.x.metric: task 'multiple-choice' has its own main metric; leave the key"
        ],
    ),
    "demonstrations of a split that no file gives": (
        bench(task="kmmlu_biology", shots=5),
        [
            "evaluate.benchmarks.x.demonstrations: missing (task 'kmmlu_biology' takes its 5 shots from"
        ],
    ),
    "a task that runs code": (
        bench(task="humaneval", kind="generative"),
        ["evaluate.benchmarks.x.task: task 'humaneval' runs the code that a model writes"],
    ),
    "a kind that lm-eval's task is not": (
        bench(task="belebele_spa_Latn", kind="generative"),
        ["evaluate.benchmarks.x.kind: task 'belebele_spa_Latn' is structured, not generative"],
    ),
    "a code that no task has": (
        bench(task="belebele_{language}", codes={"es": "spa_Latin"}),
        ["evaluate.benchmarks.x.task: unknown task 'belebele_spa_Latin'; did you mean"],
    ),
    "a benchmark without its codes": (
        bench(task="belebele_{language}"),
        [
            "evaluate.benchmarks.x.task: 'belebele_{language}' names languages in its own way; give codes:"
            " {es: spa_Latn}"
        ],
    ),
    "own tasks that are not there": (
        put(("evaluate/tasks", ["no/such/folder"])),
        ["evaluate.tasks[0]: no such file or folder: no/such/folder"],
    ),
    "a server without an address": (
        put(("evaluate/engine", "server")),
        ["evaluate.engine: server needs the address of one; give engines.server.base_url"],
    ),
    "a server whose adapters have one name": (
        put(
            ("evaluate/engine", "server"),
            (
                "engines",
                {
                    "server": {
                        "base_url": "http://h/v1",
                        "adapter": "{model}",
                        "model": "{modle}",
                    }
                },
            ),
        ),
        [
            "engines.server.model: '{modle}' stands for nothing here",
            "engines.server.adapter: lacks {data}, {lr}, {scope}, {seed}, so that several",
        ],
    ),
    "answers by a server without an address": (
        put(("answer/engine", "server")),
        ["answer.engine: server needs the address of one; give engines.server.base_url"],
    ),
    "adapters that vLLM does not apply": (
        put(
            ("evaluate/engine", "vllm"),
            ("finetune/quantisation", "none"),
            ("finetune/lora", {"dora": True, "r": 600}),
        ),
        ["evaluate.engine: vLLM applies no DoRA (models.", "adapters of rank 512 at most, not 600"],
    ),
    "a typo in a rate": (
        put(("conditions/0/lr", ["hihg"])),
        ["conditions[0].lr[0]: unknown learning rate 'hihg'; did you mean 'high'?"],
    ),
    "a typo in the main rate": (
        put(("correlate", {"lr": "hihg"})),
        ["correlate.lr: unknown learning rate 'hihg'; did you mean 'high'?"],
    ),
    # values
    "a negative learning rate": (
        put(("finetune/learning_rates/high", -1e-4)),
        ["finetune.learning_rates.high: -0.0001 must be greater than 0"],
    ),
    "an infinite learning rate": (
        put(("finetune/learning_rates/high", "inf")),
        ["finetune.learning_rates.high: inf is not a number that can be used"],
    ),
    "weights that are no number": (
        put(("models/tiny/parameters", float("nan"))),
        ["models.tiny.parameters: nan is not a number that can be used"],
    ),
    "7B": (put(("models/tiny/parameters", "7B")), ["models.tiny.parameters: expected a number"]),
    "no epochs": (put(("finetune/epochs", 0)), ["finetune.epochs: 0 must be at least 1"]),
    "yes epochs": (
        put(("finetune/epochs", True)),
        ["finetune.epochs: expected a whole number, found True"],
    ),
    "a fraction of a row": (
        put(("sample/heldout", 1.5)),
        ["sample.heldout: expected a whole number, found 1.5"],
    ),
    "validation on most rows": (
        put(("finetune/validation", 0.9)),
        ["finetune.validation: 0.9 must be less than 0.5"],
    ),
    "dropout of everything": (
        put(("finetune/lora", {"dropout": 1})),
        ["finetune.lora.dropout: 1.0 must be less than 1"],
    ),
    "a quantisation by its number": (
        put(("finetune/quantisation", 8)),
        ["finetune.quantisation: 8 is not one of auto, int8, nf4, none"],
    ),
    "a cap in words": (
        put(("languages/es", {"cap": "englsh"})),
        ["languages.es.cap: 'englsh' is none of: a whole number of at least 1, english, null"],
    ),
    "per cent": (
        put(("correlate", {"confidence": 95})),
        ["correlate.confidence: 95.0 must be less than 1"],
    ),
    "another pivot": (
        put(("roundtrip", {"pivot": "es"})),
        ["roundtrip.pivot: only 'en' is allowed"],
    ),
    "twice the same seed": (
        put(("finetune/seeds", [1, 1])),
        ["finetune.seeds: listed more than once: 1"],
    ),
    "twice the same data": (
        put(("conditions/0/data", ["native", "native"])),
        ["conditions[0].data: listed more than once: native"],
    ),
    "heads that do not divide": (
        put(("models/tiny/build/heads", 5)),
        ["models.tiny.build: hidden_size must be a multiple of 2 x heads"],
    ),
    "a negative price": (
        put(("prices", {"per_million": {"m": {"input_tokens": -1}}})),
        ["prices.per_million.m.input_tokens: -1.0 must be at least 0"],
    ),
    # sources
    "two sources": (
        put(("sample/dataset", {"path": "a", "hub": "b"})),
        ["sample.dataset: give either path (local file) or hub (dataset id)"],
    ),
    "no source": (
        put(("sample/dataset", {})),
        ["sample.dataset: give either path (local file) or hub (dataset id)"],
    ),
    "a model without a base": (
        put(("models/x", {"parameters": 1})),
        [
            "models.x: give base (hub id or folder), build (from scratch) or gguf (a file, or"
            " package:NAME)"
        ],
    ),
    "a model with two bases": (
        put(("models/tiny/base", "x")),
        ["models.tiny: give only one of base and build"],
    ),
    "a model with a base and a GGUF file": (
        put(("models/tiny/gguf", "x.gguf")),
        ["models.tiny: give only one of build and gguf"],
    ),
    "a base of another language": (
        put(("models/tiny/build/languages", ["fr"])),
        ["models.tiny.build.languages[0]: unknown language 'fr'; known: es, zh"],
    ),
    "a base of a corpus and of languages": (
        put(("models/tiny/build/corpus", "config.yaml")),
        ["models.tiny.build: give languages or corpus, not both"],
    ),
    "a base of a corpus that is not there": (
        put(("models/tiny/build", {"corpus": "texts.jsonl"})),
        ["models.tiny.build.corpus: no such file 'texts.jsonl'"],
    ),
    "questions from nowhere": (
        put(("answer/questions/x", {"origin": "native"})),
        ["answer.questions.x: give either path (file or URL) or draw"],
    ),
    "questions whose origin nobody said": (
        put(("answer/questions/native-x", {"path": "q.jsonl"})),
        ["answer.questions.native-x.origin: missing (how the questions came into the language)"],
    ),
    "questions drawn from nowhere": (
        put(("answer/questions/x", {"origin": "native", "draw": {"dataset": {}}})),
        ["answer.questions.x.draw.dataset: give either path (local file) or hub (dataset id)"],
    ),
    "questions without encryption": (
        put(("answer/questions/x", {"origin": "native", "path": "http://example.org/q.jsonl"})),
        ["answer.questions.x.path: only https addresses are fetched"],
    ),
    "a placeholder that is none": (
        put(("answer/questions/x", {"origin": "native", "path": "q_{lang}.jsonl"})),
        ["answer.questions.x.path: '{lang}' in 'q_{lang}.jsonl' stands for nothing here"],
    ),
    "an open brace": (
        bench(dataset={"path": "q_{.jsonl"}),
        ["evaluate.benchmarks.x.dataset.path: '{.jsonl' in 'q_{.jsonl' stands for nothing here"],
    ),
    # services
    "a translator without a model": (
        translator(backend="cohere"),
        ["translate.translators.x.model: missing (the server's name of the model)"],
    ),
    "a local translator without a model": (
        translator(backend="huggingface"),
        ["translate.translators.x.model: missing (hub id or folder)"],
    ),
    "a prompt with a placeholder that is none": (
        translator(backend="openai", model="m", prompt="For $5 into ${target}: ${text}"),
        ["translate.translators.x.prompt: ${target} stands for nothing here; known: ${text}"],
    ),
    "a prompt without the text": (
        translator(backend="openai", model="m", prompt="Translate into ${target_lang}."),
        ["translate.translators.x.prompt: holds no ${text}"],
    ),
    "a judge without a model": (
        put(("judge/judges/x", {"backend": "openai"})),
        ["judge.judges.x.model: missing (the server's name of the model)"],
    ),
    "a pairwise judge that reads nothing": (
        put(("judge/judges/overlap/mode", "pairwise")),
        ["judge.judges.overlap.mode: pairwise needs a judge that reads, backend openai or cohere"],
    ),
    "a rating judge against all": (
        judge(against="all"),
        ["judge.judges.x.against: only a judge with mode: pairwise compares; leave it out"],
    ),
    "a prompt that is no file": (
        judge(prompt="prometeus"),
        [
            "judge.judges.x.prompt: 'prometeus' is neither a text with ${question} and ${answer}, nor a"
        ],
    ),
    "a pairwise prompt that shows one answer": (
        judge(prompt="${question} ${answer} [[A]]", mode="pairwise", reply="brackets"),
        ["judge.judges.x.prompt: holds no ${answer_b}, so that the judge would not see it"],
    ),
    "a pairwise prompt for ratings": (
        judge(prompt="prometheus", mode="pairwise"),
        ["judge.judges.x.prompt: holds no ${answer_b}, so that the judge would not see it"],
    ),
    "a prompt that shows two answers to a judge that rates": (
        judge(prompt="${question} ${answer} ${answer_b}", reply="json"),
        [
            "judge.judges.x.prompt: ${answer_b} stands for nothing here; known: ${question}, ${answer}"
        ],
    ),
    "a scale of two": (
        judge(criteria=[RUBRIC | {"scale": ["bad", "good"]}]),
        [
            "judge.judges.x.criteria[0].scale: is no list of five texts, one for each rating from 1 to 5"
        ],
    ),
    "a scale of three in a language": (
        judge(criteria=[RUBRIC | {"scale": {"es": [*"abcde"], "zh": [*"abc"]}}]),
        [
            "judge.judges.x.criteria[0].scale.zh: is no list of five texts, one for each rating from 1 to 5"
        ],
    ),
    "a criterion twice": (
        judge(criteria=[RUBRIC] * 2),
        ["judge.judges.x.criteria[1].name: 'c' stands there twice; give each criterion a name"],
    ),
    "criteria for pairs": (
        judge(
            criteria=[RUBRIC],
            mode="pairwise",
        ),
        [
            "judge.judges.x.criteria: are for backends openai and cohere in mode rating; leave them out"
        ],
    ),
    "criteria beside a pattern": (
        judge(
            criteria=[RUBRIC],
            prompt="selene",
        ),
        [
            "judge.judges.x.prompt: holds no ${criteria}, so that the judge would not see it",
            "judge.judges.x.criteria: this prompt is read by a pattern, which gives one rating",
        ],
    ),
    "probabilities of a vendor without them": (
        judge(backend="cohere", logprobs=True),
        ["judge.judges.x.logprobs: only the back end openai asks for them; leave it out"],
    ),
    "a jury of one": (
        put(("judge/juries", {"all-of-us": {}})),
        ["judge.juries.all-of-us: needs two judges with mode: rating, the study has 1"],
    ),
    "a jury of strangers": (
        put(("judge/juries", {"us": {"members": ["overlap", "overlop"]}})),
        ["judge.juries.us.members[1]: unknown judge 'overlop'; did you mean 'overlap'?"],
    ),
    "a jury of two modes": (
        both(
            judge(mode="pairwise"),
            put(("judge/juries", {"us": {"members": ["overlap", "x"]}})),
        ),
        ["judge.juries.us.members[1]: 'x' has mode pairwise, the jury has mode rating"],
    ),
    "a jury with a judge's name": (
        both(judge(), put(("judge/juries", {"x": {}}))),
        ["judge.juries.x: is the name of a judge, too; give the jury another name"],
    ),
    "probes without a judge to be tried": (
        put(("judge/probe", {})),
        ["judge.probe: no judge is a model (backend openai or cohere); add one, or take probe out"],
    ),
    "probes in an unknown place": (
        both(judge(), put(("judge/probe", {"path": "probes_{langage}.jsonl"}))),
        ["judge.probe.path: "],
    ),
    "people without questions": (
        both(put(("judge/people", {})), lambda c: c["answer"].update(questions={})),
        ["judge.people: no open questions are asked; add answer.questions, or take people out"],
    ),
    "one annotator": (
        put(("judge/people", {"annotators": ["ana"]})),
        ["judge.people.annotators"],
    ),
    "guidelines in an unknown place": (
        put(("judge/people", {"guidelines": "words_{lang}.txt"})),
        ["judge.people.guidelines: "],
    ),
    "a judge without prices under a budget": (
        judge(api={"budget": 10}),
        ["judge.judges.x.api.budget: cannot be kept without a price; give prices.per_million.m"],
    ),
    "batches where there are none": (
        judge(backend="cohere", batch={}),
        ["judge.judges.x.batch: only the back end openai has a Batch API"],
    ),
    "a benchmark with the name of checked answers": (
        both(
            bench(),
            lambda c: c["evaluate"]["benchmarks"].update(
                {"fidelity-native": c["evaluate"]["benchmarks"]["x"]}
            ),
        ),
        ["evaluate.benchmarks.fidelity-native: answer.fidelity gives this name to a question set"],
    ),
    "an address without http": (
        judge(base_url="localhost:8000/v1"),
        ["judge.judges.x.base_url: 'localhost:8000/v1' is not an address"],
    ),
    "questions without a judge": (
        put(("judge/judges", {}), ("answer/fidelity", False)),
        ["judge.judges: open questions are asked, but no judge is configured"],
    ),
    "a judge without questions": (
        lambda c: c["answer"].update(questions={}),
        ["answer.questions: missing, so overlap would rate nothing; add open questions, or take"],
    ),
    # impossible combinations
    "a benchmark in a language it lacks": (
        bench(task="cmmlu", dataset=None),
        [
            "evaluate.benchmarks.x.languages[0]: task 'cmmlu' has no words for 'es' (it has zh); if its"
            " data have the language, add words in tasks/cmmlu.yaml, or take task: cloze for a test of"
            " your own, which needs no words; in the clone, snakemake --cores 1 benchmarks --config"
            " language=es lists public tests"
        ],
    ),
    "data in a language it lacks": (
        both(
            put(("languages/ru", {})),
            bench(task="ht-mmlu", languages=["ru"], dataset=None),
        ),
        [
            "name data of your own (dataset), or take task: cloze for a test of your own, which needs no"
            " words; in the clone, snakemake --cores 1 benchmarks --config language=ru lists public tests"
        ],
    ),
    "one dataset for a task that pairs two": (
        bench(task="mt-mmlu", dataset={"hub": "a/b"}),
        ["evaluate.benchmarks.x.dataset.hub: task 'mt-mmlu' pairs two datasets"],
    ),
    "a benchmark in a language the study lacks": (
        bench(languages=["fr"]),
        ["evaluate.benchmarks.x.languages[0]: unknown language 'fr'; known: es, zh"],
    ),
    "a suite for a language the study lacks": (
        put(("evaluate/suite", {"sw": "auto"})),
        ["evaluate.suite.sw: unknown language 'sw'; known: es, zh"],
    ),
    "a suite for a language without public benchmarks": (
        put(
            ("languages/xyz", {"name": "Ours", "aya": {"code": "xyz"}}),
            ("evaluate/suite", {"xyz": "auto"}),
        ),
        ["evaluate.suite.xyz: no public benchmark of this language is known; leave it out"],
    ),
    "a suite that is not there": (
        put(("evaluate/suite", {"es": "large"})),
        ["evaluate.suite.es: only 'auto' is allowed (auto = the smallest set)"],
    ),
    "a benchmark that a suite holds under another name": (
        both(
            put(("evaluate/suite", {"es": "auto"})),
            bench(label="Belebele"),
        ),
        ["evaluate.benchmarks.x: has the label 'Belebele' of evaluate.benchmarks.belebele"],
    ),
    "a task without data": (
        bench(dataset=None),
        ["evaluate.benchmarks.x.dataset: missing (task 'multiple-choice' has no dataset"],
    ),
    "shots without demonstrations": (
        bench(shots=5),
        ["evaluate.benchmarks.x.demonstrations: missing (5 shots need a file of them"],
    ),
    "demonstrations without shots": (
        bench(shots=0, demonstrations="d.jsonl"),
        ["evaluate.benchmarks.x.shots: 0, but demonstrations are given"],
    ),
    "a kind that the task is not": (
        bench(kind="generative"),
        ["evaluate.benchmarks.x.kind: task 'multiple-choice' is structured, not generative"],
    ),
    "perplexity of no rows": (
        put(("sample/heldout", 0)),
        ["evaluate.benchmarks.native-perplexity: needs held-out rows; set sample.heldout"],
    ),
    "round trips of English": (
        both(ENGLISH, entry(data=["fluent-rtt"], scope=["en", "es"])),
        [
            "conditions[3].data[0]: English has no round trip through English",
            "conditions[3].scope[0]: nothing would measure this adapter",
        ],
    ),
    "English put into English": (
        both(ENGLISH, entry(data=["fluent"], scope=["en"])),
        [
            "conditions[3].data[0]: English is not put into English",
            "conditions[3].scope[0]: nothing would measure this adapter",
        ],
    ),
    "English in the translated mix": (
        both(ENGLISH_MIX, put(("conditions", [{"data": ["fluent"], "scope": ["multi"]}]))),
        ["conditions[0].data[0]: the mix holds English; list sample.multi.languages without en"],
    ),
    "a mix of an unknown language": (
        put(("sample/multi/languages", ["es", "fr"])),
        ["sample.multi.languages[1]: unknown language 'fr'; known: es, zh"],
    ),
    "tests in a language that the study lacks": (
        entry(evaluate_on=["en", "zh", "ez"]),
        [
            "conditions[3].evaluate_on[0]: unknown language 'en'; known: es, zh",
            "conditions[3].evaluate_on[2]: unknown language 'ez'; known: es, zh",
        ],
    ),
    "tests in a language that no benchmark of the entry is in": (
        both(ENGLISH, entry(evaluate_on=["en", "zh"])),
        [
            "conditions[3].evaluate_on[0]: no benchmark of the entry is in 'en'; add it to"
            " evaluate.benchmarks.*.languages, or take it out here"
        ],
    ),
    "a word for no set of languages": (
        entry(evaluate_on="english"),
        ["conditions[3].evaluate_on: 'english' is none of: own, all, a list"],
    ),
    "data that no translator makes": (
        entry(data=["google"]),
        ["conditions[3].data[0]: unknown data 'google'; known: native, fluent, literal"],
    ),
    "a round trip that no translator makes": (
        entry(data=["google-rtt"]),
        ["conditions[3].data[0]: unknown translator of a round trip 'google'"],
    ),
    "an adapter that nothing measures": (
        entry(benchmarks=[], questions=[]),
        ["conditions[3].scope[0]: nothing would measure this adapter"],
    ),
    "an entry without data": (
        lambda c: c["conditions"].append({"scope": ["es"]}),
        ["conditions[3].data: missing (what is trained on: names, or mixtures in mix)"],
    ),
    "a mixture of unknown data": (
        entry(mix=[{"native": 0.5, "googl": 0.5}, "fluen"]),
        [
            "conditions[3].mix[0].googl: unknown data 'googl'",
            "conditions[3].mix[1]: unknown data 'fluen'; did you mean 'fluent'?",
        ],
    ),
    "shares that are no whole, or stand beside numbers": (
        entry(mix=[{"native": 0.5, "fluent": 0.4}, {"native": 0.5, "fluent": 10}]),
        [
            "conditions[3].mix[0]: the shares sum to 0.9, not to 1 (fluent: 0.4, native: 0.5)",
            "conditions[3].mix[1]: mixes shares and numbers of rows (fluent: 10, native: 0.5)",
        ],
    ),
    "a share that is no row": (
        entry(mix=[{"native": 0.01, "fluent": 0.99}], rows=[20]),
        ["conditions[3].mix[0]: a part gets none of 20 rows"],
    ),
    "a number of rows that is none": (
        entry(rows=[1, "most"]),
        ["conditions[3].rows[0]", "conditions[3].rows[1]: 'most' is none of"],
    ),
    "draws of nothing": (
        entry(draws=[1, 2]),
        ["conditions[3].draws: nothing is drawn without numbers of rows; give rows"],
    ),
    "sizes of the multilingual mix": (
        entry(scope=["multi"], rows=[20]),
        ["conditions[3].scope: rows, mixtures and draws are those of one language"],
    ),
    "sizes and an equal number of rows": (
        entry(rows=[20], budget="rows"),
        ["conditions[3].budget: rows, but rows says how many rows there are"],
    ),
    "common rows of a mixture": (
        lambda c: c["conditions"].append(
            {"mix": [{"native": 0.5, "fluent": 0.5}], "scope": ["es"], "rows": "common"}
        ),
        ["conditions[3].rows: common is not for mixtures"],
    ),
    "equal steps without their number": (
        put(("finetune/budget", "steps")),
        ["models.tiny: finetune.budget: steps needs finetune.steps"],
    ),
    "a number of steps that nothing asks for": (
        put(("finetune/steps", 100)),
        ["models.tiny: finetune.steps is only for finetune.budget: steps"],
    ),
    "equal steps in two ways": (
        both(
            put(("finetune/budget", "steps"), ("finetune/steps", 9)),
            entry(data=["fluent"], scope=["zh"], lr=["low"], budget="steps"),
        ),
        ["conditions[3].budget: steps, which finetune.steps holds equal already"],
    ),
    "a main rate at which nothing is tuned": (
        both(
            put(("finetune/learning_rates/middle", 1e-4)),
            put(("correlate", {"lr": "middle"})),
        ),
        ["correlate.lr: no condition is tuned at 'middle' (they use high, low)"],
    ),
    "a price of a translator that there is not": (
        put(("prices", {"translated_row": {"google": 0.02}})),
        ["prices.translated_row.google: the study has no translator or data of this name; it has"],
    ),
    "a native row that costs nothing": (
        put(("prices", {"native_row": 0})),
        ["prices.native_row: 0"],
    ),
    "a rate beyond the largest native set": (
        put(("exchange", {"rows": 2000})),
        ["exchange.rows: 2000, but the largest native set is exchange.most: 1000"],
    ),
}

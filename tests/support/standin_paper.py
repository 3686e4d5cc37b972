"""Stand-ins for everything that studies/paper.yaml asks of the outside: hub, services, questions.

The hub holds the paper's repositories by their names and at their pinned commits, in the columns and
layouts of the real ones; models are tiny and random, of the real ones' architectures. Google's page,
Cohere and OpenAI answer with sentences of the language that was asked for, and with ratings.
"""

import hashlib
import json
import re
from pathlib import Path

import yaml
from conftest import ROOT
from far_studies import commit_in, table_repository
from mothertongue.inference.templates import render_prompt
from standin import StandIn
from standin_hub import Hub, Repository
from tiny_models import save_model

SENTENCES = {
    "en": "The old bridge over the river was built by the people of the village. | In winter the"
    " children walk to school through the snow. | My grandmother bakes bread every Saturday morning."
    " | The museum opens early and closes late in the evening. | Many birds come back to this lake in"
    " spring. | The train to the capital leaves from the second platform.",
    "es": "El viejo puente sobre el río fue construido por la gente del pueblo. | En invierno los niños"
    " caminan a la escuela entre la nieve. | Mi abuela hace pan todos los sábados por la mañana. | El"
    " museo abre temprano y cierra tarde por la noche. | Muchos pájaros vuelven a este lago en"
    " primavera. | El tren a la capital sale del segundo andén.",
    "ru": "Старый мост через реку построили жители деревни. | Зимой дети ходят в школу по снегу. | Моя"
    " бабушка печёт хлеб каждую субботу утром. | Музей открывается рано и закрывается поздно вечером."
    " | Многие птицы возвращаются на это озеро весной. | Поезд в столицу отходит от второй платформы.",
    "zh": "河上的老桥是村里的人建造的。 | 冬天孩子们在雪地里走路去上学。 | 我的奶奶每个星期六早上都烤面包。 |"
    " 博物馆很早开门，晚上很晚才关门。 | 春天有很多鸟回到这个湖边。 | 去首都的火车从第二站台出发。",
    "ar": "الجسر القديم فوق النهر بناه أهل القرية. | في الشتاء يمشي الأطفال إلى المدرسة عبر الثلج. |"
    " جدتي تخبز الخبز كل صباح يوم السبت. | يفتح المتحف مبكرا ويغلق في وقت متأخر من المساء. | تعود طيور"
    " كثيرة إلى هذه البحيرة في الربيع. | يغادر القطار إلى العاصمة من الرصيف الثاني.",
    "de": "Die alte Brücke über den Fluss wurde von den Leuten des Dorfes gebaut. | Im Winter gehen die"
    " Kinder durch den Schnee zur Schule. | Meine Großmutter backt jeden Samstagmorgen Brot. | Das"
    " Museum öffnet früh und schließt spät am Abend. | Viele Vögel kommen im Frühling an diesen See"
    " zurück. | Der Zug in die Hauptstadt fährt vom zweiten Gleis ab.",
    "fi": "Kylän asukkaat rakensivat vanhan sillan joen yli. | Talvella lapset kävelevät kouluun lumen"
    " läpi. | Isoäitini leipoo leipää joka lauantaiaamu. | Museo aukeaa aikaisin ja sulkeutuu myöhään"
    " illalla. | Monet linnut palaavat tälle järvelle keväällä. | Juna pääkaupunkiin lähtee toiselta"
    " raiteelta.",
    "ga": "Thóg muintir an tsráidbhaile an seandroichead thar an abhainn. | Sa gheimhreadh siúlann na"
    " páistí ar scoil tríd an sneachta. | Bácálann mo sheanmháthair arán gach maidin Shathairn. |"
    " Osclaíonn an músaem go luath agus dúnann sé go déanach tráthnóna. | Filleann go leor éan ar an"
    " loch seo san earrach. | Fágann an traein chuig an bpríomhchathair ón dara hardán.",
    "hi": "नदी पर बना पुराना पुल गाँव के लोगों ने बनाया था। | सर्दियों में बच्चे बर्फ़ में चलकर स्कूल जाते हैं। |"
    " मेरी दादी हर शनिवार की सुबह रोटी बनाती हैं। | संग्रहालय जल्दी खुलता है और शाम को देर से बंद होता है। | वसंत में"
    " बहुत से पक्षी इस झील पर लौट आते हैं। | राजधानी जाने वाली रेलगाड़ी दूसरे प्लेटफ़ॉर्म से चलती है।",
}
SENTENCES = {code: text.split(" | ") for code, text in SENTENCES.items()}
AYA = {"en": "eng", "es": "spa", "ru": "rus", "zh": "zho", "ar": "arb", "de": "deu", "fi": "fin"}
AYA |= {"ga": "gle", "hi": "hin"}
ROWS = {
    "en": 50,
    "es": 24,
    "ru": 20,
    "zh": 56,
    "de": 6,
}  # others 16; English: 6 for each of eight, and more
NAMES = {"Spanish": "es", "Russian": "ru", "Chinese": "zh", "Arabic": "ar", "German": "de"}
NAMES |= {"Finnish": "fi", "Irish": "ga", "Hindi": "hi", "English": "en"}
KINDS = {"meta-llama": "llama", "google": "gemma", "Qwen": "qwen2"}
EVALUATED = ("es", "ru", "zh")
# untied and far from 0, so that a random model says more than one newline after another
SHAPE = {"max_position_embeddings": 1024, "tie_word_embeddings": False, "initializer_range": 0.5}


def text_in(language: str, seed: str, sentences: int) -> str:
    """Sentences of a language, chosen by a seed."""
    start = int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16)
    known = SENTENCES[language]
    return ("" if language == "zh" else " ").join(
        known[(start + n) % len(known)] for n in range(sentences)
    )


class Services(StandIn):
    """Google's page, Cohere and OpenAI: translations into the language asked for, and ratings."""

    def __init__(self):
        super().__init__(self.reply_to)

    def asked_for(self, text: str, instruction: str) -> str:
        return f"{instruction}\0{text}"

    def reply_to(self, asked: str) -> str:
        instruction, _, text = asked.partition("\0")
        if "impartial judge" in instruction:
            rating = 1 + int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) % 5
            return f"The response is on topic. Rating: [[{rating}]]"
        named = re.search(r"Please translate from \w+ to (\w+)\.", instruction)
        code = NAMES[named[1]] if named else instruction.partition("-")[0]
        numbers = " ".join(re.findall(r"\d+", text))
        size = max(1, round(len(text) / 60))
        return f"{text_in(code, text, size)} {numbers}".strip()


def instruction_rows() -> list[dict]:
    """Aya's columns in nine languages; three Chinese rows are empty on one side."""
    rows = []
    for code, aya in AYA.items():
        for n in range(ROWS.get(code, 16)):
            question = f"{text_in(code, f'q{n}', 1)} {n}"
            answer = f"{text_in(code, f'a{n}', 2)} {n}"
            empty = code == "zh" and n in (3, 7, 11)
            rows.append({"inputs": question, "targets": "" if empty else answer})
            rows[-1] |= {"language_code": aya}
    return rows


def messages() -> list[dict]:
    """First turns in OASST1's columns."""
    return [
        {
            "message_id": f"{code}-{n}",
            "parent_id": None,
            "role": "prompter",
            "lang": code,
            "text": f"{hashlib.sha256(f'{code}{n}'.encode()).hexdigest()}?",  # unlike any row
            "deleted": False,
            "tree_state": "ready_for_export",
        }
        for code in EVALUATED
        for n in range(10)
    ]


def mmlu_repositories() -> list[Repository]:
    machine, human = {}, {}
    letters = "ABCD"
    for code in EVALUATED:
        options = {f"option_{x}": f"{text_in(code, x, 1)[:20]} {x}" for x in "abcd"}
        machine[code] = {
            split: [
                {"id": f"{s}/{split}/{n}", "instruction": f"{text_in(code, s, 1)} {split} {n}?"}
                | {**options, "answer": letters[n % 4]}
                for s in ("anatomy", "virology")
                for n in range(6)
            ]
            for split in ("test", "train")
        }
    for code, name in (("es", "ES_LA"), ("zh", "ZH_CN")):
        human[name] = {
            "test": [
                {"Question": f"{text_in(code, 'h' + s, 1)} {n}?", "Answer": letters[n % 4]}
                | {x: f"{text_in(code, x, 1)[:20]} {x}" for x in letters}
                | {"Subject": s}
                for s in ("anatomy", "virology")
                for n in range(6)
            ]
        }
    commit = commit_in("_mmlu.yaml", "human")
    return [
        table_repository("alexandrainst/m_mmlu", machine),
        table_repository("openai/MMMLU", human, commit),
    ]


def exam_repositories(folder: Path) -> list[Repository]:
    """C-Eval's 52 subjects and CMMLU's archive."""
    import io
    import zipfile

    tasks = {
        name: (ROOT / "tasks" / f"{name}.yaml").read_text("utf-8") for name in ("ceval", "cmmlu")
    }
    subjects = {name: yaml.safe_load(text)["metadata"]["subjects"] for name, text in tasks.items()}
    exam = {"A": "一", "B": "二", "C": "三", "D": "四", "answer": "A"}
    ceval = {
        s: {
            "val": [{"id": 0, "question": f"{named}？", **exam}],
            "dev": [{"id": n, "question": f"{named}，第{n}题？", **exam} for n in range(5)],
        }
        for s, named in subjects["ceval"].items()
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as content:
        for split, count in (("dev", 5), ("test", 1)):
            for s, named in subjects["cmmlu"].items():
                rows = [f"{n},{named}{split}{n}？,一,二,三,四,B" for n in range(count)]
                content.writestr(f"{split}/{s}.csv", "\n".join([",Question,A,B,C,D,Answer", *rows]))
    archive = {"cmmlu_v1_0_1.zip": packed.getvalue()}
    return [
        table_repository("ceval/ceval-exam", ceval, commit_in("ceval.yaml", "test")),
        Repository("dataset", "lmlmcat/cmmlu", archive, commit=commit_in("cmmlu.yaml", "archive")),
    ]


def reading_repositories() -> list[Repository]:
    """XQuAD and TyDi QA."""

    def passage(code: str, n: int) -> dict:
        context = text_in(code, f"c{n}", 3)
        gold = {"text": [context[:12].strip()], "answer_start": [0]}
        question = f"{text_in(code, f'r{n}', 1)} {n}?"
        return {"title": "t", "context": context, "question": question, "answers": gold}

    xquad = {
        f"xquad.{code}": {"validation": [{"id": f"x{n}", **passage(code, n)} for n in range(9)]}
        for code in EVALUATED
    }
    tydiqa = {
        split: [
            {"id": f"{name}-{split}-{n}", **passage(code, n + 10 * (split == "train"))}
            for name, code in (("arabic", "ar"), ("russian", "ru"))
            for n in range(9)
        ]
        for split in ("train", "validation")
    }
    return [
        table_repository("google/xquad", xquad, commit_in("xquad.yaml", "test")),
        table_repository(
            "google-research-datasets/tydiqa",
            {"secondary_task": tydiqa},
            commit_in("tydiqa.yaml", "test"),
        ),
    ]


HEADS = {
    "es": ("Pregunta: ", "Respuesta paso a paso: ", "La respuesta es {}."),
    "ru": ("Задача: ", "Пошаговоерешение: ", "Ответ — {}."),
    "zh": ("问题：", "逐步解答：", "答案是 {}。"),
}


def mgsm_repository() -> Repository:
    tables = {}
    for code, (question, steps, end) in HEADS.items():
        tables[code] = {
            "train": [
                {
                    "question": f"{question}{n} + 2?",
                    "answer": f"{steps}{n} + 2. {end.format(n + 2)}",
                }
                | {"answer_number": n + 2}
                for n in range(8)
            ],
            "test": [
                {"question": f"{n} + 3?", "answer": None, "answer_number": n + 3} for n in range(9)
            ],
        }
    return table_repository("juletxara/mgsm", tables, commit_in("mgsm.yaml", "test"))


def question_repository() -> Repository:
    """The translated questions, by an address of the stand-in: name a path in it."""
    files = {
        f"test_{code}.jsonl": "\n".join(
            json.dumps({"id": f"t{n}", "prompt": f"{text_in(code, f't{n}', 1)} {n}?"})
            for n in range(4)
        ).encode()
        for code in EVALUATED
    }
    return Repository("dataset", "standin/questions", files)


def paper_repositories(
    folder: Path, study: dict, models: list[str] | None = None
) -> list[Repository]:
    """Every repository of the paper's study, or of some of its models, which lie below `folder`."""
    found = []
    texts = [render_prompt("", "alpaca"), *(text for own in SENTENCES.values() for text in own)]
    for name in models or study["models"]:
        spec = study["models"][name]
        owner = spec["base"].partition("/")[0]
        place = save_model(folder / name, KINDS[owner], vocabulary=2000, texts=texts, **SHAPE)
        files = {path.name: path.read_bytes() for path in place.iterdir()}
        found.append(Repository("model", spec["base"], files, gated=bool(spec.get("gated"))))
    aya, drawn = study["sample"]["dataset"], study["answer"]["questions"]["native"]["draw"]
    for source, rows in ((aya, instruction_rows()), (drawn["dataset"], messages())):
        files = {"data/train.jsonl": "\n".join(map(json.dumps, rows)).encode()}
        found.append(Repository("dataset", source["hub"], files, commit=source["revision"]))
    return [
        *found,
        *mmlu_repositories(),
        *exam_repositories(folder),
        *reading_repositories(),
        mgsm_repository(),
        question_repository(),
    ]


def sampled_down(study: dict, hub: Hub, services: Services, **changes) -> dict:
    """What a second --configfile says: stand-ins' addresses, eight items, three questions, one epoch."""
    path = f"{hub.url}/datasets/standin/questions/resolve/main/test_{{language}}.jsonl"
    short = {"max_new_tokens": 3}
    return {
        "translate": {
            "translators": {
                name: {"base_url": services.base_url(spec["backend"])}
                for name, spec in study["translate"]["translators"].items()
            }
        },
        "finetune": {"epochs": 1, "max_length": 160, "limit": 12, "validation": 0.2},
        "evaluate": {
            "limit": 8,
            "benchmarks": {name: short for name in ("tydiqa", "xquad", "mgsm")},
        },
        "answer": {
            "max_new_tokens": 8,
            "questions": {
                "translated": {"path": path, "limit": 3},
                "native": {"draw": {"rows": 3}},
            },
        },
        "judge": {
            "judges": {
                name: {"base_url": services.base_url(spec["backend"])}
                for name, spec in study["judge"]["judges"].items()
            }
        },
        "correlate": {"resamples": 50},
        **changes,
    }

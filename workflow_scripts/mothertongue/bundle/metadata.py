"""Croissant metadata of a bundle: what machines read to find its files and the columns of its scores.

In version 1.0 of the format, which the library mlcroissant validates.
"""

import mimetypes
from datetime import date
from pathlib import Path
from typing import Any

from ..files import file_hash, write_json
from ..scores import COLUMNS

METADATA = "croissant.json"
FORMAT = "http://mlcommons.org/croissant/1.0"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {"String": "sc:Text", "Float64": "sc:Float", "Int64": "sc:Integer"}
FORMS = {
    ".parquet": "application/x-parquet",
    ".jsonl": "application/jsonlines",
    ".yaml": "application/yaml",
    ".md": "text/markdown",
    ".bib": "application/x-bibtex",
}
SCORES = "results/scores.csv"


def form_of(name: str) -> str:
    """The media type of a file."""
    return FORMS.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "text/plain"


def croissant(
    folder: Path, names: list[str], *, study: str, description: str, version: str
) -> dict[str, Any]:
    """The metadata of a bundle with these files."""
    licence = "https://www.apache.org/licenses/LICENSE-2.0"
    files = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": form_of(name),
            "contentSize": f"{(folder / name).stat().st_size} B",
            "sha256": file_hash(folder / name),
        }
        for name in names
    ]
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"scores/{column}",
            "name": column,
            "dataType": TYPES[kind],
            "source": {"fileObject": {"@id": SCORES}, "extract": {"column": column}},
        }
        for column, kind in COLUMNS.items()
    ]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": FORMAT,
        "name": study,
        "description": description or f"Results of the study {study}.",
        "license": licence,
        "url": "https://schema.org/Dataset",
        "version": "1.0.0",
        "datePublished": date.today().isoformat(),
        "creator": {"@type": "sc:Organization", "name": f"The authors of the study {study}"},
        "keywords": ["evaluation", "instruction tuning", f"mothertongue {version}"],
        "citeAs": (folder / "CITATION.bib").read_text(encoding="utf-8"),
        "distribution": files,
        "recordSet": [{"@type": "cr:RecordSet", "@id": "scores", "name": "scores", "field": fields}]
        if SCORES in names
        else [],
    }


def write_metadata(folder: Path, names: list[str], **facts: Any) -> None:
    """Write croissant.json into a bundle."""
    write_json(folder / METADATA, croissant(folder, names, **facts))

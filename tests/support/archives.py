"""An archive of CMMLU as the hub has it, made up."""

import zipfile


def archive(path, columns="Question,A,B,C,D,Answer"):
    with zipfile.ZipFile(path, "w") as content:
        for split in ("dev", "test"):
            for subject in ("agronomy", "anatomy"):
                rows = f",{columns}\n0,{subject}?,1,2,3,4,B\n"
                content.writestr(f"{split}/{subject}.csv", rows)
    return path

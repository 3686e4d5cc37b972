# replies: what services have said and were paid for, in one file.
# in:   the store of replies (undeclared; mothertongue/study/paths.py says where)
# out:  <results>/replies.parquet   to be replayed without network (replies.replay)
# Made anew whenever it is asked for: the store has changed.


include: "common.smk"


import time

from mothertongue.rules.estimate import store_beside_export


rule export_replies:
    """Every stored reply in one file, to be replayed without network."""
    output:
        "<results>/replies.parquet",
    log:
        "<logs>/estimate/export_replies.log",
    benchmark:
        "<benchmarks>/estimate/export_replies.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        store=store_beside_export,
        asked=time.time(),
    script:
        "../workflow_scripts/export_replies.py"

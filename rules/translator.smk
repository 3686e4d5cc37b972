# What translate and roundtrip share: TRANSLATING. Holds no rules; include it freely.


include: "common.smk"


from mothertongue.rules.translate import Translating

TRANSLATING = Translating(PLAN)

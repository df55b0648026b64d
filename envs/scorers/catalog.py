"""The scorers that ship: names, entry points and summaries, as strings that import nothing."""

SCORERS = (
    ("bleu", "lexigym.envs.scorers.bleu:Bleu", "sentence BLEU, as sacrebleu has it"),
    ("chrf", "lexigym.envs.scorers.chrf:ChrF", "sentence chrF, as sacrebleu has it"),
    ("distinct", "lexigym.envs.scorers.distinct:Distinct", "no bigram and no word repeated"),
    ("exact_match", "lexigym.envs.scorers.squad:ExactMatch", "a reference, by the rules of SQuAD"),
    ("f1", "lexigym.envs.scorers.squad:F1", "words shared with a reference, as SQuAD counts"),
    ("fluency", "lexigym.envs.scorers.fluency:Fluency", "likely for an n-gram model of a corpus"),
    ("keywords", "lexigym.envs.scorers.keywords:Keywords", "share of the required words"),
    ("language", "lexigym.envs.scorers.language:Language", "in the wanted language (py3langid)"),
    ("length", "lexigym.envs.scorers.length:Length", "neither too short nor too long"),
    ("regex", "lexigym.envs.scorers.regex:Regex", "matched by a regular expression"),
    ("sentiment", "lexigym.envs.scorers.sentiment:Sentiment", "positive, in English (VADER)"),
    (
        "similarity",
        "lexigym.envs.scorers.similarity:Similarity",
        "near to a reference in meaning (sentence-transformers)",
    ),
)

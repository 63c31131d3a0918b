"""Writes the parity vectors of the raw-text statistics: `models/fixtures/text-stats.json`."""

from __future__ import annotations

import json

from bourse.artefact import write_text
from bourse.data import MODELS
from bourse.fixtures import TEXTS
from bourse.stats import NAMES, text_stats

EXTRA = ("A. one\nB) two\nC - three\n(D) four\r\nE.five", "1.5 and 22/7; end.", "Really?  ", "`a` ``` b ```\n",
         "lone \ud800 surrogate", "tab\tand\u00a0nbsp", "?!", "Aa.\nBb!")

if __name__ == "__main__":
    cases = [{"text": text, "stats": {k: round(v, 6) for k, v in text_stats(text).items()}}
             for text in (*TEXTS, *EXTRA)]
    # ASCII escapes: lone surrogates have no UTF-8 form.
    write_text(MODELS / "fixtures" / "text-stats.json",
               json.dumps({"names": list(NAMES), "cases": cases}, ensure_ascii=True, indent=1) + "\n")

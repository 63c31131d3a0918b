"""Words and what they can be: first names, places, nationalities … from Faker and own lists; common words from texts."""

from __future__ import annotations

import re
from collections import Counter

from ..data import rows
from . import values as v
from .synthesis import read_lines

BITS = {"first": 1, "last": 2, "city": 4, "country": 8, "demonym": 16, "street": 32, "company": 64, "job": 128,
        "honorific": 256, "month": 512, "common": 1024}
"""As in src/encoder/pii/lexicon.ts."""

STREET_WORDS = ("street st road rd avenue ave lane ln drive dr way court ct square sq place pl boulevard blvd terrace close park hill "
                "crescent mews circle highway hwy route alley row walk quay embankment parkway pkwy plaza strasse straße gasse weg "
                "allee platz rue via viale piazza calle avenida rua carrer camino paseo plaza ulica ul ulice utca tér út gatan "
                "vägen gade vej straat laan plein katu tie kuja gata gate veien suite apt apartment unit flat floor box po psc apo "
                "fpo dpo strada trg cesta nabrzeże náměstí körút rruga leoforos odos travessa praça largo impasse chemin quai "
                "cours route corner intersection").split()
MONTHS = ("january february march april may june july august september october november december jan feb mar apr jun jul aug sep "
          "sept oct nov dec monday tuesday wednesday thursday friday saturday sunday").split()
WORD = re.compile(r"[^\W\d_]+")
PER_PROVIDER = 1500
FREQUENT = 150
"""A common word seen this often is no name in lower case, whatever lists say."""

COMMON_FILES = ["domain/mmlu_pro.jsonl.gz", "guard/jailbreak_train.jsonl.gz", "halluc/halueval_general.jsonl.gz", "tools/metatool.jsonl.gz"]
TEXT_FIELDS = ["text", "user_query", "chatgpt_response", "Query"]


def _provided(what: str, locales: list[str]) -> Counter:
    """Words of a Faker provider's values, by how often they were drawn."""
    out: Counter = Counter()
    for locale in locales:
        fake = v.faker(locale)
        if not hasattr(fake, what):
            continue
        fake.seed_instance(f"lexicon/{locale}/{what}")
        for _ in range(PER_PROVIDER):
            out.update(set(WORD.findall(str(getattr(fake, what)()))))
    return out


INSIDE = re.compile(r"(?<=[a-z,;] )[^\W\d_]+")
"""A word inside a sentence, where its case means something."""


def common_words(least: int = 8) -> dict[str, int]:
    """Words that texts have in lower case at least eight times in ten inside sentences, with their counts."""
    lower: Counter = Counter()
    all_: Counter = Counter()
    for name in COMMON_FILES:
        for row in rows(name):
            for field in TEXT_FIELDS:
                if isinstance(row.get(field), str):
                    for word in INSIDE.findall(row[field]):
                        all_[word.lower()] += 1
                        lower[word] += word == word.lower()
    return {w: n for w, n in all_.items() if n >= least and lower[w] >= 0.8 * n and w.isascii()}


def build() -> dict[str, int]:
    """Bits per word in lower case."""
    out: Counter = Counter()

    def add(words: list[str] | set[str], name: str) -> None:
        for word in {w.lower() for w in words if len(w) >= 2 or name == "honorific"}:
            out[word] |= BITS[name]

    def words_of(values: list[str]) -> list[str]:
        return [word for value in values for word in WORD.findall(value)]

    common = common_words()
    own = [name.split() for name in v.LATIN_NAMES.values()]
    firsts = _provided("first_name", v.LOCALES)
    add([w for w in firsts if len(w) > 1] + [w for names in own for w in names[: len(names) // 2]], "first")
    lasts = _provided("last_name", v.LOCALES)
    add([w for w in lasts if w[0].isupper()] + [w for names in own for w in names[len(names) // 2 :]], "last")
    cities = _provided("city", [x for x in v.LOCALES if not x.startswith("en_")])
    add([w for w in cities if w[0].isupper() and (w not in lasts or cities[w] > 3) and w not in firsts] + words_of(v.CITIES + v.REGIONS), "city")
    fake = v.faker("en_US")
    fake.seed_instance("countries")
    countries = {fake.country() for _ in range(4000)}
    add([w for c in countries for w in WORD.findall(c) if w.lower() not in common and w[0].isupper()], "country")
    add(v.NATIONS + v.PEOPLES + v.FAITHS + [n + "s" for n in v.NATIONS if n.endswith(("an", "i"))], "demonym")
    add(STREET_WORDS, "street")
    add(words_of(v.COMPANY_TAILS), "company")
    add(words_of(v.KNOWN_COMPANIES), "company")
    add(words_of(v.OWN_JOBS), "job")
    job_words: Counter = Counter()
    for locale in ("en_US",):
        for _ in range(4000):
            job_words.update(WORD.findall(v.faker(locale).job()))
    add([w for w in job_words if len(w) > 3], "job")
    add(words_of(v.HONORIFICS), "honorific")
    add(MONTHS, "month")
    only_common = BITS["month"] | BITS["street"] | BITS["honorific"]
    for word, count in common.items():
        if count >= FREQUENT:
            out[word] &= only_common
        out[word] |= BITS["common"]
    return {word: bits for word, bits in sorted(out.items()) if bits}

import {
  FALLBACK,
  GROUP,
  INTENTS,
  KEYWORDS,
  one,
  route,
  routes,
  SCORE,
  SIMILAR,
} from './faulty-policies.ts';

/** Near misses: policies of the same shapes in which nothing is wrong. */
export const CLEAN: readonly (readonly [name: string, yaml: string])[] = [
  // Numbers.
  [
    'a range',
    one('{ all: [{ contextTokens: { atLeast: 1000 } }, { contextTokens: { below: 8000 } }] }'),
  ],
  [
    'ends that touch and meet',
    one('{ all: [{ contextTokens: { atMost: 500 } }, { contextTokens: { atLeast: 500 } }] }'),
  ],
  [
    'one integer between',
    one('{ all: [{ contextTokens: { above: 3 } }, { contextTokens: { below: 5 } }] }'),
  ],
  [
    'reals between',
    one('{ all: [{ complexity: { above: 0.3 } }, { complexity: { below: 0.4 } }] }'),
  ],
  [
    'a nested not that agrees',
    one(
      '{ all: [{ contextTokens: { atLeast: 800 } }, { not: { not: { contextTokens: { below: 900 } } } }] }',
    ),
  ],
  [
    'two members of one record',
    one('{ structure: { words: { atLeast: 5 } }, not: { structure: { lines: { atLeast: 3 } } } }'),
  ],
  [
    'two parts of the pool',
    one(
      '{ all: [{ pool: { of: { site: on-prem }, queue: { atLeast: 20 } } }, { pool: { of: { site: cloud }, queue: { below: 5 } } }] }',
    ),
  ],
  ['near to certainty', one('{ complexity: { atLeast: 0.99 } }')],
  ['a probable domain', one('{ domain: { anyOf: math, confidence: 0.99 } }')],
  ['a count of nothing', one('{ structure: { words: { equals: 0 } } }')],
  ['an idle pool', one('{ pool: { kvUsage: { atMost: 0 } } }')],
  // Not always true.
  [
    'ranges with a gap',
    one('{ any: [{ contextTokens: { below: 600 } }, { contextTokens: { atLeast: 700 } }] }'),
  ],
  ['any positive number', one('{ contextTokens: { above: 10 } }')],
  ['one thing or not another', one('{ any: [{ role: a }, { not: { role: b } }] }')],
  // Exclusive classes, sets, keywords.
  ['either of two domains', one('{ any: [{ domain: math }, { domain: law }] }')],
  ['sets that meet', one('{ all: [{ domain: [math, physics] }, { domain: [physics, law] }] }')],
  [
    'two domains with a third each',
    one(
      '{ all: [{ domain: { anyOf: math, confidence: 0.4 } }, { domain: { anyOf: law, confidence: 0.4 } }] }',
    ),
  ],
  ['a set without a part', one('{ domain: [math, law], not: { domain: math } }')],
  ['one domain and not another', one('{ domain: math, not: { domain: law } }')],
  ['one of two languages', one('{ all: [{ language: [de, fr] }, { language: [fr, it] }] }')],
  ['another language than two', one('{ not: { any: [{ language: de }, { language: fr }] } }')],
  ['one intent and not another', `${INTENTS}${one('{ intent: refund, not: { intent: login } }')}`],
  ['a picture with sound', one('{ all: [{ modality: image }, { modality: audio }] }')],
  ['two roles', one('{ all: [{ role: a }, { role: b }] }')],
  [
    'two headers',
    one(
      '{ all: [{ metadata: { header: x-team, equals: a } }, { metadata: { header: x-site, equals: b } }] }',
    ),
  ],
  [
    'a header that is set otherwise',
    one(
      '{ metadata: { header: x-team, exists: true }, not: { metadata: { header: x-team, oneOf: [a, b] } } }',
    ),
  ],
  [
    'windows that meet',
    one(
      '{ all: [{ time: { from: "08:00", to: "12:00" } }, { time: { from: "11:00", to: "18:00" } }] }',
    ),
  ],
  [
    'the night of a day',
    one(
      '{ all: [{ time: { days: [sat], from: "22:00", to: "06:00" } }, { time: { days: sun } }] }',
    ),
  ],
  [
    'zones that differ',
    one(
      '{ all: [{ time: { from: "08:00", to: "09:00", zone: Europe/Berlin } }, { time: { from: "06:00", to: "07:30" } }] }',
    ),
  ],
  ['one word of a set', `${KEYWORDS}${one('{ keyword: metals, not: { keyword: titan } }')}`],
  ['personal data of another type', one('{ pii: true, not: { pii: IBAN_CODE } }')],
  [
    'less sure of a type',
    one(
      '{ all: [{ pii: { anyOf: PERSON, confidence: 0.4 } }, { not: { pii: { anyOf: PERSON, confidence: 0.9 } } }] }',
    ),
  ],
  // Nested nots, counts, named conditions.
  [
    'de Morgan, rightly',
    one('{ all: [{ not: { all: [{ role: a }, { role: b }] } }, { role: [a, b] }] }'),
  ],
  [
    'one of exclusive classes',
    one('{ atLeast: { n: 1, of: [{ domain: math }, { domain: law }] } }'),
  ],
  [
    'two of three, two of which exclude',
    one('{ atLeast: { n: 2, of: [{ domain: math }, { domain: law }, { role: a }] } }'),
  ],
  [
    'a named condition and its complement elsewhere',
    `conditions:\n  - { name: long, when: { contextTokens: { atLeast: 4000 } } }\n${routes(route('r', '{ condition: long }'), route('s', '{ not: { condition: long }, role: a }', 'mode: accuracy'))}`,
  ],
  [
    'what is unknown counts',
    routes(route('r', '{ all: [{ language: de, onError: match }, { not: { language: fr } }] }')),
  ],
  [
    'only where a signal fails',
    routes(
      route(
        'r',
        '{ all: [{ domain: math, onError: match }, { not: { domain: math }, onError: match }] }',
      ),
    ),
  ],
  // Similarity caps.
  [
    'caps that meet',
    `${SIMILAR}${one('{ all: [{ similarity: { name: bills, atLeast: 0.3 } }, { similarity: { name: poems, atLeast: 0.1 } }] }')}`,
  ],
  [
    'a cap around another',
    `${SIMILAR}${routes(route('narrow', '{ similarity: { name: again, atLeast: 0.8 } }', 'mode: accuracy'), route('wide', '{ similarity: { name: bills, atLeast: 0.7 } }'))}`,
  ],
  // Scores and groups.
  ['a sum that can be reached', `${SCORE}${one('{ score: { name: risk, atLeast: 0.5 } }')}`],
  [
    'a band between',
    `${SCORE}      bands: [{ name: low, atLeast: 0 }, { name: mid, atLeast: 0.25 }, { name: high, atLeast: 0.5 }]\n${one('{ score: { name: risk, band: mid } }')}`,
  ],
  [
    'a score of measures',
    `signals:\n  scores:\n    - name: risk\n      terms: [{ value: complexity, weight: 0.6 }, { value: jailbreak, weight: 0.4 }]\n${one('{ score: { name: risk, atLeast: 0.7 } }')}`,
  ],
  [
    'a winner',
    `${GROUP}${one('{ group: { name: desk, is: short }, contextTokens: { atLeast: 50 } }')}`,
  ],
  ['a sure winner', `${GROUP}${one('{ group: { name: desk, is: law, confidence: 0.7 } }')}`],
  // Orders that are meant.
  [
    'the special case first',
    routes(
      route('narrow', '{ role: a, language: de }', 'mode: accuracy'),
      route('wide', '{ role: a }'),
      FALLBACK,
    ),
  ],
  [
    'classes side by side',
    routes(
      route('maths', '{ domain: math }'),
      route('law', '{ domain: law }', 'mode: accuracy'),
      FALLBACK,
    ),
  ],
  [
    'ranges side by side',
    routes(
      route('low', '{ contextTokens: { below: 500 } }'),
      route('high', '{ contextTokens: { atLeast: 500 } }', 'mode: accuracy'),
      FALLBACK,
    ),
  ],
  [
    'an overlap that priorities settle',
    routes(
      route('maths', '{ domain: math }', 'mode: eco', 'priority: 1, '),
      route('long', '{ contextTokens: { atLeast: 500 } }', 'mode: accuracy'),
    ),
  ],
  [
    'an overlap that gives the same',
    routes(
      route('maths', '{ domain: math }'),
      route('long', '{ contextTokens: { atLeast: 500 } }'),
    ),
  ],
  [
    'an overlap that another route takes',
    routes(
      route('both', '{ domain: math, language: de }', 'mode: latency', 'priority: 1, '),
      route('maths', '{ domain: math }', 'mode: eco'),
      route('de', '{ language: de }', 'mode: accuracy'),
    ),
  ],
  // Constraints, limits, budgets, examples.
  [
    'a constraint that leaves somebody',
    `constraints:\n  - { name: c, when: { role: a }, require: { site: on-prem } }\n${routes(route('r', '{ role: a }', 'models: [small]'), FALLBACK)}`,
  ],
  [
    'a constraint that its route excludes',
    `constraints:\n  - { name: c, when: { role: a }, require: { site: on-prem } }\n${routes(route('r', '{ not: { role: a }, language: de }', 'models: [large]'), FALLBACK)}`,
  ],
  [
    'constraints that never meet',
    `constraints:\n  - { name: c, when: { language: de }, forbid: { site: on-prem } }\n  - { name: d, when: { language: fr }, forbid: { tier: top } }\n${routes(FALLBACK)}`,
  ],
  [
    'a refusal',
    `constraints:\n  - { name: c, when: { role: a }, refuse: not for you }\n${routes(FALLBACK)}`,
  ],
  [
    'a limit that can be met',
    routes(
      route('r', '{ contextTokens: { atLeast: 100000 } }', 'limits: { maxCostUsd: 0.5 }'),
      FALLBACK,
    ),
  ],
  [
    'a small budget',
    `budgets:\n  - { tenant: "*", per: day, tokens: 2000, usd: 0.01 }\n${routes(FALLBACK)}`,
  ],
  [
    'examples of one topic',
    `${INTENTS}${routes(route('r', '{ intent: refund }'), route('s', '{ intent: login }', 'mode: accuracy'))}`,
  ],
];

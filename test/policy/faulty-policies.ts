/** A policy with one fault, and where it is: the code of the finding, and its path. */
export type Faulty = readonly [name: string, yaml: string, code: string, path: string];

export const route = (name: string, when: string, use = 'mode: eco', more = ''): string =>
  `  - { name: ${name}, ${more}when: ${when}, use: { ${use} } }\n`;
export const routes = (...each: readonly string[]): string => `routes:\n${each.join('')}`;
export const one = (when: string): string => routes(route('r', when));

export const KEYWORDS = `signals:
  keywords:
    - { name: titan, anyOf: [titan] }
    - { name: metals, anyOf: [titan, iron] }
    - { name: both, allOf: [titan, iron] }
    - { name: neither, noneOf: [titan, iron] }
`;
export const INTENTS = `signals:
  intents:
    - { name: refund, examples: [I want my money back, please refund my order, give me a refund] }
    - { name: login, examples: [I cannot log in, my password does not work, reset my password] }
`;
export const SIMILAR = `signals:
  similarities:
    - { name: bills, examples: [When is my bill due?, Why is my invoice so high?] }
    - { name: poems, examples: [Write a sonnet about the sea.] }
    - { name: again, examples: [When is my bill due?] }
`;
export const SCORE = `signals:
  scores:
    - name: risk
      terms:
        - { when: { domain: law }, weight: 0.5 }
        - { when: { domain: health }, weight: 0.5 }
        - { when: { role: staff }, weight: -0.25 }
`;
export const GROUP = `signals:
  groups:
    - name: desk
      of: [{ name: law, when: { domain: law } }, { name: short, when: { contextTokens: { below: 100 } } }]
`;
export const FALLBACK = '  - { name: default, use: { models: "*" } }\n';

const W = 'routes[0].when';

export const FAULTY: readonly Faulty[] = [
  // Numbers.
  [
    'a range turned round',
    one('{ all: [{ contextTokens: { below: 1000 } }, { contextTokens: { atLeast: 8000 } }] }'),
    'contradiction',
    `${W}.all[0].contextTokens`,
  ],
  [
    'ends that touch and exclude',
    one('{ all: [{ contextTokens: { below: 500 } }, { contextTokens: { atLeast: 500 } }] }'),
    'contradiction',
    `${W}.all[0].contextTokens`,
  ],
  [
    'no integer between',
    one('{ all: [{ contextTokens: { above: 3 } }, { contextTokens: { below: 4 } }] }'),
    'contradiction',
    `${W}.all[0].contextTokens`,
  ],
  [
    'a range and its nested not',
    one(
      '{ all: [{ contextTokens: { atLeast: 800 } }, { not: { not: { contextTokens: { below: 700 } } } }] }',
    ),
    'contradiction',
    `${W}.all[0].contextTokens`,
  ],
  [
    'two equals',
    one(
      '{ conversation: { turns: { equals: 2 } }, all: [{ conversation: { turns: { equals: 3 }, messages: { atLeast: 1 } } }] }',
    ),
    'contradiction',
    `${W}.conversation`,
  ],
  [
    'a count of one record against another',
    one('{ structure: { words: { below: 5 } }, not: { structure: { words: { below: 9 } } } }'),
    'contradiction',
    `${W}.structure`,
  ],
  [
    'a measure of the pool',
    one(
      '{ all: [{ pool: { queue: { atLeast: 20 } } }, { pool: { queue: { below: 5 }, ready: { atLeast: 1 } } }] }',
    ),
    'contradiction',
    `${W}.all[0].pool`,
  ],
  [
    'probability against itself',
    one('{ complexity: { atLeast: 0.7 }, not: { complexity: { atLeast: 0.3 } } }'),
    'contradiction',
    `${W}.complexity`,
  ],
  [
    'the named threshold against a bound',
    one('{ all: [{ reasoning: true }, { reasoning: { below: 0.2 } }] }'),
    'contradiction',
    `${W}.all[0].reasoning`,
  ],
  [
    'never above what a share can be',
    one('{ complexity: { atLeast: 1.5 } }'),
    'unreachable-threshold',
    `${W}.complexity`,
  ],
  [
    'certainty that no model has',
    one('{ domain: { anyOf: math, confidence: 1 } }'),
    'unreachable-threshold',
    `${W}.domain`,
  ],
  [
    'a jailbreak beyond certainty',
    one('{ any: [{ role: a }, { jailbreak: { above: 1 } }] }'),
    'unreachable-threshold',
    `${W}.any[1].jailbreak`,
  ],
  [
    'a negative count',
    one('{ structure: { words: { below: 0 } } }'),
    'unreachable-threshold',
    `${W}.structure`,
  ],
  [
    'more than all of the memory',
    one('{ pool: { kvUsage: { above: 1 } } }'),
    'unreachable-threshold',
    `${W}.pool`,
  ],
  [
    'a cosine above 1',
    `${SIMILAR}${one('{ similarity: { name: bills, atLeast: 1.2 } }')}`,
    'unreachable-threshold',
    `${W}.similarity`,
  ],
  [
    'certainty of an intent',
    `${INTENTS}${one('{ intent: { anyOf: refund, confidence: 1 } }')}`,
    'unreachable-threshold',
    `${W}.intent`,
  ],
  // Always true.
  ['any number', one('{ contextTokens: { atLeast: 0 } }'), 'always-true', `${W}.contextTokens`],
  [
    'any probability',
    one('{ all: [{ role: a }, { complexity: { atLeast: 0 } }] }'),
    'always-true',
    `${W}.all[1].complexity`,
  ],
  [
    'a thing or not',
    one('{ any: [{ role: a }, { not: { role: a } }] }'),
    'always-true',
    `${W}.any`,
  ],
  [
    'ranges without a gap',
    one('{ any: [{ contextTokens: { below: 700 } }, { contextTokens: { atLeast: 600 } }] }'),
    'always-true',
    `${W}.any`,
  ],
  [
    'at least one of what is complete',
    one('{ atLeast: { n: 1, of: [{ role: a }, { language: de }, { not: { language: de } }] } }'),
    'always-true',
    `${W}.atLeast`,
  ],
  [
    'a constraint for everybody',
    `constraints:\n  - { name: c, when: { any: [{ role: a }, { not: { role: a } }] }, forbid: { model: large } }\n${routes(FALLBACK)}`,
    'always-true',
    'constraints[0].when.any',
  ],
  // Exclusive classes, sets, keywords.
  [
    'two domains',
    one('{ all: [{ domain: math }, { domain: law }] }'),
    'contradiction',
    `${W}.all[0].domain`,
  ],
  [
    'two sets of domains',
    one(
      '{ all: [{ domain: [math, physics] }, { domain: { anyOf: [law, health], confidence: 0.6 } }] }',
    ),
    'contradiction',
    `${W}.all[0].domain`,
  ],
  [
    'three domains with a third each',
    one(
      '{ all: [{ domain: { anyOf: math, confidence: 0.4 } }, { domain: { anyOf: law, confidence: 0.4 } }, { domain: { anyOf: health, confidence: 0.4 } }] }',
    ),
    'contradiction',
    `${W}.all[0].domain`,
  ],
  [
    'part of a set without the set',
    one('{ domain: math, not: { domain: [math, law] } }'),
    'contradiction',
    `${W}.domain`,
  ],
  [
    'two languages',
    one('{ all: [{ language: de }, { language: [fr, it] }] }'),
    'contradiction',
    `${W}.all[0].language`,
  ],
  [
    'two moods',
    one('{ all: [{ feedback: wrong }, { feedback: satisfied }] }'),
    'contradiction',
    `${W}.all[0].feedback`,
  ],
  [
    'two intents',
    `${INTENTS}${one('{ all: [{ intent: refund }, { intent: login }] }')}`,
    'contradiction',
    `${W}.all[0].intent`,
  ],
  [
    'two intents with low confidence',
    `${INTENTS}${one('{ all: [{ intent: { anyOf: refund, confidence: 0.1 } }, { intent: { anyOf: login, confidence: 0.1 } }] }')}`,
    'contradiction',
    `${W}.all[0].intent`,
  ],
  [
    'text with a picture',
    one('{ all: [{ modality: text }, { modality: image }] }'),
    'contradiction',
    `${W}.all[0].modality`,
  ],
  [
    'a picture by two names',
    one('{ modality: text, conversation: { images: true } }'),
    'contradiction',
    `${W}.modality`,
  ],
  [
    'two values of one header',
    one(
      '{ all: [{ metadata: { header: x-team, equals: a } }, { metadata: { header: x-team, oneOf: [b, c] } }] }',
    ),
    'contradiction',
    `${W}.all[0].metadata`,
  ],
  [
    'a header that is absent and set',
    one(
      '{ all: [{ metadata: { header: x-team, equals: a } }, { metadata: { header: x-team, exists: false } }] }',
    ),
    'contradiction',
    `${W}.all[0].metadata`,
  ],
  [
    'windows that do not meet',
    one(
      '{ all: [{ time: { from: "08:00", to: "12:00" } }, { time: { from: "13:00", to: "18:00" } }] }',
    ),
    'contradiction',
    `${W}.all[0].time`,
  ],
  [
    'days that do not meet',
    one(
      '{ all: [{ time: { days: [mon, tue] } }, { time: { days: [sat], from: "22:00", to: "06:00" } }] }',
    ),
    'contradiction',
    `${W}.all[0].time`,
  ],
  [
    'all of the words and none',
    `${KEYWORDS}${one('{ all: [{ keyword: both }, { keyword: neither }] }')}`,
    'contradiction',
    `${W}.all[0].keyword`,
  ],
  [
    'a word without its set',
    `${KEYWORDS}${one('{ keyword: titan, not: { keyword: metals } }')}`,
    'contradiction',
    `${W}.keyword`,
  ],
  [
    'a type of personal data without any',
    one('{ pii: IBAN_CODE, not: { pii: true } }'),
    'contradiction',
    `${W}.pii`,
  ],
  [
    'surer of a type than not',
    one(
      '{ all: [{ pii: { anyOf: PERSON, confidence: 0.9 } }, { not: { pii: { anyOf: PERSON, confidence: 0.4 } } }] }',
    ),
    'contradiction',
    `${W}.all[0].pii`,
  ],
  // Nested nots, counts, named conditions.
  [
    'de Morgan',
    one('{ all: [{ not: { any: [{ role: a }, { role: b }] } }, { role: [a, b] }] }'),
    'contradiction',
    `${W}.all[0].not.any[0].role`,
  ],
  [
    'a not of a not of a not',
    one('{ role: a, not: { not: { not: { role: a } } } }'),
    'contradiction',
    `${W}.role`,
  ],
  [
    'two of exclusive classes',
    one('{ atLeast: { n: 2, of: [{ domain: math }, { domain: law }, { domain: health }] } }'),
    'contradiction',
    `${W}.atLeast`,
  ],
  [
    'three of four of which two exclude two',
    one(
      '{ atLeast: { n: 3, of: [{ language: de }, { language: fr }, { role: a }, { not: { role: a } }] } }',
    ),
    'contradiction',
    `${W}.atLeast`,
  ],
  [
    'a dead branch',
    one('{ any: [{ role: a }, { all: [{ domain: math }, { domain: law }] }] }'),
    'contradiction',
    `${W}.any[1].all[0].domain`,
  ],
  [
    'a named condition that is none',
    `conditions:\n  - { name: odd, when: { language: de, all: [{ language: fr }] } }\n${one('{ any: [{ condition: odd }, { role: a }] }')}`,
    'contradiction',
    'conditions[0].when.language',
  ],
  [
    'a named condition and its opposite',
    `conditions:\n  - { name: long, when: { contextTokens: { atLeast: 4000 } } }\n${one('{ condition: long, contextTokens: { below: 4000 } }')}`,
    'contradiction',
    `${W}.condition`,
  ],
  [
    'a constraint that protects nothing',
    `constraints:\n  - { name: c, when: { role: a, not: { role: [a, b] } }, forbid: { model: large } }\n${routes(FALLBACK)}`,
    'contradiction',
    'constraints[0].when.role',
  ],
  // Similarity caps.
  [
    'caps that do not meet',
    `${SIMILAR}${one('{ all: [{ similarity: { name: bills, atLeast: 0.97 } }, { similarity: { name: poems, atLeast: 0.97 } }] }')}`,
    'contradiction',
    `${W}.all[0].similarity`,
  ],
  [
    'a cap inside another',
    `${SIMILAR}${one('{ all: [{ similarity: { name: again, atLeast: 0.9 } }, { similarity: { name: bills, below: 0.8 } }] }')}`,
    'contradiction',
    `${W}.all[0].similarity`,
  ],
  [
    'a route inside the cap of another',
    `${SIMILAR}${routes(route('wide', '{ similarity: { name: bills, atLeast: 0.7 } }', 'mode: eco'), route('narrow', '{ similarity: { name: again, atLeast: 0.8 } }', 'mode: accuracy'))}`,
    'shadowed-route',
    'routes[1]',
  ],
  // Scores and groups.
  [
    'a sum that classes cannot reach',
    `${SCORE}${one('{ score: { name: risk, atLeast: 0.9 } }')}`,
    'contradiction',
    `${W}.score`,
  ],
  [
    'a score against its own parts',
    `${SCORE}${one('{ score: { name: risk, atLeast: 0.2 }, role: staff, domain: math }')}`,
    'contradiction',
    `${W}.score`,
  ],
  [
    'a band that classes cannot reach',
    `${SCORE}      bands: [{ name: low, atLeast: 0 }, { name: high, atLeast: 0.75 }]\n${one('{ score: { name: risk, band: low } }')}`,
    'unreachable-band',
    'signals.scores[0].bands[1]',
  ],
  [
    'two winners',
    `${GROUP}${one('{ all: [{ group: { name: desk, is: law } }, { group: { name: desk, is: short } }] }')}`,
    'contradiction',
    `${W}.all[0].group`,
  ],
  [
    'a winner that lost',
    `${GROUP}${one('{ group: { name: desk, is: short }, not: { contextTokens: { below: 200 } } }')}`,
    'contradiction',
    `${W}.group`,
  ],
  [
    'surer than two can be',
    `${GROUP}${one('{ group: { name: desk, is: law, confidence: 0.9 } }')}`,
    'contradiction',
    `${W}.group`,
  ],
  // Shadowing.
  [
    'after the default',
    routes(FALLBACK, route('late', '{ role: a }')),
    'shadowed-route',
    'routes[1]',
  ],
  [
    'inside a range',
    routes(
      route('wide', '{ contextTokens: { atLeast: 100 } }'),
      route('narrow', '{ contextTokens: { atLeast: 500 } }', 'mode: accuracy'),
    ),
    'shadowed-route',
    'routes[1]',
  ],
  [
    'inside two ranges together',
    routes(
      route('low', '{ contextTokens: { below: 600 } }'),
      route('high', '{ contextTokens: { atLeast: 400 } }', 'mode: latency'),
      route('some', '{ role: a }', 'mode: accuracy'),
    ),
    'shadowed-route',
    'routes[2]',
  ],
  [
    'inside a set of classes',
    routes(
      route('science', '{ domain: [math, physics] }'),
      route('maths', '{ domain: math }', 'mode: accuracy'),
    ),
    'shadowed-route',
    'routes[1]',
  ],
  [
    'inside a word list',
    `${KEYWORDS}${routes(route('metals', '{ keyword: metals }'), route('titan', '{ keyword: titan }', 'mode: accuracy'))}`,
    'shadowed-route',
    'routes[1]',
  ],
  [
    'by a higher priority further down',
    routes(
      route('narrow', '{ role: a, language: de }', 'mode: accuracy'),
      route('wide', '{ role: a }', 'mode: eco', 'priority: 5, '),
    ),
    'shadowed-route',
    'routes[0]',
  ],
  [
    'by a lower tier',
    routes(
      route('narrow', '{ role: a, language: de }', 'mode: accuracy', 'priority: 9, '),
      route('wide', '{ role: a }', 'mode: eco', 'tier: -1, '),
    ),
    'shadowed-route',
    'routes[0]',
  ],
  [
    'by a condition under another name',
    `conditions:\n  - { name: staff, when: { role: [a, b] } }\n${routes(route('first', '{ condition: staff }'), route('second', '{ role: b }', 'mode: accuracy'))}`,
    'shadowed-route',
    'routes[1]',
  ],
  // Overlaps.
  [
    'of one rank',
    routes(
      route('maths', '{ domain: math }'),
      route('long', '{ contextTokens: { atLeast: 500 } }', 'mode: accuracy'),
    ),
    'overlapping-routes',
    'routes[1]',
  ],
  [
    'of ranges',
    routes(
      route('low', '{ contextTokens: { below: 600 } }'),
      route('high', '{ contextTokens: { atLeast: 400 } }', 'mode: accuracy'),
    ),
    'overlapping-routes',
    'routes[1]',
  ],
  [
    'of roles',
    routes(
      route('a', '{ role: a }', 'mode: eco', 'priority: 3, '),
      route('b', '{ role: b }', 'models: [large]', 'priority: 3, '),
    ),
    'overlapping-routes',
    'routes[1]',
  ],
  [
    'of languages and words',
    `${KEYWORDS}${routes(route('de', '{ language: de }'), route('titan', '{ keyword: titan }', 'mode: accuracy'))}`,
    'overlapping-routes',
    'routes[1]',
  ],
  // Constraints and whom they leave.
  [
    'a route without its only model',
    `constraints:\n  - { name: c, when: { role: a }, require: { site: on-prem } }\n${routes(route('r', '{ language: de }', 'models: [large]'), FALLBACK)}`,
    'empty-route',
    'constraints[0]',
  ],
  [
    'a route barred twice',
    `constraints:\n  - { name: c, when: { role: a }, forbid: { site: on-prem } }\n  - { name: d, when: { role: b }, forbid: { tier: top } }\n${routes(FALLBACK)}`,
    'conflicting-constraints',
    'constraints[1]',
  ],
  [
    'requires what it forbids',
    `constraints:\n  - { name: c, when: { role: a }, require: { site: on-prem }, forbid: { model: small } }\n${routes(FALLBACK)}`,
    'constraint-permits-nobody',
    'constraints[0]',
  ],
  [
    'a label that nobody has',
    `constraints:\n  - { name: c, when: { role: a }, require: { site: onprem } }\n${routes(FALLBACK)}`,
    'constraint-permits-nobody',
    'constraints[0]',
  ],
  [
    'an instance that is always barred',
    `constraints:\n  - { name: c, forbid: { site: cloud } }\n${routes(FALLBACK)}`,
    'unreachable-instance',
    'instances[1]',
  ],
  [
    'a model of no route',
    routes('  - { name: default, use: { models: [small] } }\n'),
    'unreachable-model',
    'models[1]',
  ],
  [
    'a model of a dead route',
    routes(
      route('dead', '{ all: [{ language: de }, { language: fr }] }', 'models: [large]'),
      '  - { name: default, use: { models: [small] } }\n',
    ),
    'unreachable-model',
    'models[1]',
  ],
  // Limits, budgets, examples.
  [
    'a limit below any price',
    routes(route('r', '{ role: a }', 'limits: { maxCostUsd: 0.00000001 }'), FALLBACK),
    'unmeetable-limit',
    'routes[0].use.limits.maxCostUsd',
  ],
  [
    'a limit below a long prompt',
    routes(
      route('r', '{ contextTokens: { atLeast: 100000 } }', 'limits: { maxCostUsd: 0.001 }'),
      FALLBACK,
    ),
    'unmeetable-limit',
    'routes[0].use.limits.maxCostUsd',
  ],
  [
    'a budget below one request',
    `budgets:\n  - { tenant: "*", per: day, tokens: 20 }\n${routes(FALLBACK)}`,
    'unmeetable-budget',
    'budgets[0]',
  ],
  [
    'an example twice',
    `signals:\n  intents:\n    - { name: refund, examples: [I want my money back, refund my order please] }\n    - { name: returns, examples: [how do I return a parcel, I want my money back] }\n${one('{ intent: refund }')}`,
    'overlapping-intents',
    'signals.intents[1].examples[1]',
  ],
];

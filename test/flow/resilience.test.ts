import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { BalanceView, DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson, inParallel } from './demo-exchange.ts';
import { FAULTS } from './faults-of-bytes.ts';
import { FaultyFleet, answerOf } from './faulty-server.ts';
import type { Case, Fault } from './faulty-server.ts';

/** Each is a route of its own: `pair` has two instances of one model, `solo` one of another. */
const FLEETS = ['pair', 'solo'] as const;
const MODES = {
  plain: '',
  cached: 'cache: { exact: true, ttlSeconds: 60 }',
  hedged: 'hedge: { afterMs: 40, maxShare: 1, maxLoad: 1 }',
  cascaded: '',
} as const;
type Mode = keyof typeof MODES;
type FleetName = (typeof FLEETS)[number];

const routeOf = (fleet: FleetName, mode: Mode): string => {
  const cascade = 'cascade: { models: [small, pair] }';
  const use = mode === 'cascaded' ? `models: [small, pair], ${cascade}` : `models: [${fleet}]`;
  const more = mode === 'hedged' ? `, ${MODES.hedged}` : '';
  const cache = mode === 'cached' ? MODES.cached : '';
  return `  - name: ${fleet}-${mode}
    when: { metadata: { header: x-case, equals: ${fleet}-${mode} } }
    use: { ${use}${more} }
    ${cache}`;
};

const fleet = new FaultyFleet();
let app: RunningApp;
beforeAll(async () => {
  const servers = await Promise.all(Array.from({ length: 4 }, () => fleet.listen()));
  const instance = (id: string, model: string, place: number): string =>
    `  - { id: ${id}, model: ${model}, engine: vllm, url: "${servers[place]!.url}" }`;
  const modes = Object.keys(MODES) as Mode[];
  app = await startServe({
    configText: `version: 1
server: { port: 0, admin: { port: 0 }, shutdown: { drainSeconds: 1 } }
log: { level: silent }
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 20000, breaker: { failures: 10000 } }
attempts: { max: 4, connectTimeoutMs: 2000, firstTokenTimeoutMs: 4000, idleTimeoutMs: 4000, totalTimeoutMs: 30000 }
models:
  - { id: pair, upstreamName: m, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.9 } }
  - { id: solo, upstreamName: m, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.9 } }
  - { id: small, upstreamName: m, price: { inputPerMTok: 0.1, outputPerMTok: 0.2 }, accuracy: { default: 0.6 } }
instances:
${[instance('a', 'pair', 0), instance('b', 'pair', 1), instance('c', 'solo', 2), instance('d', 'small', 3)].join('\n')}
routes:
${FLEETS.flatMap((name) => modes.map((mode) => routeOf(name, mode))).join('\n')}
budgets: [{ id: all, tenant: "*", per: total, tokens: 100_000_000, usd: 1000 }]
`,
    env: {},
    overrides: { port: 0, adminPort: 0 },
  });
}, 60_000);
afterAll(async () => {
  await app.close();
  await fleet.close();
});

const SURFACES = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
} as const;
type Surface = keyof typeof SURFACES;

interface Asking {
  readonly fleet: FleetName;
  readonly mode: Mode;
  readonly surface: Surface;
  readonly isStream: boolean;
  readonly fault: Fault | null;
}
interface Answered {
  readonly asking: Asking;
  readonly of: Case;
  readonly status: number;
  readonly id: string;
  readonly body: string;
  readonly text: string;
  /** Clean ends and errors that the client was told. */
  readonly ends: number;
  readonly errors: number;
}

function bodyOf(surface: Surface, key: string, isStream: boolean): object {
  const content = `${key}. `;
  const common = { model: 'auto', stream: isStream };
  const messages = [{ role: 'user', content }];
  if (surface === 'completions') return { ...common, prompt: content };
  if (surface === 'responses') return { ...common, input: content, store: false };
  if (surface === 'messages') return { ...common, max_tokens: 1000, messages };
  return { ...common, messages, ...(isStream && { stream_options: { include_usage: true } }) };
}

const count = (text: string, mark: RegExp): number => text.match(mark)?.length ?? 0;

/** As far as the test reads an event or an answer. */
interface Loose {
  readonly type?: string;
  readonly error?: object;
  readonly choices?: readonly {
    readonly text?: string;
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content: string };
  }[];
  readonly delta?: string | { readonly text?: string };
  readonly content?: readonly { readonly text: string }[];
  readonly output?: readonly { readonly content: readonly { readonly text: string }[] }[];
}

const textOfEvent = (surface: Surface, { type, choices, delta }: Loose): string => {
  if (surface === 'chat') return choices?.[0]?.delta?.content ?? '';
  if (surface === 'completions') return choices?.[0]?.text ?? '';
  if (surface === 'messages') return typeof delta === 'object' ? (delta.text ?? '') : '';
  return type === 'response.output_text.delta' && typeof delta === 'string' ? delta : '';
};

function textOfWhole(surface: Surface, { choices, content, output }: Loose): string {
  if (surface === 'chat') return choices![0]!.message!.content;
  if (surface === 'completions') return choices![0]!.text!;
  if (surface === 'messages') return content![0]!.text;
  return output!.at(-1)!.content[0]!.text;
}

function parsed(payload: string): Loose {
  try {
    return JSON.parse(payload) as Loose;
  } catch {
    return { choices: [{ text: payload, delta: { content: payload } }], delta: { text: payload } };
  }
}

/** Text, clean ends and errors of a streamed answer. */
function readEvents(surface: Surface, body: string): Pick<Answered, 'text' | 'ends' | 'errors'> {
  const payloads = body
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => parsed(line.slice(6)));
  const text = payloads.map((event) => textOfEvent(surface, event)).join('');
  const isOpenAi = surface === 'chat' || surface === 'completions';
  const [end, error] = isOpenAi
    ? [/^data: \[DONE\]/gm, /^data: \{"error":/gm]
    : surface === 'messages'
      ? [/^event: message_stop/gm, /^event: error/gm]
      : [/^event: response\.completed/gm, /^(event: (error|response\.failed)|data: \{"error":)/gm];
  return { text, ends: count(body, end), errors: count(body, error) };
}

function readWhole(
  surface: Surface,
  status: number,
  body: string,
): Pick<Answered, 'text' | 'ends' | 'errors'> {
  const json = JSON.parse(body) as Loose;
  if (status !== 200) return { text: '', ends: 0, errors: json.error === undefined ? 0 : 1 };
  const text = textOfWhole(surface, json);
  return { text, ends: 1, errors: 0 };
}

let cases = 0;
async function ask(asking: Asking): Promise<Answered> {
  const { surface, isStream, fault } = asking;
  const key = `case-${(cases++).toString(36)}`;
  const of = fleet.add(key, fault);
  const response = await fetch(app.modelUrl + SURFACES[surface], {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-case': `${asking.fleet}-${asking.mode}` },
    body: JSON.stringify(bodyOf(surface, key, isStream)),
  });
  const body = await response.text();
  const { status } = response;
  const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const read = isEvents ? readEvents(surface, body) : readWhole(surface, status, body);
  const id = response.headers.get('x-bourse-decision-id')!;
  return { asking, of, status, id, body, ...read };
}

type Outcome = NonNullable<DecisionView['outcome']>;
const outcomeOf = (id: string): Promise<Outcome> =>
  eventually(async () => {
    const view = await getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);
    return view.outcome;
  });

const nameOf = ({ asking: { fault, ...rest }, body }: Answered): string =>
  `${Object.values(rest).join(' ')} ${fault?.name ?? 'well'}: ${body.slice(-300)}`;

/** What holds of every answer, whatever has happened. */
function check(answered: Answered): readonly string[] {
  const { asking, of, status, text, ends, errors, body } = answered;
  const wrong: string[] = [];
  if (ends + errors !== 1) wrong.push(`${ends} ends and ${errors} errors`);
  const all = Array.from({ length: of.dispatches }, (_, i) => answerOf(of.key, i + 1).join(''));
  if (!all.some((one) => one.startsWith(text))) wrong.push(`text of nobody: ${text}`);
  if (ends === 1 && !all.includes(text)) wrong.push(`a clean end of a torn text: ${text}`);
  if (status === 200 && text === '') wrong.push('an empty answer');
  if (status !== 200 && status < 429) wrong.push(`status ${status}`);
  if (body.includes('127.0.0.1')) wrong.push('the place of an upstream');
  if (asking.mode === 'plain' || asking.mode === 'cached') {
    const when = asking.fault?.when ?? 'never';
    const isClean = when === 'never' || asking.fleet === 'pair';
    if (isClean !== (ends === 1)) wrong.push(isClean ? 'an error' : 'a clean end');
    const goesOn = when === 'after' && asking.fleet === 'pair';
    if (of.dispatches !== (when !== 'never' && asking.fleet === 'pair' ? 2 : 1)) {
      wrong.push(`${of.dispatches} dispatches`);
    }
    if (goesOn && asking.surface !== 'completions' && of.continuations !== 1) {
      wrong.push('asked anew behind content');
    }
  }
  return wrong;
}

/** The shares of what was charged add up, and every dispatch stands in the ledger. */
function checkOutcome({ asking, of, body, status }: Answered, outcome: Outcome): readonly string[] {
  const wrong: string[] = [];
  const { usage, attempts, costPicoUsd } = outcome;
  // One that was given up at once may not have got as far as the server.
  const arrived = attempts.filter(({ result }) => result !== 'aborted').length;
  if (of.dispatches > attempts.length || of.dispatches < arrived) {
    wrong.push(`${attempts.length} attempts of ${of.dispatches} dispatches`);
  }
  if (outcome.httpStatus !== status) wrong.push(`status ${outcome.httpStatus} for ${status}`);
  const shown = /"usage":(\{"prompt_tokens[^}]*\})/.exec(body);
  if (shown !== null && (asking.mode === 'plain' || asking.mode === 'cached')) {
    const read = JSON.parse(shown[1]!) as Record<string, number>;
    const total = usage.promptTokens + usage.outputTokens;
    if (read['total_tokens'] !== total)
      wrong.push(`${read['total_tokens']} shown, ${total} charged`);
    const cost = usage.promptTokens * 1e6 + usage.outputTokens * 2e6;
    if (costPicoUsd !== cost) wrong.push(`cost ${costPicoUsd} for ${cost}`);
  }
  if (status !== 200 && costPicoUsd !== 0) wrong.push('an error that costs');
  return wrong;
}

const MATRIX: readonly Asking[] = FAULTS.flatMap((fault, place) =>
  FLEETS.flatMap((name) =>
    (Object.keys(SURFACES) as Surface[]).flatMap((surface, i) =>
      [true, false]
        .filter((isStream) => fault.of === 'both' || (fault.of === 'stream') === isStream)
        .flatMap((isStream) => {
          const others: Mode[] = ['cached', 'hedged', 'cascaded'];
          const other = others[(place + i) % 3]!;
          const modes: Mode[] =
            fault.isSlow === true ? [i % 2 === 0 ? 'plain' : other] : ['plain', other];
          return modes.map((mode) => ({ fleet: name, mode, surface, isStream, fault }));
        }),
    ),
  ),
);

describe('every fault, at every place, on every surface', () => {
  test(
    'nothing is lost, nothing is doubled, budgets are settled',
    { timeout: 120_000 },
    async () => {
      const answers = await inParallel(MATRIX, 32, ask);
      const wrong = answers.flatMap((one) => check(one).map((what) => `${what} | ${nameOf(one)}`));
      const outcomes = await inParallel(answers, 16, ({ id }) => outcomeOf(id));
      outcomes.forEach((outcome, i) => {
        const one = answers[i]!;
        wrong.push(...checkOutcome(one, outcome).map((what) => `${what} | ${nameOf(one)}`));
      });
      expect(wrong).toEqual([]);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(MATRIX.length);
      await settledAs(outcomes);
    },
  );
});

/** The ledger has one row for each, the budget what they sum up to, and no upstream is still asked. */
async function settledAs(outcomes: readonly Outcome[]): Promise<void> {
  const ledger = await getJson<{ requests: number | string }>(`${app.adminUrl}/admin/v1/ledger`);
  expect(Number(ledger.requests)).toBe(outcomes.length);
  const tokens = outcomes.reduce(
    (sum, { usage }) => sum + usage.promptTokens + usage.outputTokens,
    0,
  );
  const picoUsd = outcomes.reduce((sum, { costPicoUsd }) => sum + costPicoUsd, 0);
  const { budgets } = await getJson<{ budgets: BalanceView[] }>(
    `${app.adminUrl}/admin/v1/tenants/default/budgets`,
  );
  const { settled } = budgets.find(({ rule }) => rule === 'all')!;
  expect(Number(settled.tokens)).toBe(tokens);
  expect(Math.round(Number(settled.usd) * 1e12)).toBe(picoUsd);
  await eventually(async () => fleet.open === 0);
}

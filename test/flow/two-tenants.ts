import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { ClientRequest } from 'node:http';
import fc from 'fast-check';
import { openPinnedExchange } from './pinned-exchange.ts';
import type { PinnedExchange } from './pinned-exchange.ts';
import { startSharedEngine } from './shared-engine.ts';
import type { HeldRequest, SharedEngine } from './shared-engine.ts';

/** Two tenants at one exchange: what they do, and what the second of them gets. */

const KEYS = { alpha: 'the key of alpha', beta: 'the key of beta' } as const;
type Tenant = keyof typeof KEYS;
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

/** What the operator lets tenants share. */
export interface Sharing {
  readonly scope: 'tenant' | 'everyone';
  readonly prefixes: 'tenant' | 'everyone';
}

/** Little room for stored answers, one tenant that is soon at its ceilings, and models that differ. */
const policyOf = (url: string, { scope, prefixes }: Sharing): string => `version: 1
server: { limits: { bodyBytes: 20000 }, prefixCache: ${prefixes} }
log: { level: silent }
health: { timeoutMs: 20000 }
keys:
  - { tenant: alpha, sha256: ${sha256(KEYS.alpha)} }
  - { tenant: beta, sha256: ${sha256(KEYS.beta)} }
tenants:
  - { id: alpha, requestsPerMinute: 30, concurrency: 3 }
  - { id: beta, requestsPerMinute: 60 }
budgets:
  - { tenant: alpha, per: total, tokens: 9000 }
  - { tenant: beta, per: total, tokens: 200000 }
models:
  - { id: small, price: { inputPerMTok: 1, cachedInputPerMTok: 0.1, outputPerMTok: 1 }, accuracy: { default: 0.8 } }
  - { id: large, price: { inputPerMTok: 3, outputPerMTok: 5 }, accuracy: { default: 0.9 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
  - { id: b, model: small, engine: vllm, url: "${url}" }
  - { id: c, model: large, engine: vllm, url: "${url}" }
signals:
  keywords:
    - { name: repairs, anyOf: [repair] }
routes:
  - name: repairs
    when: { keyword: repairs }
    cache: { scope: ${scope}, tags: [repairs], ttlSeconds: 60 }
    use: { models: "*" }
  - name: faq
    cache: { scope: ${scope}, semantic: { maxErrorRate: 0.5, explore: 0.05 }, tags: [faq] }
    use: { weights: { usdPerError: 0, usdPerSecond: 0.01 } }
cache: { entries: 6, megabytes: 1, tenants: 2, named: { scope: ${scope}, tags: [named] } }
understanding: { deep: off }
`;

const TEXTS = [
  'How do I return a lamp?',
  'How can I return a lamp?',
  'how do i return a lamp please',
  'How do I return a tent?',
  'How can I return a tent?',
  'How do I repair a lamp?',
  'How do I repair a sofa?',
  'What is the weather like today?',
  'My card is 4111 1111 1111 1111, was it charged?',
  'Say what this engine would refuse.',
] as const;
const GREETINGS = ['', 'Hi, ', 'Please, ', 'Hello, ', 'So, ', 'Well, '] as const;
/** Long enough for its beginning to count, and to be in the engine's memory. */
const MANUAL = 'The manual says: '.padEnd(2_400, 'press the red button, then wait. ');

export interface Question {
  readonly surface: 'chat' | 'responses' | 'messages' | 'completions';
  readonly isStream: boolean;
  readonly text: number;
  readonly greeting: number;
  readonly withManual: boolean;
  readonly model: 'auto' | 'small' | 'large' | 'auto:latency' | 'unheard-of';
  readonly session: string | null;
  readonly continues: boolean;
  /** It brings what a tool said: the session has to stay where it is. */
  readonly isToolLoop: boolean;
  readonly cacheControl: 'no-cache' | 'no-store' | null;
}

type Step =
  | { readonly kind: 'ask'; readonly question: Question }
  /** The same again while the first is under way. */
  | { readonly kind: 'twins'; readonly question: Question }
  | { readonly kind: 'judge'; readonly whose: 'own' | 'other' | 'guessed'; readonly thumb: string }
  | { readonly kind: 'read'; readonly path: number }
  | { readonly kind: 'send'; readonly junk: number }
  | { readonly kind: 'forget'; readonly tag: string | null };

/** What only the first tenant does: it fills its ceilings, leaves in the middle, and is still there while the other asks. */
type Nuisance =
  | { readonly kind: 'flood'; readonly count: number }
  | { readonly kind: 'leave'; readonly question: Question }
  | { readonly kind: 'linger'; readonly question: Question }
  | { readonly kind: 'let-go' }
  | { readonly kind: 'prefer'; readonly mode: string }
  | { readonly kind: 'budget'; readonly tokens: number };

export type Turn =
  | { readonly tenant: 'alpha'; readonly step: Step | Nuisance }
  | { readonly tenant: 'beta'; readonly step: Step };

const PATHS = [
  '/v1/models',
  '/v1/models/small',
  '/v1/models/auto%3Aeco',
  '/v1/models/none',
  '/v1/decisions/ID',
  '/admin/v1/decisions/ID',
  '/v1/responses/ID',
  '/health/ready',
  '/metrics',
] as const;

const JUNK: readonly (readonly [path: string, body: string])[] = [
  ['/v1/chat/completions', '{"model":"auto","messages":[{"role":"user","content":"How'],
  ['/v1/chat/completions', '{"model":"auto","model":"small","messages":[]}'],
  ['/v1/chat/completions', '[]'],
  ['/v1/responses', '{"model":"auto","input":"Hi","previous_response_id":"resp_1"}'],
  ['/v1/messages', '{"model":"auto","max_tokens":20}'],
  ['/v1/chat/completions', `{"model":"auto","x":"${'x'.repeat(30_000)}"}`],
  ['/v1/feedback', '{"decision_id":7}'],
  [
    '/v1/messages/count_tokens',
    `{"model":"auto","messages":[{"role":"user","content":"${MANUAL}"}]}`,
  ],
];

const MODELS = ['small', 'small', 'large', 'large', 'auto:latency', 'unheard-of'] as const;
const CACHE_CONTROLS = ['no-cache', 'no-store'] as const;
const OTHER_SURFACES = ['responses', 'responses', 'messages', 'messages', 'completions'] as const;

const QUESTION: fc.Arbitrary<Question> = fc.record({
  surface: fc.nat(9).map((roll) => OTHER_SURFACES[roll] ?? 'chat'),
  isStream: fc.boolean(),
  text: fc.oneof(fc.nat(4), fc.nat(4), fc.nat(TEXTS.length - 1)),
  greeting: fc.nat(2),
  withManual: fc.nat(3).map((roll) => roll === 0),
  model: fc.nat(19).map((roll) => MODELS[roll] ?? 'auto'),
  session: fc.constantFrom(null, null, 'the-same', 'the-other'),
  continues: fc.nat(9).map((roll) => roll === 0),
  isToolLoop: fc.nat(9).map((roll) => roll === 0),
  cacheControl: fc.nat(19).map((roll) => CACHE_CONTROLS[roll] ?? null),
});

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('ask'), question: QUESTION }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('twins'), question: QUESTION }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('judge'),
      whose: fc.constantFrom('own', 'own', 'other', 'guessed'),
      thumb: fc.constantFrom('down', 'down', 'up'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('read'), path: fc.nat(PATHS.length - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('send'), junk: fc.nat(JUNK.length - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('forget'),
      tag: fc.constantFrom(null, 'faq', 'named'),
    }),
  },
);

const NUISANCE: fc.Arbitrary<Nuisance> = fc.oneof(
  fc.record({ kind: fc.constant('flood'), count: fc.integer({ min: 5, max: 40 }) }),
  fc.record({ kind: fc.constant('leave'), question: QUESTION }),
  fc.record({ kind: fc.constant('linger'), question: QUESTION }),
  fc.record({ kind: fc.constant('let-go') }),
  fc.record({ kind: fc.constant('prefer'), mode: fc.constantFrom('latency', 'accuracy') }),
  fc.record({ kind: fc.constant('budget'), tokens: fc.integer({ min: 1, max: 5_000 }) }),
);

export const TURN: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 3, arbitrary: STEP.map((step): Turn => ({ tenant: 'beta', step })) },
  { weight: 3, arbitrary: STEP.map((step): Turn => ({ tenant: 'alpha', step })) },
  { weight: 1, arbitrary: NUISANCE.map((step): Turn => ({ tenant: 'alpha', step })) },
);

/** One answer: the status line's number, the header lines in their order, and the bytes of the body. */
interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Time that passes from one turn to the next, whoever's it is. */
const TURN_MS = 700;
/** So many questions of each, and the cache has seen enough to serve by meaning. */
const LEARNING_TURNS = 20;

/** What `beta` got for one of its steps. */
export interface Got {
  readonly step: Step;
  readonly answers: readonly Answer[];
}

export class TwoTenants {
  readonly #engine: SharedEngine;
  readonly #exchange: PinnedExchange;
  /** One connection that both use in turn, as behind a proxy, and others. */
  readonly #agents = [
    new Agent({ keepAlive: true, maxSockets: 1 }),
    new Agent({ keepAlive: true, maxSockets: 8 }),
  ] as const;
  readonly #ids: Record<Tenant, string[]> = { alpha: [], beta: [] };
  readonly #held: { readonly engine: HeldRequest; readonly client: Promise<unknown> }[] = [];

  private constructor(engine: SharedEngine, exchange: PinnedExchange) {
    this.#engine = engine;
    this.#exchange = exchange;
  }

  static async open(sharing: Sharing): Promise<TwoTenants> {
    const engine = await startSharedEngine();
    return new TwoTenants(engine, await openPinnedExchange(policyOf(engine.url, sharing)));
  }

  /** Plays the turns, those of `alpha` only where it is there. Gives what `beta` got, turn by turn. */
  async play(turns: readonly Turn[], isAlone: boolean): Promise<readonly Got[]> {
    const got: Got[] = [];
    for (const { tenant, step } of [...LEARNING, ...turns]) {
      this.#exchange.clock.advance(TURN_MS);
      if (tenant === 'alpha' && isAlone) continue;
      if (tenant === 'alpha') await this.#letGo();
      const answers = await this.#do(tenant, step);
      if (tenant === 'beta') got.push({ step, answers });
      await this.#exchange.settled();
    }
    return got;
  }

  async close(): Promise<void> {
    await this.#letGo();
    for (const agent of this.#agents) agent.destroy();
    await this.#exchange.close();
    await this.#engine.close();
  }

  async #do(tenant: Tenant, step: Step | Nuisance): Promise<readonly Answer[]> {
    switch (step.kind) {
      case 'ask':
        return [await this.#ask(tenant, step.question)];
      case 'twins': {
        const engine = this.#engine.holdNext();
        const first = this.#ask(tenant, step.question, true);
        await Promise.race([engine.arrived, first]);
        this.#engine.holdNone();
        const second = this.#ask(tenant, step.question, true);
        await this.#exchange.settled();
        engine.release();
        return Promise.all([first, second]);
      }
      case 'judge':
        return [await this.#judge(tenant, step)];
      case 'read': {
        const path = PATHS[step.path]!.replace('ID', this.#idOf(tenant, 'other'));
        // As through a proxy: what is for this host is not for tenants.
        const headers = { 'x-forwarded-for': '203.0.113.9' };
        return [await this.#open(tenant, 'GET', path, { body: null, headers }).answer];
      }
      case 'send':
        return [await this.#send(tenant, 'POST', ...JUNK[step.junk]!)];
      case 'forget': {
        const tag = step.tag === null ? '' : `&tag=${step.tag}`;
        await this.#administer('DELETE', `/cache?tenant=${tenant}${tag}`);
        return [];
      }
      default:
        await this.#bother(step);
        return [];
    }
  }

  /** What `alpha` does to be in the way. */
  async #bother(step: Nuisance): Promise<void> {
    switch (step.kind) {
      case 'flood': {
        const question = { ...PLAIN, text: step.count % TEXTS.length };
        const all = Array.from({ length: step.count }, () => this.#ask('alpha', question, true));
        await Promise.all(all);
        return;
      }
      case 'leave': {
        const engine = this.#engine.holdNext();
        const leaving = this.#begin('alpha', step.question, true);
        // A stored answer comes at once, and nothing is held.
        await Promise.race([engine.arrived, leaving.answer]);
        leaving.request.destroy();
        engine.release();
        this.#engine.holdNone();
        await leaving.answer.catch(() => undefined);
        return;
      }
      case 'linger': {
        const engine = this.#engine.holdNext();
        const client = this.#begin('alpha', step.question, true).answer.catch(() => undefined);
        await Promise.race([engine.arrived, client]);
        this.#engine.holdNone();
        this.#held.push({ engine, client });
        return;
      }
      case 'let-go':
        return this.#letGo();
      case 'prefer': {
        const body = JSON.stringify({ mode: step.mode, weights: null });
        return this.#administer('PUT', '/tenants/alpha/preferences', body);
      }
      case 'budget': {
        const budgets = [{ per: 'total', tokens: step.tokens }];
        return this.#administer('PUT', '/tenants/alpha/budgets', JSON.stringify({ budgets }));
      }
    }
  }

  async #letGo(): Promise<void> {
    for (const { engine } of this.#held) engine.release();
    await Promise.all(this.#held.splice(0).map(({ client }) => client));
  }

  async #ask(tenant: Tenant, question: Question, isApart = false): Promise<Answer> {
    const answer = await this.#begin(tenant, question, isApart).answer;
    const id = headerOf(answer, 'x-bourse-decision-id');
    if (id !== null) this.#ids[tenant].push(id);
    return answer;
  }

  #begin(tenant: Tenant, question: Question, isApart: boolean) {
    const { session, cacheControl } = question;
    return this.#open(tenant, 'POST', SURFACES[question.surface], {
      isApart,
      body: JSON.stringify(bodyOf(question)),
      headers: {
        ...(session !== null && { 'x-session-id': session }),
        ...(cacheControl !== null && { 'cache-control': cacheControl }),
      },
    });
  }

  #judge(
    tenant: Tenant,
    { whose, thumb }: { readonly whose: 'own' | 'other' | 'guessed'; readonly thumb: string },
  ): Promise<Answer> {
    const body = JSON.stringify({ decision_id: this.#idOf(tenant, whose), thumb });
    return this.#send(tenant, 'POST', '/v1/feedback', body);
  }

  /** An id to speak of. One that nobody has, where there is none. */
  #idOf(tenant: Tenant, whose: 'own' | 'other' | 'guessed'): string {
    const own = this.#ids[tenant].at(-1);
    const other = this.#ids[tenant === 'alpha' ? 'beta' : 'alpha'].at(-1);
    const id = whose === 'other' ? other : own;
    if (id === undefined) return NOBODYS_ID;
    return whose === 'guessed' ? nextOf(id) : id;
  }

  #send(tenant: Tenant, method: string, path: string, body: string | null = null): Promise<Answer> {
    return this.#open(tenant, method, path, { body, headers: {} }).answer;
  }

  #open(
    tenant: Tenant,
    method: string,
    path: string,
    what: {
      readonly body: string | null;
      readonly headers: Readonly<Record<string, string>>;
      /** On a connection of its own. */
      readonly isApart?: boolean;
    },
  ) {
    const agent = this.#agents[what.isApart === true ? 1 : 0];
    const headers: Record<string, string> = {
      authorization: `Bearer ${KEYS[tenant]}`,
      ...(what.body !== null && { 'content-type': 'application/json' }),
      ...what.headers,
    };
    return exchangeOf(
      request(this.#exchange.modelUrl + path, { method, headers, agent }),
      what.body,
    );
  }

  async #administer(method: string, path: string, body: string | null = null): Promise<void> {
    const headers = body === null ? {} : { 'content-type': 'application/json' };
    const url = `${this.#exchange.adminUrl}/admin/v1${path}`;
    const answered = await fetch(url, { method, headers, ...(body !== null && { body }) });
    const text = await answered.text();
    if (!answered.ok) throw new Error(`${method} ${path}: ${answered.status} ${text}`);
  }
}

const PLAIN: Question = {
  surface: 'chat',
  isStream: false,
  text: 0,
  greeting: 0,
  withManual: false,
  model: 'auto',
  session: null,
  continues: false,
  isToolLoop: false,
  cacheControl: null,
};

/** The first turns of every play: both learn, beside each other. */
const LEARNING: readonly Turn[] = Array.from({ length: 2 * LEARNING_TURNS }, (_, i) => ({
  tenant: i % 2 === 0 ? 'alpha' : 'beta',
  step: { kind: 'ask', question: { ...PLAIN, text: (i >> 1) % 5, greeting: (i >> 1) % 6 } },
}));

const SURFACES = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  completions: '/v1/completions',
} as const;

function bodyOf(question: Question): object {
  const { surface, isStream, text, greeting, withManual, model } = question;
  const said = GREETINGS[greeting]! + TEXTS[text]!;
  const base = { model, stream: isStream };
  if (surface === 'completions') return { ...base, prompt: withManual ? MANUAL + said : said };
  const messages = messagesOf(question, said);
  if (surface === 'responses') {
    return { ...base, input: messages, ...(withManual && { instructions: MANUAL }) };
  }
  if (surface === 'messages') {
    return { ...base, messages, max_tokens: 60, ...(withManual && { system: MANUAL }) };
  }
  return withManual
    ? { ...base, messages: [{ role: 'system', content: MANUAL }, ...messages] }
    : { ...base, messages };
}

function messagesOf({ surface, continues, isToolLoop }: Question, said: string): object[] {
  const user = { role: 'user', content: said };
  if (isToolLoop && surface === 'chat') {
    const call = { id: 'c1', type: 'function', function: { name: 'stock', arguments: '{}' } };
    return [
      user,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: 'Three are left.', tool_call_id: 'c1' },
    ];
  }
  if (!continues) return [user];
  return [
    { role: 'user', content: 'Hello.' },
    { role: 'assistant', content: 'What can I do for you?' },
    user,
  ];
}

function exchangeOf(asked: ClientRequest, body: string | null) {
  const answer = new Promise<Answer>((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.rawHeaders,
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      );
    });
  });
  asked.end(body ?? undefined);
  return { request: asked, answer };
}

export function headerOf({ headers }: Answer, name: string): string | null {
  const at = headers.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name);
  return at < 0 ? null : headers[at + 1]!;
}

const NOBODYS_ID = 'd-0-zzzzzzzzzzzzzzzzzzzzzzzzzzz';

/** The id after this one, where ids are counted. */
const nextOf = (id: string): string =>
  id.slice(0, -1) + (Number.parseInt(id.at(-1)!, 36) + 1).toString(36).slice(-1);

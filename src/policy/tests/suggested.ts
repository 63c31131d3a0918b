import { Document, isMap, isScalar, visit } from 'yaml';
import type { Assumed, DecisionView, OfflineRequest, SignalValue } from '../../contract/index.ts';
import { appliedConstraints } from './features.ts';

/** A test as it is written into a policy. */
export interface SuggestedTest {
  readonly name: string;
  readonly request: OfflineRequest;
  readonly expect: Readonly<Record<string, unknown>>;
}

type Signal = DecisionView['signals'][number];

/** What a decision was that lasts: its route, its model, what refused or constrained it, what it injects. */
export function expectationOf(view: DecisionView): Readonly<Record<string, unknown>> {
  const { route, refusal, answer } = view;
  const { reasoning = null, systemPrompt = null } = view.injection ?? {};
  const constraints = appliedConstraints(view);
  const winner = view.bids.find(({ instance }) => instance === view.winner);
  return {
    ...(route !== null && { route }),
    ...(refusal !== null && { refused: refusal.reason }),
    ...(answer !== undefined && { answer: true }),
    ...(winner !== undefined && { model: winner.model }),
    ...(constraints.length > 0 && { constraints }),
    ...(reasoning !== null && { reasoning }),
    ...(systemPrompt !== null && { systemPrompt: true }),
  };
}

/** The request of a remembered decision: its text is not kept, so every reading stands for it. */
export function requestOfDecision(view: DecisionView): OfflineRequest {
  const { surface, tenant, requestedModel } = view;
  return {
    bytes: view.promptBytes,
    ...(requestedModel !== 'auto' && { model: requestedModel }),
    ...(surface !== 'chat' && { surface: surface as NonNullable<OfflineRequest['surface']> }),
    ...(tenant !== 'default' && { tenant }),
    ...(readsTime(view) && { at: view.at }),
    ...assuming(view.signals.filter(({ key }) => !isTime(key))),
  };
}

/** A request with its learned readings taken for granted, so that no retrained model changes what it shows. */
export function withLearnedReadings(request: OfflineRequest, view: DecisionView): OfflineRequest {
  const learned = view.signals.filter(({ cost }) => !['free', 'scan'].includes(cost));
  const { assume } = assuming(learned);
  return {
    ...request,
    ...(readsTime(view) && request.at === undefined && { at: view.at }),
    ...(assume !== undefined && { assume: { ...assume, ...request.assume } }),
  };
}

const isTime = (key: string): boolean => key.startsWith('time: ');

const readsTime = ({ signals }: DecisionView): boolean =>
  signals.some(({ key, state }) => isTime(key) && state !== 'not-needed');

function assuming(signals: readonly Signal[]): Pick<OfflineRequest, 'assume'> {
  const read = signals.filter(({ state }) => state !== 'not-needed');
  if (read.length === 0) return {};
  const entries = read.map(({ key, value, confidence }): [string, Assumed] => [
    key,
    value === null
      ? null
      : { value: value as SignalValue, ...(confidence !== null && { confidence }) },
  ]);
  return { assume: Object.fromEntries(entries) };
}

/** Classes that a shortened reading keeps. */
const CLASSES_KEPT = 3;

/** The same with shorter numbers and fewer classes; a full confidence goes without saying. */
export function shortened(request: OfflineRequest): OfflineRequest {
  if (request.assume === undefined) return request;
  const entries = Object.entries(request.assume).map(([key, assumed]): [string, Assumed] => {
    if (typeof assumed !== 'object' || assumed === null || !('value' in assumed)) {
      return [key, assumed];
    }
    const { value, confidence } = assumed as { value: SignalValue | null; confidence?: number };
    const short = shortValue(value);
    const isSure = confidence === undefined || confidence === 1 || typeof value === 'object';
    return [
      key,
      isSure && !isPair(short) ? short : { value: short, confidence: cut(confidence ?? 1) },
    ];
  });
  return { ...request, assume: Object.fromEntries(entries) };
}

/** A record that would itself be read as a value with its confidence. */
const isPair = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'value' in value;

function shortValue(value: SignalValue | null): SignalValue | null {
  if (typeof value === 'number') return cut(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value);
  if (!members.every(([, chance]) => typeof chance === 'number' && chance <= 1)) return value;
  const largest = members
    .toSorted(([, a], [, b]) => Number(b) - Number(a))
    .slice(0, CLASSES_KEPT)
    .map(([name, chance]) => [name, cut(Number(chance))]);
  return Object.fromEntries(largest) as SignalValue;
}

const cut = (value: number): number => Math.round(value * 100) / 100;

const FLOWING = ['expect', 'assume', 'fleet', 'headers', 'body'];

/** The tests as a section of a policy file; `header` is written above it, a comment per line. */
export function testsYaml(tests: readonly SuggestedTest[], header: readonly string[]): string {
  const document = new Document({ tests });
  visit(document, {
    Pair(_key, { key, value }) {
      const name = isScalar(key) ? key.value : null;
      if (!FLOWING.includes(name as string) || !isMap(value)) return undefined;
      value.flow = true;
      return visit.SKIP;
    },
  });
  document.commentBefore = header.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 110, flowCollectionPadding: true, singleQuote: true });
}

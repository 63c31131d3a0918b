import type {
  Classification,
  Classifier,
  CompiledCondition,
  FastText,
  Reading,
  Signal,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { COMPARISON_SCHEMA } from '../comparison.ts';
import { NO_TEXT, readingOfProbability } from './class-reading.ts';
import { compileProbabilityCondition } from './probability-condition.ts';
import type { RequestTexts } from './request-texts.ts';
import { SCOPE_SCHEMA, scopeOf, textsIn } from './scope.ts';
import type { Scope } from './scope.ts';

const DESCRIPTION =
  'Prompt injection or jailbreak: the probability that the text attacks. All of the text is read, ' +
  'long ones in windows and off the event loop. `true`: from the shipped threshold on (1 % of ' +
  'benign prompts flagged); or a comparison; `over` says which texts.';

type Judge = (text: FastText) => MaybeAsync<Classification>;

/** `jailbreak: true`, `jailbreak: { atLeast: 0.8, over: conversation }`: the most suspicious text counts. */
export function createJailbreakSignal(texts: RequestTexts, understanding: Understanding): Signal {
  const own = understanding.own.classifiers.get('attack');
  const slotOf = (
    key: string,
    scope: Scope,
    cost: SignalSlot['cost'],
    judge: Judge,
  ): SignalSlot => ({
    key: `${key}.${scope}`,
    kind: 'jailbreak',
    cost,
    scale: 'chance',
    readsLastTurnOnly: scope === 'lastUser',
    warm: () => judge(understanding.fast().read('warm')),
    read: (_workload, shared) => worstOf(textsIn(scope, texts, shared), judge),
  });
  return {
    apiVersion: 1,
    kind: 'jailbreak',
    definitionSchema: null,
    conditionSchema: {
      description: DESCRIPTION,
      anyOf: [
        { type: 'boolean' },
        {
          ...COMPARISON_SCHEMA,
          properties: { ...(COMPARISON_SCHEMA['properties'] as object), over: SCOPE_SCHEMA },
        },
      ],
    },
    compile(value): CompiledCondition {
      const { comparison, scope } = split(value);
      if (own !== undefined) {
        const slot = slotOf('jailbreak', scope, 'model', ({ text }) => own.classify(text));
        return { slot, ...compiled(comparison, scope, own.threshold, null) };
      }
      const fast = understanding.fast();
      const band = fast.band('attack');
      const condition = compiled(comparison, scope, fast.threshold('attack'), band);
      const slot = slotOf('jailbreak', scope, 'text', fastJudge(understanding));
      const deep = understanding.deep()?.classifiers.get('attack');
      if (deep === undefined || band === null) return { slot, ...condition };
      const deepSlot = slotOf('jailbreak.deep', scope, 'model', deepJudge(deep));
      return {
        slot,
        test: condition.test,
        text: condition.text,
        claim: condition.claim,
        deep: { slot: deepSlot, isDoubtful: condition.isDoubtful },
      };
    },
  };
}

function compiled(
  comparison: unknown,
  scope: Scope,
  threshold: number | null,
  band: readonly [number, number] | null,
): ReturnType<typeof compileProbabilityCondition> {
  const scale = { threshold: threshold ?? 0.5, band, quantity: `jailbreak.${scope}` };
  const condition = compileProbabilityCondition('jailbreak', comparison, scale);
  const suffix = scope === 'lastUser' ? '' : ` over ${scope}`;
  return { ...condition, text: `${condition.text}${suffix}` };
}

/** The comparison, and the scope that stands beside it. */
function split(value: unknown): { readonly comparison: unknown; readonly scope: Scope } {
  if (typeof value !== 'object' || value === null || !('over' in value)) {
    return { comparison: value, scope: 'lastUser' };
  }
  const { over, ...bounds } = value as Readonly<Record<string, unknown>>;
  const comparison = Object.keys(bounds).length === 0 ? true : bounds;
  return { comparison, scope: scopeOf(over) };
}

function fastJudge(understanding: Understanding): Judge {
  return (text) => {
    const scans = understanding.scans();
    return scans !== null && text.text.length >= scans.charactersMin
      ? scans.classify('attack', text.text)
      : text.classify('attack');
  };
}

const deepJudge =
  (deep: Classifier): Judge =>
  ({ text }) =>
    deep.classify(text);

/** The reading of the likeliest attack among the texts. */
function worstOf(texts: readonly FastText[], judge: Judge): MaybeAsync<Reading> {
  const judged = texts.filter(({ text }) => text !== '').map(judge);
  if (judged.length === 0) return NO_TEXT;
  if (!judged.some(isPromise)) return worst(judged as readonly Classification[]);
  return Promise.all(judged.map(async (found) => found)).then(worst);
}

function worst(found: readonly Classification[]): Reading {
  return found
    .map(readingOfProbability)
    .reduce((a, b) => ((b.value as number) > (a.value as number) ? b : a));
}

import type {
  Domain,
  Injection,
  InjectedField,
  SignalReader,
  SpentReading,
  SystemPrompt,
} from '../../contract/index.ts';
import { isPromise, nearest } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { Findings, Path } from '../document/place.ts';
import type { PolicyFile } from '../schema/index.ts';
import { compileRouteTools } from '../tools/compile.ts';
import type { RouteTools } from '../tools/compile.ts';
import { effortFor } from './effort.ts';
import type { EffortScale } from './effort.ts';
import { EXPERT_PROMPTS } from './expert-prompts.ts';
import { outputLimitOf } from './output-limit.ts';
import { pointerPath } from './pointer.ts';
import {
  TEMPLATE_SIGNALS,
  fillTemplate,
  likelyClass,
  parseTemplate,
  shownValue,
} from './template.ts';

type Use = PolicyFile['routes'][number]['use'];
type Readings = readonly (SpentReading | undefined)[];

/** What a route injects: as far as it is known at load, and how the rest is settled for one request. */
export interface CompiledInjection {
  readonly plain: Injection;
  /** Null where nothing depends on the request. `canThink`: some model that may serve has a switch for reasoning. */
  readonly settle: ((signals: SignalReader, canThink: boolean) => MaybeAsync<Injection>) | null;
  /** Whether `settle` reads the difficulty for models that can think. */
  readonly readsDifficulty: boolean;
  /** What the route says of tools; null: nothing. */
  readonly tools: RouteTools | null;
}

export const NO_INJECTION: CompiledInjection = {
  plain: { systemPrompt: null, reasoning: null, maxOutputTokens: null, fields: [] },
  settle: null,
  readsDifficulty: false,
  tools: null,
};

/** Where the signals of a policy are read; null for one that there is not. */
export interface ValueSlots {
  valueSlot(kind: string): number | null;
}

/** A part of an injection that waits for readings. */
interface Open<T> {
  readonly slots: readonly number[];
  readonly settle: (readings: Readings) => T;
}

/** The injection of each route, in the order of the file; `section`: where they stand. What is wrong with one is a finding. */
export function compileInjections(
  routes: PolicyFile['routes'],
  slots: ValueSlots,
  findings: Findings,
  section: Path = ['routes'],
): readonly CompiledInjection[] {
  return routes.map(({ name, use }, i) => {
    const context: Context = { slots, findings, path: [...section, i, 'use'] };
    const tools = compileRouteTools(name, use.tools, context);
    return { ...compileInjection(use, context), tools };
  });
}

interface Context {
  readonly slots: ValueSlots;
  readonly findings: Findings;
  readonly path: Path;
}

function compileInjection(use: Use, context: Context): Omit<CompiledInjection, 'tools'> {
  const prompt = compilePrompt(use.systemPrompt, context);
  const effort = compileEffort(use.reasoning, context);
  const plain: Injection = {
    systemPrompt: isOpen(prompt) ? null : prompt,
    reasoning: typeof effort === 'string' ? effort : null,
    maxOutputTokens: typeof use.maxTokens === 'number' ? use.maxTokens : null,
    fields: fieldsOf(use.set),
    ...limitOf(use.maxTokens, undefined),
  };
  const openPrompt = isOpen(prompt) ? prompt : null;
  const openEffort = typeof effort === 'object' ? effort : null;
  // Without the signal, what was observed of other answers has to do.
  const lengthSlot =
    typeof use.maxTokens === 'object' ? context.slots.valueSlot('outputLength') : null;
  if (openPrompt === null && openEffort === null && lengthSlot === null) {
    return { plain, settle: null, readsDifficulty: false };
  }
  const plainSlots = [...(openPrompt?.slots ?? []), ...(lengthSlot === null ? [] : [lengthSlot])];
  const allSlots = [...plainSlots, ...(openEffort?.slots ?? [])];
  const finish = (signals: SignalReader, canThink: boolean): Injection => {
    const readings = signals.readings();
    return {
      systemPrompt: openPrompt === null ? plain.systemPrompt : openPrompt.settle(readings),
      reasoning: openEffort === null || !canThink ? plain.reasoning : openEffort.settle(readings),
      maxOutputTokens: plain.maxOutputTokens,
      fields: plain.fields,
      ...limitOf(use.maxTokens, lengthSlot === null ? undefined : readings[lengthSlot]),
    };
  };
  return {
    plain,
    readsDifficulty: openEffort !== null,
    settle(signals, canThink) {
      const pending = (canThink ? allSlots : plainSlots)
        .map((slot) => signals.read(slot))
        .filter(isPromise);
      if (pending.length === 0) return finish(signals, canThink);
      return Promise.all(pending).then(() => finish(signals, canThink));
    },
  };
}

function limitOf(
  written: Use['maxTokens'],
  reading: SpentReading | undefined,
): Pick<Injection, 'outputLimit'> {
  return typeof written === 'object' ? { outputLimit: outputLimitOf(written.auto, reading) } : {};
}

function isOpen(
  prompt: SystemPrompt | Open<SystemPrompt | null> | null,
): prompt is Open<SystemPrompt | null> {
  return prompt !== null && 'settle' in prompt;
}

function compilePrompt(
  written: Use['systemPrompt'],
  context: Context,
): SystemPrompt | Open<SystemPrompt | null> | null {
  if (written === undefined) return null;
  const { mode } = written;
  if ('expert' in written) {
    if (written.expert !== 'auto') return { mode, text: EXPERT_PROMPTS[written.expert] };
    const slot = slotOf('domain', 'systemPrompt', context);
    return {
      slots: [slot],
      settle(readings) {
        const domain = likelyClass(readings[slot]);
        return domain !== null && Object.hasOwn(EXPERT_PROMPTS, domain)
          ? { mode, text: EXPERT_PROMPTS[domain as Domain] }
          : null;
      },
    };
  }
  const template = parseTemplate(written.text);
  if (template.names.length === 0) return { mode, text: written.text };
  const slots = new Map<string, number>();
  for (const name of template.names) {
    if ((TEMPLATE_SIGNALS as readonly string[]).includes(name)) {
      slots.set(name, slotOf(name, 'systemPrompt', context));
      continue;
    }
    context.findings.add(
      [...context.path, 'systemPrompt'],
      `there is no value "${name.slice(0, 60)}" for a template: there are ${TEMPLATE_SIGNALS.join(', ')}`,
      { suggestion: nearest(name, TEMPLATE_SIGNALS) },
    );
  }
  return {
    slots: [...slots.values()],
    settle(readings) {
      const text = fillTemplate(template, (name) => shownValue(name, readings[slots.get(name)!]));
      return text === '' ? null : { mode, text };
    },
  };
}

function compileEffort(
  written: Use['reasoning'],
  context: Context,
): Injection['reasoning'] | Open<Injection['reasoning']> {
  if (typeof written !== 'object') return written ?? null;
  const scale: EffortScale = written.auto;
  const slot = slotOf('complexity', 'reasoning', context);
  return { slots: [slot], settle: (readings) => effortFor(scale, readings[slot]) };
}

/** The slot of a signal; a finding where there is none. */
function slotOf(kind: string, member: string, { slots, findings, path }: Context): number {
  const slot = slots.valueSlot(kind);
  if (slot !== null) return slot;
  const remedy = kind === 'intent' ? ': define signals.intents' : '';
  findings.add([...path, member], `needs the signal "${kind}", which is not there${remedy}`);
  return 0;
}

function fieldsOf(written: Use['set']): readonly InjectedField[] {
  if (written === undefined) return [];
  return Object.entries(written).map(([pointer, value]) => ({
    path: pointerPath(pointer),
    json: JSON.stringify(value),
  }));
}

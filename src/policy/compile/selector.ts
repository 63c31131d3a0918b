import type { Instance, InstanceRule } from '../../contract/index.ts';

/** What `require` and `forbid` look at: a label, or one of the keys that are none. */
export type Selector = ReadonlyMap<string, ReadonlySet<string>>;

export function selectorOf(
  value: Readonly<Record<string, readonly string[]>> | undefined,
): Selector | null {
  if (value === undefined) return null;
  return new Map(Object.entries(value).map(([key, values]) => [key, new Set(values)]));
}

/**
 * The rule of one constraint. `require`: every key must have one of its values, and an instance
 * without the label has none. `forbid`: any key that has one of its values bars.
 */
export function compileRule(
  constraint: string,
  require: Selector | null,
  forbid: Selector | null,
): InstanceRule {
  const required = [...(require ?? [])];
  const forbidden = [...(forbid ?? [])];
  return {
    constraint,
    text: [textOf('require', required), textOf('forbid', forbidden)].filter(Boolean).join('; '),
    permits(instance) {
      for (let i = 0; i < required.length; i++) {
        if (!has(instance, required[i]!)) return false;
      }
      for (let i = 0; i < forbidden.length; i++) {
        if (has(instance, forbidden[i]!)) return false;
      }
      return true;
    },
  };
}

/** Whether an instance has one of the values of every key. */
export function selects(selector: Selector, instance: Instance): boolean {
  for (const entry of selector) if (!has(instance, entry)) return false;
  return true;
}

type SelectorEntry = readonly [key: string, values: ReadonlySet<string>];

function has(instance: Instance, [key, values]: SelectorEntry): boolean {
  const value = valueOf(instance, key);
  return value !== undefined && values.has(value);
}

/** A label of the instance, else of its model. */
function valueOf(instance: Instance, key: string): string | undefined {
  if (key === 'model') return instance.model.id;
  if (key === 'instance') return instance.id;
  if (key === 'engine') return instance.engine;
  return instance.labels.get(key) ?? instance.model.labels.get(key);
}

function textOf(verb: string, entries: readonly SelectorEntry[]): string {
  return entries.length === 0 ? '' : `${verb} ${selectorText(entries)}`;
}

/** For example `site: on-prem or lab, tier: top`. */
export function selectorText(entries: Iterable<SelectorEntry>): string {
  return [...entries].map(([key, values]) => `${key}: ${[...values].join(' or ')}`).join(', ');
}

import type {
  InstanceRule,
  Mandate,
  Refusal,
  SignalReader,
  ToolRule,
  Workload,
} from '../../contract/index.ts';
import { isRefusal } from '../../contract/index.ts';
import { andThen } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { RouteTools } from './compile.ts';
import { settleTools } from './settle.ts';

const NO_RULES: readonly ToolRule[] = [];

/** The mandate with what becomes of the request's tools, or the refusal that they come to. */
export function withTools(
  mandate: Mandate,
  route: RouteTools | null,
  asked: { readonly workload: Workload; readonly signals: SignalReader },
): MaybeAsync<Mandate | Refusal> {
  const binding = rulesOf(mandate.rules);
  if (route === null && binding.length === 0) return mandate;
  // Where no model answers, constraints still refuse; nobody reads what is relevant.
  const own = mandate.answer === null ? route : null;
  return andThen(
    settleTools(asked.workload, asked.signals, binding, own),
    (tools): Mandate | Refusal => (isRefusal(tools) ? tools : { ...mandate, tools }),
  );
}

function rulesOf(rules: readonly InstanceRule[]): readonly ToolRule[] {
  let found: ToolRule[] | null = null;
  for (let i = 0; i < rules.length; i++) {
    const { tools } = rules[i]!;
    if (tools !== undefined) (found ??= []).push(tools);
  }
  return found ?? NO_RULES;
}

import { fault } from '../kernel/index.ts';
import type { FaultCode } from '../kernel/index.ts';
import type { InstanceRule, Refusal, ToolRule } from '../contract/index.ts';

function refuse(
  reason: Refusal['reason'],
  code: FaultCode,
  details: Readonly<Record<string, string>>,
): Refusal {
  return { kind: 'refusal', reason, code, message: fault(code, details).message };
}

/** The client's own word for a model, cut to a length that is fit to show. */
const shown = (model: string): string => model.slice(0, 100);

export function unknownMode(modes: Iterable<string>): Refusal {
  return refuse('policy', 'BRS_FIELD_TYPE', {
    field: 'mode',
    expected: `one of ${[...modes].join(', ')}`,
  });
}

/** `names`: of modes, and of the recipes that the caller may ask for. */
export function unknownVirtualModel(names: readonly string[]): Refusal {
  return refuse('policy', 'BRS_FIELD_TYPE', {
    field: 'model',
    expected: `"auto:" and one of ${names.join(', ')}`,
  });
}

export function unknownModel(model: string): Refusal {
  return refuse('model-unknown', 'BRS_MODEL_UNKNOWN', { model: shown(model) });
}

export function embeddingsNeedName(model: string): Refusal {
  return refuse('policy', 'BRS_FIELD_UNSUPPORTED', {
    field: `model: ${shown(model)}`,
    remedy: 'embeddings of different models do not compare, so name one: GET /v1/models lists them',
  });
}

export function forbiddenModel(model: string, rules: readonly InstanceRule[]): Refusal {
  const detail = rules.map((rule) => `constraint ${rule.constraint} (${rule.text})`).join(', ');
  return refuse('model-forbidden', 'BRS_FORBIDDEN_MODEL', { model: shown(model), detail });
}

/** `tool` is fit to show. */
export function forbiddenTool(
  tool: string,
  { source, message }: ToolRule,
  remedy: string,
): Refusal {
  const refusal = refuse('policy', 'BRS_TOOL_FORBIDDEN', { tool, rule: source, remedy });
  return message === null ? refusal : { ...refusal, message };
}

export function storedPrompt({ source }: ToolRule): Refusal {
  return refuse('policy', 'BRS_FIELD_UNSUPPORTED', {
    field: 'prompt',
    remedy: `a stored prompt can have tools that ${source} does not see, so send its text`,
  });
}

export function forbiddenRecipe(recipe: string): Refusal {
  return refuse('model-forbidden', 'BRS_FORBIDDEN_MODEL', {
    model: `auto:${recipe}`,
    detail: 'its recipe is for callers with certain roles, and this key has none of them',
  });
}

export function refusedByConstraint(message: string): Refusal {
  return refuse('policy', 'BRS_FORBIDDEN', { reason: message });
}

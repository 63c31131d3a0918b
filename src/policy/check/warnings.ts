import type { Config, Signal } from '../../contract/index.ts';
import type { ConditionCompiler } from '../compile/compiler.ts';
import { isFavourable, operandsOf } from '../compile/condition.ts';
import type { Condition, Leaf, Measure } from '../compile/condition.ts';
import type { Definitions } from '../compile/definitions.ts';
import type { CompiledRecipe } from '../compile/rule-sets.ts';
import type { CompiledConstraint, CompiledRoute } from '../compile/rules.ts';
import type { Findings } from '../document/place.ts';
import { definitionsKey } from '../schema/index.ts';

/** A policy that is sound, seen by those who look for what cannot be meant. */
export interface Suspect {
  readonly config: Config;
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried. */
  readonly routes: readonly CompiledRoute[];
  readonly recipes: readonly CompiledRecipe[];
  readonly signals: readonly Signal[];
  readonly definitions: Definitions;
  readonly compiler: ConditionCompiler;
}

/** Adds a warning for each thing that can be told without reasoning; conflict analysis finds the others. */
export function addWarnings(suspect: Suspect, findings: Findings): void {
  warnOfUnreadDefinitions(suspect, findings);
  warnOfUnservedModels(suspect, findings);
  for (const { constraints, routes } of [suspect, ...suspect.recipes]) {
    const rules = { ...suspect, constraints, routes };
    warnOfForgetfulConstraints(rules, findings);
    warnOfConstraintsThatFailOpen(rules, findings);
  }
  suspect.compiler.named.warnOfUnused();
}

function warnOfUnreadDefinitions(suspect: Suspect, findings: Findings): void {
  for (const signal of suspect.signals) {
    const definitions = suspect.definitions.byKind.get(signal.kind) ?? [];
    for (const [i, { name }] of definitions.entries()) {
      if (suspect.compiler.readsDefinition(signal.kind, name)) continue;
      findings.add(
        ['signals', definitionsKey(signal), i],
        `no condition reads the ${signal.kind} "${name}"`,
        { severity: 'warning' },
      );
    }
  }
}

function warnOfUnservedModels({ config }: Suspect, findings: Findings): void {
  const served = new Set(config.instances.map((instance) => instance.model.id));
  for (const [i, model] of config.models.entries()) {
    if (served.has(model.id)) continue;
    findings.add(['models', i], `no instance serves the model "${model.id}"`, {
      severity: 'warning',
    });
  }
}

/** A constraint protects; one that reads the last turn alone is passed by naming the secret a turn earlier. */
function warnOfForgetfulConstraints({ constraints, compiler }: Suspect, findings: Findings): void {
  for (const { name, path, condition } of constraints) {
    const forgetful = leavesOf(condition).find(
      ({ slot }) => compiler.slots[slot]?.readsLastTurnOnly === true,
    );
    if (forgetful === undefined) continue;
    findings.add(
      path,
      `the constraint "${name}" reads only the last user turn (${forgetful.text}): what an earlier turn says slips past; define the signal with "over: conversation"`,
      { severity: 'warning' },
    );
  }
}

/** A constraint counts doubt as a match, unless `onError` says otherwise. */
function warnOfConstraintsThatFailOpen({ constraints }: Suspect, findings: Findings): void {
  for (const { name, path, condition } of constraints) {
    if (condition === null || !failsOpen(condition, true)) continue;
    findings.add(
      path,
      `the constraint "${name}" does not apply when a signal of it fails: its "onError" says so`,
      { severity: 'warning' },
    );
  }
}

/** `protects`: what an unknown result must count as for the constraint to apply. */
function failsOpen(condition: Condition | Measure, protects: boolean): boolean {
  if (condition.kind === 'weighing') {
    return condition.terms.some((term) => failsOpen(term.operand, isFavourable(term) === protects));
  }
  if (condition.kind === 'not') return failsOpen(condition.child, !protects);
  if (condition.kind === 'assumption' && condition.unknownAs !== protects) return true;
  return operandsOf(condition).some((operand) => failsOpen(operand, protects));
}

function leavesOf(condition: Condition | Measure | null): readonly (Leaf | Measure)[] {
  if (condition === null) return [];
  if (condition.kind === 'leaf' || condition.kind === 'measure') return [condition];
  return operandsOf(condition).flatMap(leavesOf);
}

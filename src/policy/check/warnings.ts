import type { Config, Instance, Signal } from '../../contract/index.ts';
import type { ConditionCompiler } from '../compile/compiler.ts';
import { isFavourable, operandsOf } from '../compile/condition.ts';
import type { Condition, Leaf, Measure } from '../compile/condition.ts';
import type { Definitions } from '../compile/definitions.ts';
import type { CompiledConstraint, CompiledRoute } from '../compile/rules.ts';
import type { Findings } from '../document/place.ts';
import { definitionsKey } from '../schema/index.ts';

/** A policy that is sound, seen by those who look for what cannot be meant. */
export interface Suspect {
  readonly config: Config;
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried. */
  readonly routes: readonly CompiledRoute[];
  readonly signals: readonly Signal[];
  readonly definitions: Definitions;
  readonly compiler: ConditionCompiler;
}

/** Adds a warning for each thing in the policy that can have no effect, or an effect that is not meant. */
export function addWarnings(suspect: Suspect, findings: Findings): void {
  warnOfUnreachableRoutes(suspect, findings);
  warnOfUnreadDefinitions(suspect, findings);
  warnOfUnservedModels(suspect, findings);
  warnOfBarredRoutes(suspect, findings);
  warnOfForgetfulConstraints(suspect, findings);
  warnOfConstraintsThatFailOpen(suspect, findings);
  suspect.compiler.named.warnOfUnused();
}

function warnOfUnreachableRoutes({ routes }: Suspect, findings: Findings): void {
  const last = routes.findIndex((route) => route.condition === null);
  for (const route of routes.slice(last + 1)) {
    if (route.index === null) continue;
    findings.add(
      ['routes', route.index],
      `the route "${route.name}" is never reached: "${routes[last]!.name}" is tried before it and always matches`,
      { severity: 'warning' },
    );
  }
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

/** A constraint that, when it applies, leaves a route with none of the instances that it would have. */
function warnOfBarredRoutes({ config, constraints, routes }: Suspect, findings: Findings): void {
  for (const { name, index, rule } of constraints) {
    if (rule === null) continue;
    const barred = routes.filter((route) => {
      const instances = instancesOf(config, route);
      return instances.length > 0 && !instances.some((instance) => rule.permits(instance));
    });
    if (barred.length === 0) continue;
    const names = barred.map((route) => `"${route.name}"`).join(', ');
    findings.add(
      ['constraints', index],
      `the constraint "${name}" leaves no instance for ${names}: requests that match both are refused`,
      { severity: 'warning' },
    );
  }
}

/** A constraint protects; one that reads the last turn alone is passed by naming the secret a turn earlier. */
function warnOfForgetfulConstraints({ constraints, compiler }: Suspect, findings: Findings): void {
  for (const { name, index, condition } of constraints) {
    const forgetful = leavesOf(condition).find(
      ({ slot }) => compiler.slots[slot]?.readsLastTurnOnly === true,
    );
    if (forgetful === undefined) continue;
    findings.add(
      ['constraints', index],
      `the constraint "${name}" reads only the last user turn (${forgetful.text}): what an earlier turn says slips past; define the signal with "over: conversation"`,
      { severity: 'warning' },
    );
  }
}

/** A constraint counts doubt as a match, unless `onError` says otherwise. */
function warnOfConstraintsThatFailOpen({ constraints }: Suspect, findings: Findings): void {
  for (const { name, index, condition } of constraints) {
    if (condition === null || !failsOpen(condition, true)) continue;
    findings.add(
      ['constraints', index],
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

function instancesOf(config: Config, route: CompiledRoute): readonly Instance[] {
  const { models } = route.mandate;
  return config.instances.filter(({ model }) =>
    models === null ? model.kind === 'chat' : models.has(model.id),
  );
}

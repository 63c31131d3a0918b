import type { PolicyAnalysis, PolicyFinding } from '../../contract/index.ts';
import type { Condition } from '../compile/condition.ts';
import type { CompiledRoute } from '../compile/rules.ts';
import { Analyst } from './analyst.ts';
import { SimilarityFacts } from './facts.ts';
import { findUnreachedBands } from './findings/bands.ts';
import { findBarredRules } from './findings/constraints.ts';
import { findContradictions } from './findings/contradictions.ts';
import type { Subjected } from './findings/contradictions.ts';
import { findOverlappingIntents } from './findings/intents.ts';
import { findUnmeetable } from './findings/limits.ts';
import { findUnreached } from './findings/reach.ts';
import { findOverlaps, findShadowedRoutes } from './findings/routes.ts';
import type { AnalysisPorts } from './ports.ts';
import { ConditionFormulas } from './rails.ts';
import { findingOf } from './subject.ts';
import type { PolicySubject } from './subject.ts';

/** Finds what in a sound policy cannot be meant: DESIGN §4. Never throws for what a policy says. */
export async function analysePolicy(
  subject: PolicySubject,
  ports: AnalysisPorts,
): Promise<PolicyAnalysis> {
  const conditions = subjectedOf(subject);
  const analyst = new Analyst(subject, ports, await factsAbout(subject, ports, conditions));
  const possible = await findContradictions(analyst, conditions);
  const isPossible = ({ condition }: CompiledRoute): boolean =>
    condition === null || possible.has(condition);
  const reaches = [];
  for (const book of subject.rulebooks) {
    const deciding = await findShadowedRoutes(analyst, book, isPossible);
    await findOverlaps(analyst, book, deciding);
    await findBarredRules(analyst, book, deciding);
    reaches.push({ book, deciding });
  }
  await findUnreached(analyst, reaches);
  await findUnreachedBands(analyst);
  await findUnmeetable(
    analyst,
    reaches.flatMap(({ deciding }) => deciding),
  );
  if (ports.embed !== null) await findOverlappingIntents(analyst, ports.embed);
  const findings = analyst.drafts().map((draft) => findingOf(subject, draft));
  const { undecided } = analyst.questions;
  return { findings: inOrder(findings), undecided, solver: ports.solver.name };
}

async function factsAbout(
  { slots }: PolicySubject,
  { embed }: AnalysisPorts,
  subjected: readonly Subjected[],
): Promise<SimilarityFacts['about']> {
  if (embed === null) return () => [];
  const conditions = subjected.map(({ condition }) => condition);
  const formulas = new ConditionFormulas(slots, conditions);
  const facts = await SimilarityFacts.of(
    conditions.map((condition) => formulas.isTrue(condition)),
    embed,
  );
  return facts.about;
}

/** Every condition that something hangs on; those of the policy itself bind its recipes too. */
function subjectedOf({ suspect, rulebooks }: PolicySubject): readonly Subjected[] {
  const found = new Map<Condition, Subjected>();
  const add = (subjected: Subjected): void => {
    if (!found.has(subjected.condition)) found.set(subjected.condition, subjected);
  };
  for (const { name, path, compiled } of suspect.compiler.named.compiledOf<Condition>(
    'condition',
  )) {
    add({
      what: `the condition "${name}"`,
      path,
      condition: compiled,
      whenNever: 'whoever uses it waits in vain',
      whenAlways: 'whoever uses it tells nothing apart',
    });
  }
  for (const { constraints, routes } of rulebooks) {
    for (const { name, path, condition } of constraints) {
      if (condition === null) continue;
      add({
        what: `the constraint "${name}"`,
        path,
        condition,
        whenNever: 'it protects nothing',
        whenAlways: 'leave out its when, if every request is meant',
      });
    }
    for (const { name, path, condition } of routes) {
      if (condition === null || path === null) continue;
      add({
        what: `the route "${name}"`,
        path,
        condition,
        whenNever: 'no request takes it',
        whenAlways: 'leave out its when, if it is the default',
      });
    }
  }
  return [...found.values()];
}

function inOrder(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  return findings.toSorted(
    (a, b) =>
      (a.file ?? '').localeCompare(b.file ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

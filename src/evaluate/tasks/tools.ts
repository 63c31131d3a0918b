import { createToolIndex, toolText } from '../../encoder/index.ts';
import type { DescribedTool } from '../../encoder/index.ts';
import { EvaluationProblem } from '../evaluation.ts';
import type { EvaluationInput, Measured } from '../evaluation.ts';
import { textOf } from '../records.ts';
import { accuracyOf } from '../statistics.ts';
import { openEncoder } from '../two-speeds.ts';
import { overlapOf, wordsOf } from '../word-overlap.ts';

const FIRST = 5;

/** `{Query, Tool}`, with `{tool, description}` in `--support`: is the right tool among the first five? */
export async function evaluateTools(input: EvaluationInput): Promise<Measured> {
  const { records, support, stopwatch } = input;
  if (support === null) {
    throw new EvaluationProblem(
      'tools needs --support FILE: descriptions as {"tool", "description"} lines',
    );
  }
  const encoder = openEncoder(input.speed, input.understanding);
  const tools: DescribedTool[] = [];
  for (const record of support) {
    const name = textOf(record, 'tool', 'Tool');
    const description = textOf(record, 'description');
    tools.push({ name, description, vector: await encoder.embed(toolText(name, description)) });
  }
  const index = createToolIndex(tools);
  const items = records.map((record) => ({
    query: textOf(record, 'Query', 'query'),
    tool: textOf(record, 'Tool', 'tool'),
  }));
  const ranked = await stopwatch.each(items, async ({ query }) =>
    index.rank(query, await encoder.embed(query)),
  );
  const position = (order: readonly number[], i: number): number =>
    order.findIndex((tool) => tools[tool]!.name === items[i]!.tool);
  const positions = ranked.map(position);
  const words = tools.map(({ name, description }) => wordsOf(toolText(name, description)));
  const byWords = items.map(({ query }, i) => position(byOverlap(wordsOf(query), words), i));
  const recall = (found: readonly number[], first: number): number =>
    accuracyOf(found.map((at) => at >= 0 && at < first));
  return {
    n: items.length,
    encoder: encoder.speed,
    metrics: { recallAt5: recall(positions, FIRST), recallAt1: recall(positions, 1) },
    baselines: {
      random: { recallAt5: Math.min(1, FIRST / tools.length) },
      wordOverlap: { recallAt5: recall(byWords, FIRST) },
    },
  };
}

function byOverlap(query: ReadonlySet<string>, tools: readonly ReadonlySet<string>[]): number[] {
  const overlaps = tools.map((words) => overlapOf(query, words));
  return [...overlaps.keys()].sort((a, b) => overlaps[b]! - overlaps[a]!);
}

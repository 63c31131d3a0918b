import { TOOL_FIT } from '../../contract/index.ts';
import { createToolIndex, toolText } from '../../encoder/index.ts';
import type { ToolIndex } from '../../encoder/index.ts';
import type {
  CompiledCondition,
  NumberQuantity,
  Reading,
  ShareKey,
  Signal,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { from, passes } from '../claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from '../comparison.ts';
import { NO_TEXT } from './class-reading.ts';
import type { RequestTexts } from './request-texts.ts';

const RELEVANCE: NumberQuantity = {
  kind: 'number',
  name: 'toolRelevance',
  range: from(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  isInteger: false,
};

/** More tools than this are not looked at: a request that declares them all is hostile or lost. */
const TOOLS_MAX = 1024;
const NO_TOOLS: Reading = { value: null, confidence: 0, reason: 'the request declares no tool' };

/** `toolRelevance: { atLeast: 0.4 }`: how well the fittest of the request's tools fits the last user text. */
export function createToolRelevanceSignal(
  texts: RequestTexts,
  understanding: Understanding,
): Signal {
  const index = toolIndexOf(understanding);
  const slot: SignalSlot = {
    key: 'toolRelevance',
    kind: 'toolRelevance',
    cost: 'text',
    readsLastTurnOnly: true,
    warm: () => understanding.fast().encoder.embedOne('warm'),
    read(workload, shared) {
      if (workload.toolCount() === 0) return NO_TOOLS;
      const text = shared.share(texts.gist);
      if (text.tokenCount === 0) return NO_TEXT;
      const relevance = shared.share(index).relevance(text.text, text.embedding());
      if (relevance.length === 0) return NO_TOOLS;
      shared.share(TOOL_FIT).relevance = relevance;
      return { value: Math.max(...relevance), confidence: 1 };
    },
  };
  return {
    apiVersion: 1,
    kind: 'toolRelevance',
    definitionSchema: null,
    valueSlot: () => slot,
    conditionSchema: {
      description:
        "Relevance of the fittest of the request's tools to the last user text: about a cosine.",
      ...COMPARISON_SCHEMA,
    },
    compile(value): CompiledCondition {
      const comparison = compileComparison(value);
      return {
        slot,
        test: (reading) => comparison.test(reading.value as number),
        text: `toolRelevance ${comparison.text}`,
        claim: passes(RELEVANCE, comparison),
      };
    },
  };
}

/** The tools of a request as an index, for whoever ranks them. */
function toolIndexOf(understanding: Understanding): ShareKey<ToolIndex> {
  return {
    make(workload) {
      const { encoder } = understanding.fast();
      const tools = workload.tools().slice(0, TOOLS_MAX);
      return createToolIndex(
        tools.map((tool) => ({
          ...tool,
          vector: encoder.embedOne(toolText(tool.name, tool.description)),
        })),
      );
    },
  };
}

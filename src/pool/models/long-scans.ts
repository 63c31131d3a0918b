import type { Classification, LongScans, TextSpan } from '../../contract/index.ts';
import { moduleUrl } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { shippedModels } from './model-files.ts';
import { ModelThread } from './model-thread.ts';
import type { ScanQuestion, ScanStart } from './scan-thread.ts';

export interface LongScansOptions {
  readonly clock: Clock;
  /** Of the model files. */
  readonly folder?: string;
  readonly charactersMin?: number;
  readonly queueMax?: number;
  readonly deadlineMs?: number;
}

/** Shorter texts take less time than handing them over: about a millisecond for this many. */
const CHARACTERS_MIN = 16_384;

/** The shipped models in a thread of their own, for whole texts that are long. */
export function openLongScans(options: LongScansOptions): LongScans & { close(): Promise<void> } {
  const folder = options.folder ?? shippedModels();
  const thread = new ModelThread({
    entry: moduleUrl(import.meta.url, './scan-thread'),
    workerData: { role: 'bourse-scans', folder } satisfies ScanStart,
    clock: options.clock,
    queueMax: options.queueMax ?? 64,
    deadlineMs: options.deadlineMs ?? 10_000,
  });
  const ask = (question: ScanQuestion): Promise<unknown> => thread.ask(question);
  return {
    charactersMin: options.charactersMin ?? CHARACTERS_MIN,
    classify: (_task, text) => ask({ kind: 'classify', text }) as Promise<Classification>,
    tag: (text) => ask({ kind: 'tag', text }) as Promise<readonly TextSpan[]>,
    close: () => thread.close(),
  };
}

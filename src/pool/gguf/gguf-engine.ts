import type { Engine, Instance } from '../../contract/index.ts';
import type { LocalModelSpec } from './local-model.ts';
import { CONTEXT_TOKENS_MAX, CONTEXT_TOKENS_MIN } from './spec-path.ts';
import { pathOfSpec, SLOTS_MAX, THREADS_MAX } from './spec-path.ts';
import { llamaCpp } from '../engines/llama-cpp/engine.ts';

/** Where this machine's server of local models listens, and what it wants to be shown. */
export interface LocalModelsAt {
  readonly url: string;
  readonly token: string;
}

export const GGUF = 'gguf';
/** Two requests at once: more slots share the same cores. */
const SLOTS = 2;
/** Where nobody serves: policies that are only checked never ask. */
const NOWHERE: LocalModelsAt = { url: 'http://127.0.0.1:9', token: '' };

/** A GGUF file that the exchange itself runs, in a process beside it that speaks as llama.cpp's server does. */
export function createGgufEngine({ url, token }: LocalModelsAt = NOWHERE): Engine {
  return {
    ...llamaCpp,
    kind: GGUF,
    probe: { healthPath: '/health', telemetryPath: '/metrics' },
    options: [
      { name: 'file', kind: 'text', description: 'The GGUF file, relative to the policy file.' },
      {
        name: 'slots',
        kind: 'number',
        range: [1, SLOTS_MAX],
        description: `Requests that it answers at once (${SLOTS}).`,
      },
      {
        name: 'contextTokens',
        kind: 'number',
        range: [CONTEXT_TOKENS_MIN, CONTEXT_TOKENS_MAX],
        description:
          'Tokens of prompt and answer of one slot. Unset: what it was trained with, 4096 at most.',
      },
      {
        name: 'threads',
        kind: 'number',
        range: [1, THREADS_MAX],
        description: 'Unset: as many as the machine has.',
      },
    ],
    path: (surface, features, instance) => {
      const isThere = surface === (instance.model.kind === 'chat' ? 'chat' : 'embeddings');
      return isThere ? llamaCpp.path(surface, features, instance) : null;
    },
    place: (options, kind) => {
      const spec = specOf(options, kind);
      return spec === null ? null : { url: url + pathOfSpec(spec), apiKey: token };
    },
    adapt: () => [],
    continuesChat: true,
    featureProbes: (instance) =>
      llamaCpp.featureProbes!(instance).filter(({ path }) => path === '/props'),
    unfitness: (text) => absence(text),
  };
}

function specOf(
  options: Instance['options'] = {},
  task: LocalModelSpec['task'],
): LocalModelSpec | null {
  const { file, slots = SLOTS, contextTokens = null, threads = null } = options;
  if (typeof file !== 'string' || file === '') return null;
  return {
    file,
    task,
    slots: Number(slots),
    contextTokens: contextTokens === null ? null : Number(contextTokens),
    threads: threads === null ? null : Number(threads),
  };
}

/** Why the model is not there, by what `/health` says; null: it is. */
function absence(text: string): string | null {
  try {
    const { status, message } = JSON.parse(text) as { status?: unknown; message?: unknown };
    return status === 'ok' ? null : String(message ?? status);
  } catch {
    return 'its health is not told in JSON';
  }
}

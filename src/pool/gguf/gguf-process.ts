/**
 * Entry of the process that runs local models. Its parent gives it a port that is being listened on and
 * the first connection to it; it ends when the parent's channel closes, however the parent ended, and
 * when the fleet has no local model any more.
 */
import type { Server, Socket } from 'node:net';
import { createSystemClock } from '../../kernel/index.ts';
import { createGgufServer } from './gguf-server.ts';
import { openLlamaModel } from './llama-model.ts';

/** `up`: it can be given the port. `taken`: the port is its own. `loading`, `loaded`: a model is, or was, well or not. */
export type GgufMessage =
  | { readonly kind: 'up' | 'taken' }
  | { readonly kind: 'loading' | 'loaded'; readonly path: string };

/** A model that is not to be loaded. */
export interface Barred {
  readonly path: string;
  readonly reason: string;
  readonly forMs: number;
}

/** Whoever is connected has so long to hear its answer to the end. */
const LEAVE_MS = 1_000;

/** A parent that is gone hears nothing: this process ends with it. */
const tell = (message: GgufMessage): void =>
  void process.send?.(message, undefined, {}, () => undefined);

const { server, bar } = createGgufServer({
  open: openLlamaModel,
  clock: createSystemClock(),
  token: process.env['BOURSE_GGUF_TOKEN'] ?? '',
  watch: {
    onLoading: (path) => tell({ kind: 'loading', path }),
    onLoaded: (path) => tell({ kind: 'loaded', path }),
    onEmpty: leave,
  },
});

const barred = JSON.parse(process.env['BOURSE_GGUF_BARRED'] ?? '[]') as readonly Barred[];
for (const { path, reason, forMs } of barred) bar(path, reason, forMs);

function leave(): void {
  server.close(() => process.exit(0));
  setTimeout(() => server.closeAllConnections(), LEAVE_MS);
}

process.on('disconnect', () => process.exit(0));
// A terminal sends its interrupt to the parent too, which drains requests before it lets go.
process.on('SIGINT', () => undefined);
process.on('message', (what: 'port' | 'connection', handle: Server | Socket | undefined) => {
  if (what === 'port') server.listen(handle as Server, () => tell({ kind: 'taken' }));
  else if (handle !== undefined) server.emit('connection', handle);
});
tell({ kind: 'up' });

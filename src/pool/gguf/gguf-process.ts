/**
 * Entry of the process that runs local models. Its parent gives it a port that is being listened on and
 * the first connection to it; it ends when the parent's channel closes, however the parent ended.
 */
import type { Server, Socket } from 'node:net';
import { createSystemClock } from '../../kernel/index.ts';
import { createGgufServer } from './gguf-server.ts';
import { openLlamaModel } from './llama-model.ts';

/** `up`: it can be given the port. `taken`: the port is its own. */
export interface GgufMessage {
  readonly kind: 'up' | 'taken';
}

const tell = (message: GgufMessage): void => void process.send?.(message);

const { server } = createGgufServer({
  open: openLlamaModel,
  clock: createSystemClock(),
  token: process.env['BOURSE_GGUF_TOKEN'] ?? '',
});

process.on('disconnect', () => process.exit(0));
// A terminal sends its interrupt to the parent too, which drains requests before it lets go.
process.on('SIGINT', () => undefined);
process.on('message', (what: 'port' | 'connection', handle: Server | Socket | undefined) => {
  if (what === 'port') server.listen(handle as Server, () => tell({ kind: 'taken' }));
  else if (handle !== undefined) server.emit('connection', handle);
});
tell({ kind: 'up' });

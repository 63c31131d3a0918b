import { createRng } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { NO_TELEMETRY } from '../../contract/index.ts';
import type { Probe } from '../../contract/index.ts';
import { createEngineModel } from '../engine-model.ts';
import type { EngineModel, SequenceResult } from '../engine-model.ts';
import type { FleetInstance } from '../fleet-file.ts';
import { engineBlocks } from '../traces/prompt-body.ts';
import type { SimulatedRequest } from './simulated-request.ts';

/** Who waits for an answer. One of `onEnd`, `onCut` is called, once. */
export interface ServerClient {
  onFirstToken(): void;
  onEnd(result: SequenceResult): void;
  /** The server went down. */
  onCut(): void;
}

export type Submission =
  | { readonly kind: 'accepted'; cancel(): void }
  | { readonly kind: 'refused' | 'too-long' };

/** One inference server on the virtual clock: the engine model without HTTP. */
export class VirtualServer {
  readonly place: number;
  readonly instance: FleetInstance;
  readonly engine: EngineModel;
  readonly #cuts = new Set<() => void>();
  #isDown = false;

  constructor(place: number, instance: FleetInstance, options: { clock: Clock; seed: number }) {
    this.place = place;
    this.instance = instance;
    const rng = createRng(options.seed * 1000 + place);
    this.engine = createEngineModel({ clock: options.clock, rng, spec: instance.spec });
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  submit(request: SimulatedRequest, client: ServerClient): Submission {
    const { promptTokens, outputTokens } = request.asked;
    if (this.#isDown) return { kind: 'refused' };
    if (!this.engine.fits(promptTokens, outputTokens)) return { kind: 'too-long' };
    let isOver = false;
    const finish = (): boolean => {
      if (isOver) return false;
      isOver = true;
      this.#cuts.delete(cut);
      return true;
    };
    const handle = this.engine.submit({
      prompt: request.blocks(this.instance.spec.blockSize, engineBlocks),
      outputTokens,
      priority: request.priority,
      onToken: (index) => {
        if (index === 0 && !isOver) client.onFirstToken();
      },
      onEnd: (result) => {
        request.joules += result.energyJoules;
        if (!finish()) return;
        request.instance = this.place;
        request.cachedTokens = result.cachedTokens;
        request.outputTokens = result.outputTokens;
        client.onEnd(result);
      },
    });
    const cut = (): void => {
      if (!finish()) return;
      handle.cancel();
      client.onCut();
    };
    this.#cuts.add(cut);
    return {
      kind: 'accepted',
      cancel: () => {
        if (finish()) handle.cancel();
      },
    };
  }

  setSlowdown(factor: number): void {
    this.engine.setSlowdown(factor);
  }

  goDown(): void {
    this.#isDown = true;
    for (const cut of this.#cuts) cut();
  }

  comeUp(): void {
    this.#isDown = false;
  }

  /** What a look at its health and metrics says. */
  probe(): Probe {
    const features = { hasResponses: false };
    if (this.#isDown) {
      return { lifecycle: 'down', reason: 'unreachable', telemetry: NO_TELEMETRY, features };
    }
    const stats = this.engine.stats();
    const telemetry = {
      runningRequests: stats.running,
      waitingRequests: stats.waiting,
      kvUsageRatio: stats.kvUsageRatio,
      promptTokensTotal: stats.promptTokensTotal,
      generationTokensTotal: stats.generationTokensTotal,
      prefixCacheQueriesTotal: stats.prefixQueriesTotal,
      prefixCacheHitsTotal: stats.prefixHitsTotal,
      powerWatts: stats.powerWatts,
    };
    return { lifecycle: 'ready', reason: null, telemetry, features };
  }
}

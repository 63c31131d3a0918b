import type { Truth } from '../baselines/baseline.ts';
import type { VirtualWorld } from './router.ts';
import { engineBlocks } from '../traces/prompt-body.ts';

/** What no router can know: the engines as they are, and the length of an answer before it is given. */
export function truthOf({ servers, requests }: VirtualWorld): Truth {
  return {
    forecast: (index, place) => {
      const request = requests(index);
      const { engine, instance } = servers[place]!;
      const prompt = request.blocks(instance.spec.blockSize, engineBlocks);
      const { outputTokens } = request.asked;
      return { ...engine.forecast(prompt, outputTokens), outputTokens };
    },
  };
}

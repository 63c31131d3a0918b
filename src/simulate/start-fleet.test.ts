import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRng, createSystemClock } from '../kernel/index.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import { forkDemoFleet } from './fork-fleet.ts';
import { startDemoFleet, urlVariable } from './start-fleet.ts';

const isAlive = (processId: number): boolean => {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
};

describe('the demo fleet', () => {
  test('has five or more instances, four sizes, one model twice and one encoder', () => {
    const chat = DEMO_FLEET.filter((spec) => spec.answers !== null);
    expect(chat.length).toBeGreaterThanOrEqual(5);
    expect(new Set(chat.map((spec) => spec.model)).size).toBe(4);
    expect(DEMO_FLEET.length - chat.length).toBe(1);
    expect(new Set(DEMO_FLEET.map((spec) => spec.id)).size).toBe(DEMO_FLEET.length);
  });

  test('starts every server and names its address', async () => {
    const fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(1) });
    expect(Object.keys(fleet.env)).toEqual(DEMO_FLEET.map((spec) => urlVariable(spec.id)));
    expect(urlVariable('small-a')).toBe('BOURSE_SIM_SMALL_A_URL');
    for (const url of Object.values(fleet.env)) {
      expect((await fetch(`${url}/health`)).status).toBe(200);
    }
    const taken = startDemoFleet({
      clock: createSystemClock(),
      rng: createRng(1),
      basePort: Number(new URL(fleet.servers[0]!.url).port),
    });
    await expect(taken).rejects.toMatchObject({ code: 'BRS_LISTEN' });
    await fleet.close();
    await expect(fetch(`${fleet.servers[0]!.url}/health`)).rejects.toThrow();
  });

  test('runs in a process of its own, which ends when it is let go', async () => {
    const fleet = await forkDemoFleet({ speedup: 100, seed: 1 });
    const response = await fetch(`${fleet.env['BOURSE_SIM_LARGE_URL']}/v1/models`);
    expect(await response.json()).toMatchObject({ data: [{ id: 'qwen2.5-72b' }] });
    expect(isAlive(fleet.processId)).toBe(true);
    await fleet.close();
    for (let i = 0; i < 100 && isAlive(fleet.processId); i++) await sleep(10);
    expect(isAlive(fleet.processId)).toBe(false);
  });
});

describe('the policy of the demo', () => {
  interface DemoPolicy {
    readonly models: readonly {
      readonly id: string;
      readonly energy: {
        readonly idleWatts: number;
        readonly peakWatts: number;
        readonly gpus?: number;
      };
      readonly contextWindowTokens: number;
    }[];
    readonly instances: readonly {
      readonly id: string;
      readonly model: string;
      readonly url: string;
      readonly maxRunning?: number;
    }[];
  }
  const file = new URL('../../examples/demo.yaml', import.meta.url);
  const policy = parse(readFileSync(file, 'utf8')) as DemoPolicy;

  test.each(DEMO_FLEET)('agrees with the server $id', (spec) => {
    const { maxRunning, power } = spec.engine;
    expect(policy.instances.find(({ id }) => id === spec.id)).toMatchObject({
      model: spec.model,
      url: expect.stringContaining(`\${${urlVariable(spec.id)}:-http://127.0.0.1:`),
      ...(spec.answers === null ? {} : { maxRunning }),
    });
    const model = policy.models.find(({ id }) => id === spec.model)!;
    expect(model.contextWindowTokens).toBe(spec.contextWindowTokens);
    expect({ gpus: 1, ...model.energy }).toEqual({
      idleWatts: power.idleWatts,
      peakWatts: power.peakWatts,
      gpus: power.gpus,
    });
  });

  test('names no other server', () => {
    expect(policy.instances).toHaveLength(DEMO_FLEET.length);
  });
});

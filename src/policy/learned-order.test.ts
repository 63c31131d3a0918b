import { describe, expect, test } from 'vitest';
import type { Policy, Signal, SignalCost } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { openSignals } from '../signals/index.ts';
import { fakeWorkload } from '../signals/fixtures/fake-workload.ts';
import { FLEET, fleetOf, policyOf } from './fixtures/policy.ts';

/** Signals of three cost classes, whose conditions are named; each is true while its name is in `truths`. */
class Rig {
  readonly truths = new Set<string>();
  /** In order: names as they are begun, and `NAME known` where one was waited for. */
  log: string[] = [];
  policy: Policy;

  constructor(rules: string) {
    this.policy = policyOf(FLEET + rules, [
      this.#signal('free', 'free'),
      this.#signal('model', 'model'),
      this.#signal('slow', 'remote'),
    ]);
  }

  async decide(...truths: string[]) {
    this.truths.clear();
    for (const name of truths) this.truths.add(name);
    this.log = [];
    const { policy } = this;
    const workload = fakeWorkload();
    const reader = openSignals(policy.slots, workload, createVirtualClock());
    const result = await policy.decide(workload, reader, fleetOf(policy), null);
    return { result, readings: reader.readings(), policy };
  }

  async serve(times: number, ...truths: string[]): Promise<void> {
    for (let i = 0; i < times; i++) {
      const { readings, policy } = await this.decide(...truths);
      this.policy = policy.observe!(readings, 'auto');
    }
  }

  #signal(kind: string, cost: SignalCost): Signal {
    return {
      apiVersion: 1,
      kind,
      definitionSchema: null,
      conditionSchema: {},
      compile: (value) => {
        const name = String(value);
        const read = () => ({ value: this.truths.has(name), confidence: 1 });
        return {
          slot: {
            key: name,
            kind,
            cost,
            read: () => {
              this.log.push(name);
              if (cost !== 'remote') return read();
              return Promise.resolve().then(() => {
                this.log.push(`${name} known`);
                return read();
              });
            },
          },
          test: (reading) => reading.value === true,
          text: name,
        };
      },
    };
  }
}

const route = (when: string): string => `routes: [{ name: r, when: ${when}, use: {} }]\n`;

describe('the order of evaluation', () => {
  test('puts what mostly decides first', async () => {
    const rig = new Rig(route('{ any: [{ free: a }, { free: b }, { free: c }] }'));
    await rig.decide('c');
    expect(rig.log).toEqual(['a', 'b', 'c']);
    await rig.serve(64, 'c');
    await rig.decide('c');
    expect(rig.log).toEqual(['c']);
    const all = new Rig(route('{ all: [{ free: a }, { free: b }] }'));
    await all.serve(64, 'a');
    await all.decide('a');
    expect(all.log).toEqual(['b']);
  });

  test('tries nothing dear before something cheap until it was seen', async () => {
    const rig = new Rig(route('{ any: [{ model: m }, { free: a }] }'));
    await rig.serve(512, 'a');
    await rig.decide('a');
    expect(rig.log).toEqual(['a']);
    await rig.decide('m');
    expect(rig.log).toEqual(['a', 'm']);
  });

  test('of at least some, follows the side that mostly settles it', async () => {
    const when = '{ atLeast: { n: 2, of: [{ free: a }, { free: b }, { free: c }] } }';
    const rig = new Rig(route(when));
    for (let i = 0; i < 64; i++) await rig.serve(1, i % 2 === 0 ? 'b' : 'a', 'c');
    await rig.serve(256, 'b', 'c');
    await rig.decide('b', 'c');
    expect(rig.log).toEqual(['b', 'c']);
  });

  test('is explained as it was', async () => {
    const rig = new Rig(route('{ any: [{ free: a }, { free: b }] }'));
    const first = await rig.decide('b');
    const before = first.policy.explain('r', first.readings);
    await rig.serve(64, 'b');
    expect(first.policy.explain('r', first.readings)).toEqual(before);
    const then = await rig.decide('b');
    const texts = then.policy
      .explain('r', then.readings)
      .routes[0]!.children[0]!.children.map(({ text, value }) => [text, value]);
    expect(texts).toEqual([
      ['b', true],
      ['a', undefined],
    ]);
  });

  test('is learned of requests that wait, and forgets nothing that holds', async () => {
    const rig = new Rig(route('{ all: [{ slow: x }, { slow: y }] }'));
    await rig.serve(64, 'x', 'y');
    expect((await rig.decide('x', 'y')).result).toMatchObject({ route: 'r' });
    expect((await rig.decide('x')).result).toMatchObject({ route: 'default' });
    expect((await rig.decide('y')).result).toMatchObject({ route: 'default' });
  });
});

describe('slow signals', () => {
  test('that are needed in any case are begun together', async () => {
    const when = '{ atLeast: { n: 2, of: [{ slow: x }, { slow: y }, { slow: z }] } }';
    const rig = new Rig(route(when));
    await rig.decide('x', 'y');
    expect(rig.log).toEqual(['x', 'y', 'x known', 'y known']);
  });

  test('of all constraints are begun together, up to one that may refuse', async () => {
    const rig = new Rig(`constraints:
  - { name: a, when: { slow: x }, forbid: { site: moon } }
  - { name: b, when: { slow: y }, refuse: no }
  - { name: c, when: { slow: z }, forbid: { site: sun } }
`);
    await rig.decide('x');
    expect(rig.log).toEqual(['x', 'y', 'x known', 'y known', 'z', 'z known']);
    await rig.decide('y');
    expect(rig.log).toEqual(['x', 'y', 'x known', 'y known']);
  });

  test('that are mostly needed are begun together once that was seen', async () => {
    const rig = new Rig(route('{ all: [{ slow: x }, { slow: y }] }'));
    await rig.decide('x', 'y');
    expect(rig.log).toEqual(['x', 'x known', 'y', 'y known']);
    await rig.serve(64, 'x', 'y');
    await rig.decide('x', 'y');
    expect(rig.log.slice(0, 2).sort()).toEqual(['x', 'y']);
    const rare = new Rig(route('{ all: [{ slow: x }, { slow: y }] }'));
    for (let i = 0; i < 64; i++) await rare.serve(1, i % 2 === 0 ? 'x' : 'y');
    await rare.decide('x', 'y');
    expect(rare.log).toHaveLength(4);
    expect(rare.log[1]).toContain('known');
  });

  test('of routes behind one that hardly ever matches are begun with its own', async () => {
    const rig = new Rig(`routes:
  - { name: r, when: { slow: x }, use: {} }
  - { name: s, when: { slow: y }, use: {} }
`);
    await rig.serve(64);
    await rig.decide('y');
    expect(rig.log).toEqual(['x', 'y', 'x known', 'y known']);
  });
});

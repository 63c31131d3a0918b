import { describe, expect, test } from 'vitest';
import { OnnxSession } from './onnx-session.ts';
import type { OnnxGraph, OnnxRuntime, OnnxSessionOptions } from './onnx-session.ts';

class FakeTensor {
  readonly data: BigInt64Array | Float32Array;
  readonly dims: readonly number[];

  constructor(_type: string, data: BigInt64Array | Float32Array, dims: readonly number[]) {
    this.data = data;
    this.dims = dims;
  }
}

/** Gives each sequence the sum of its ids that the mask leaves, and each token its id. */
class FakeGraph implements OnnxGraph {
  readonly inputNames: readonly string[];
  readonly outputNames = ['sum', 'each'];
  readonly shapes: (readonly number[])[] = [];
  failures = 0;

  constructor(inputNames: readonly string[] = ['input_ids', 'attention_mask']) {
    this.inputNames = inputNames;
  }

  async run(feeds: Parameters<OnnxGraph['run']>[0]): ReturnType<OnnxGraph['run']> {
    await new Promise(setImmediate);
    if (this.failures-- > 0) throw new Error('out of memory');
    const ids = feeds['input_ids']!.data as BigInt64Array;
    const mask = feeds['attention_mask']!.data as BigInt64Array;
    const [rows, length] = feeds['input_ids']!.dims as [number, number];
    this.shapes.push([rows, length]);
    const sums = new Float32Array(rows);
    ids.forEach((id, i) => (sums[Math.floor(i / length)]! += Number(id * mask[i]!)));
    return {
      sum: new FakeTensor('float32', sums, [rows, 1]),
      each: new FakeTensor('float32', Float32Array.from(ids, Number), [rows, length, 1]),
    };
  }
}

const runtime = { Tensor: FakeTensor } as unknown as OnnxRuntime;

function sessionOver(graph: FakeGraph, options: Partial<OnnxSessionOptions> = {}): OnnxSession {
  const defaults = { padId: 9, batchMax: 4, queueMax: 100, waitMsMax: 1000, nowMs: () => 0 };
  return new OnnxSession(runtime, graph, { ...defaults, ...options });
}

const ids = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i + 1);

describe('a session', () => {
  test('runs together what waits, and gives each its own without the padding', async () => {
    const graph = new FakeGraph();
    const session = sessionOver(graph);
    const lengths = [3, 1, 5, 2, 4, 7];
    const outputs = await Promise.all(lengths.map((length) => session.run(ids(length))));
    expect(graph.shapes).toEqual([
      [4, 5],
      [2, 7],
    ]);
    outputs.forEach((output, i) => {
      const length = lengths[i]!;
      expect([...output.get('each')!]).toEqual([...ids(length)]);
      expect([...output.get('sum')!]).toEqual([(length * (length + 1)) / 2]);
    });
  });

  test('runs one by one where that is asked for', async () => {
    const graph = new FakeGraph();
    const session = sessionOver(graph, { batchMax: 1 });
    await Promise.all([session.run(ids(2)), session.run(ids(3))]);
    expect(graph.shapes).toEqual([
      [1, 2],
      [1, 3],
    ]);
  });

  test('feeds the types of tokens to a model that has them, and refuses one that needs more', async () => {
    const graph = new FakeGraph(['input_ids', 'attention_mask', 'token_type_ids']);
    expect((await sessionOver(graph).run(ids(2))).get('sum')).toEqual(Float32Array.of(3));
    expect(() => sessionOver(new FakeGraph(['pixels']))).toThrow(/needs the input "pixels"/);
  });

  test('a run that fails fails those in it, not those behind it', async () => {
    const graph = new FakeGraph();
    graph.failures = 1;
    const session = sessionOver(graph, { batchMax: 1 });
    const [first, second] = await Promise.allSettled([session.run(ids(1)), session.run(ids(2))]);
    expect(first.status).toBe('rejected');
    expect(second.status).toBe('fulfilled');
  });

  test('the queue has an end, and nobody is served who has left', async () => {
    let now = 0;
    const graph = new FakeGraph();
    const session = sessionOver(graph, { batchMax: 1, queueMax: 2, nowMs: () => now });
    const waiting = [session.run(ids(1)), session.run(ids(1))];
    await expect(session.run(ids(1))).rejects.toMatchObject({ code: 'BRS_OVERLOADED' });
    now = 5000;
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'BRS_OVERLOADED' });
    expect(graph.shapes).toEqual([]);
  });
});

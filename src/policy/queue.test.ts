import { expect, test } from 'vitest';
import { FLEET, mandateOf, policyOf } from './fixtures/policy.ts';

const queueOf = async (use: string, more = ''): Promise<unknown> => {
  const policy = policyOf(`${FLEET}\nroutes: [{ name: r, use: { ${use} } }]\n${more}`);
  return (await mandateOf(policy, {})).queue;
};

test('a route without a queue has none', async () => {
  await expect(queueOf('mode: latency')).resolves.toBeUndefined();
});

test('a queue has its defaults, and what is said of it', async () => {
  await expect(queueOf('queue: {}')).resolves.toEqual({
    order: 'shortest-first',
    patience: 30,
    maxMs: 30_000,
  });
  await expect(queueOf('queue: { order: arrival, maxMs: 500 }')).resolves.toMatchObject({
    order: 'arrival',
    maxMs: 500,
  });
});

test("a tenant's own mode, and a constraint, leave it", async () => {
  const more =
    'tenants: [{ id: "*", mode: eco }]\nconstraints: [{ name: c, forbid: { model: large } }]';
  await expect(queueOf('queue: {}', more)).resolves.toMatchObject({ patience: 30 });
});

test.each(['queue: { order: longest }', 'queue: { patience: -1 }', 'queue: { maxMs: 0 }'])(
  'refused: %s',
  async (use) => {
    await expect(queueOf(use)).rejects.toThrow(/queue/);
  },
);

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyse } from '../../src/app-analysis.ts';
import { offlineOf } from '../../src/app-offline.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from '../../src/app-policy.ts';

const ROLES = ['a', 'b', 'c'];
/** Bytes over 4: each lies between two of the thresholds below. */
const SIZES = [20, 120, 600, 2000];

const leaf = fc.oneof(
  fc.constantFrom(...ROLES).map((role) => ({ role })),
  fc
    .tuple(fc.constantFrom('atLeast', 'below'), fc.constantFrom(10, 100, 300))
    .map(([operator, tokens]) => ({ contextTokens: { [operator]: tokens } })),
);
const condition = fc.letrec<{ any: object }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'condition' },
    leaf,
    tie('any').map((not) => ({ not })),
    fc.array(tie('any'), { minLength: 2, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('any'), { minLength: 2, maxLength: 3 }).map((any) => ({ any })),
    fc.array(tie('any'), { minLength: 3, maxLength: 3 }).map((of) => ({ atLeast: { n: 2, of } })),
  ),
})).any;

const rolesOf = (bits: number): readonly string[] => ROLES.filter((_, i) => (bits >> i) & 1);

test('a route is found to be unreachable when, and only when, no request reaches it', async () => {
  const env = {};
  const registry = await registryFor(await sourceOf({ configText: 'version: 1', env }), env);
  let unreachable = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(condition, { minLength: 2, maxLength: 5 }), async (conditions) => {
      const routes = conditions.map((when, i) => ({ name: `r${i}`, when, use: {} }));
      const policy = {
        version: 1,
        models: [{ id: 'm' }],
        instances: [{ id: 'i', model: 'm', engine: 'vllm', url: 'http://127.0.0.1:9' }],
        routes,
      };
      const source = await sourceOf({ configText: JSON.stringify(policy), env });
      const load = requirePolicy(createPolicyLoader(registry, env, {})(source, 1), null);
      const { findings, undecided } = await analyse(load, registry);
      const dead = routes.filter((_, i) => {
        const own = `routes[${i}]`;
        return findings.some(
          ({ code, severity, path, related }) =>
            severity === 'error' &&
            (code === 'shadowed-route'
              ? path === own
              : path.startsWith(own) || related.some((each) => each.path === own)),
        );
      });
      const offline = offlineOf(load.policy, registry);
      const reached = new Set<string | null>();
      for (const bytes of SIZES) {
        for (let bits = 0; bits < 2 ** ROLES.length; bits++) {
          const request = { text: 'x'.repeat(bytes), roles: rolesOf(bits) };
          reached.add((await offline.decide(request)).route);
        }
      }
      const never = routes.filter(({ name }) => !reached.has(name));
      unreachable += never.length;
      expect(dead.map(({ name }) => name)).toEqual(never.map(({ name }) => name));
      expect(undecided).toBe(0);
    }),
    { numRuns: 40 },
  );
  expect(unreachable).toBeGreaterThan(5);
});

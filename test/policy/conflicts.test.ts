import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../src/app-analysis.ts';
import { offlineOf } from '../../src/app-offline.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from '../../src/app-policy.ts';
import type { Registry } from '../../src/contract/index.ts';
import { CLEAN } from './clean-policies.ts';
import { FAULTY } from './faulty-policies.ts';

const FLEET = `version: 1
understanding: { deep: off }
models:
  - { id: small, price: { inputPerMTok: 0.05, cachedInputPerMTok: 0.05, outputPerMTok: 0.1 } }
  - { id: large, price: { inputPerMTok: 0.5, cachedInputPerMTok: 0.5, outputPerMTok: 1 }, labels: { tier: top } }
instances:
  - { id: a, model: small, engine: vllm, url: "http://127.0.0.1:9001", labels: { site: on-prem } }
  - { id: b, model: large, engine: vllm, url: "http://127.0.0.1:9002", labels: { site: cloud } }
`;
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

let registry: Registry | null = null;

async function analysed(configText: string) {
  const env = {};
  const source = await sourceOf({ configText, env });
  registry ??= await registryFor(source, env);
  const load = requirePolicy(createPolicyLoader(registry, env, {})(source, 1), null);
  const { findings, undecided } = await analyse(load, registry);
  return { findings, undecided, offline: offlineOf(load.policy, registry) };
}

/** Runs every witness, as `bourse explain --request` does. */
async function expectShown({ findings, offline }: Awaited<ReturnType<typeof analysed>>) {
  for (const { code, witness, message } of findings) {
    if (witness === null) continue;
    const view = await offline.decide(witness.request);
    if (code === 'empty-route' || code === 'conflicting-constraints') {
      expect(view.refusal?.reason, message).toBe('no-eligible-model');
    } else if (code === 'shadowed-route') {
      expect(witness.shows).toContain(`goes to "${view.route}"`);
    } else {
      expect(code).toBe('overlapping-routes');
      expect(witness.shows).toContain(`matches "${view.route}" and`);
    }
  }
}

/** Findings that nothing but a request can show. */
const SHOWN = ['overlapping-routes', 'shadowed-route', 'empty-route', 'conflicting-constraints'];

describe('planted faults', () => {
  test.each(FAULTY)('%s', async (_, yaml, code, path) => {
    const found = await analysed(`${FLEET}${yaml}`);
    const places = found.findings.map((finding) => `${finding.code} ${finding.path}`);
    expect(places).toContain(`${code} ${path}`);
    const finding = found.findings.find((each) => each.code === code && each.path === path)!;
    expect(finding.line).toBeGreaterThan(2);
    expect(finding.related.every(({ line }) => line !== null)).toBe(true);
    if (SHOWN.includes(code)) expect(finding.witness).not.toBeNull();
    expect(found.undecided).toBe(0);
    await expectShown(found);
  });
});

describe('no false alarm', () => {
  test.each(CLEAN)('%s', async (_, yaml) => {
    const { findings } = await analysed(`${FLEET}${yaml}`);
    expect(findings.map(({ code, path, message }) => `${code} ${path}: ${message}`)).toEqual([]);
  });

  const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

  test.each(examples)('examples/%s', async (name) => {
    const { findings } = await analysed(readFileSync(join(EXAMPLES, name), 'utf8'));
    expect(findings.map(({ code, path, message }) => `${code} ${path}: ${message}`)).toEqual([]);
  });
});

test('the policy that guides/check.md shows has no conflict', async () => {
  const guide = readFileSync(join(EXAMPLES, '..', 'docs', 'guides', 'check.md'), 'utf8');
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(guide)!;
  expect((await analysed(`${FLEET}${yaml}`)).findings).toEqual([]);
});

test('nothing that the environment gave is shown', async () => {
  const secret = 'swordfish-8841';
  const configText = `${FLEET}signals: { keywords: [{ name: k, anyOf: ['\${SECRET_WORD}'] }] }
routes:
  - { name: default, use: {} }
  - { name: late, when: { keyword: k }, use: { mode: eco } }
`;
  const env = { SECRET_WORD: secret };
  const source = await sourceOf({ configText, env });
  const own = await registryFor(source, env);
  const load = requirePolicy(createPolicyLoader(own, env, {})(source, 1), null);
  const { findings } = await analyse(load, own);
  expect(findings.map(({ code }) => code)).toEqual(['shadowed-route']);
  expect(JSON.stringify(findings)).not.toContain(secret);
});

test('there are enough of them', () => {
  expect(FAULTY.length).toBeGreaterThanOrEqual(60);
  expect(CLEAN.length).toBeGreaterThanOrEqual(40);
});

import { expect, test } from 'vitest';
import type { PlacementNews } from '../contract/index.ts';
import type { InstanceId, SessionId, TenantId } from '../kernel/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';

const NEWS: PlacementNews = {
  prompts: [
    {
      instance: 'a' as InstanceId,
      chain: {
        hashes: [1, 2 ** 53 - 1],
        ends: [128, 256],
        totalBytes: 300,
      },
      promptTokens: 80,
    },
  ],
  sessions: [
    {
      tenant: 'acme' as TenantId,
      session: 's' as SessionId,
      instance: 'a' as InstanceId,
      tokens: 120,
    },
  ],
};

test('what one worker tells reaches the others, whole, and not itself', async () => {
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }) });
  await rig.during(rig.keeper.start());
  const heard: [worker: number, news: PlacementNews][] = [];
  const lines = [];
  for (const worker of [0, 1, 2]) {
    const line = await rig.connect(worker);
    line.client.onPlacements((news) => heard.push([worker, news]));
    lines.push(line);
  }
  await rig.pass(5);
  lines[1]!.client.tellPlacements(NEWS);
  await rig.pass(5);
  expect(heard).toEqual([
    [0, NEWS],
    [2, NEWS],
  ]);
  await rig.during(rig.keeper.close());
});

test('a worker that is alone sends nothing, also after the others have gone', async () => {
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }) });
  await rig.during(rig.keeper.start());
  const first = await rig.connect(0);
  const sent: unknown[] = [];
  const post = first.near.post.bind(first.near);
  first.near.post = (message) => {
    sent.push((message as { kind: string }).kind);
    post(message);
  };
  await rig.pass(5);
  first.client.tellPlacements(NEWS);
  expect(sent).not.toContain('placements');
  const second = await rig.connect(1);
  await rig.pass(5);
  first.client.tellPlacements(NEWS);
  expect(sent.filter((kind) => kind === 'placements')).toHaveLength(1);
  await rig.during(second.client.close());
  await rig.pass(5);
  first.client.tellPlacements(NEWS);
  expect(sent.filter((kind) => kind === 'placements')).toHaveLength(1);
  await rig.during(rig.keeper.close());
});

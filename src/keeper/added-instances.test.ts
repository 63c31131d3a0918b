import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import type { Engine, Instance, InstanceInput, Store } from '../contract/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { textOf } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import type { KeeperRig } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

/** One that the exchange runs itself, at a place that its file and the kind of its model make. */
const local: Partial<Engine> = {
  kind: 'local',
  options: [
    { name: 'file', kind: 'text', description: 'The file.' },
    { name: 'slots', kind: 'number', description: 'At once.', range: [1, 8] },
  ],
  place: (options, kind) =>
    options?.['file'] === undefined
      ? null
      : { url: `http://127.0.0.1:4100/${kind}/${String(options['file'])}`, apiKey: 'token' },
};
const cloud = { kind: 'cloud', defaultUrl: 'https://api.example.com' } as Engine;
const fake = { kind: 'fake' } as Engine;

async function started(store: Store, broken: readonly string[] = []) {
  const told: string[][] = [];
  const rig = createKeeperRig({
    store,
    policy: { instances: ['a@m'] },
    servers: {
      engines: [local as Engine, cloud, fake],
      check: async ({ options }: Instance) => {
        const file = String(options?.['file']);
        if (broken.includes(file)) throw fault('BRS_MODEL_FILE', { file, reason: 'ENOENT' });
      },
      onFleet: (instances) => told.push(instances.map(({ id, url }) => `${id} ${url}`)),
    },
  });
  open.push(rig);
  await rig.during(rig.keeper.start());
  const add = (input: Partial<InstanceInput>) =>
    rig.during(rig.keeper.admin.addInstance({ id: 'x', model: 'm', engine: 'local', ...input }));
  return { rig, told, add, latest: () => told.at(-1)! };
}

const memory = (): Promise<Store> => openSqliteStore({ path: null });

describe('instances that are added', () => {
  test('stand where the exchange runs them, with its key, also after a restart', async () => {
    const store = await memory();
    const { rig, add, latest } = await started(store);
    const { instance } = await add({ options: { file: 'f.gguf', slots: 2 } });
    const placed = { url: 'http://127.0.0.1:4100/chat/f.gguf', apiKey: 'token' };
    expect(instance).toMatchObject({ ...placed, options: { file: 'f.gguf', slots: 2 } });
    expect(latest()).toContain(`x ${placed.url}`);

    const again = await started(store);
    expect(again.latest()).toContain(`x ${placed.url}`);
    const { admin } = again.rig.keeper;
    await again.rig.during(admin.drainInstance('x'));
    expect(again.latest()).toContain(`x ${placed.url}`);
    await again.rig.during(admin.removeInstance('x'));
    expect(again.latest().some((each) => each.startsWith('x '))).toBe(false);
    open.splice(open.indexOf(rig), 1);
  });

  test('stand where all servers of the engine stand', async () => {
    const { add } = await started(await memory());
    const { instance } = await add({ engine: 'cloud' });
    expect(instance).toMatchObject({ url: 'https://api.example.com', apiKey: null });
  });

  test('who keeps servers hears of every list, that of a reload too', async () => {
    const { rig, latest } = await started(await memory());
    expect(latest()).toHaveLength(1);
    rig.file.text = textOf({ instances: ['a@m', 'b@m'] });
    await rig.during(rig.keeper.reload());
    expect(latest()).toHaveLength(2);
  });

  test('one that could never serve is refused, and not remembered', async () => {
    const { rig, add, told } = await started(await memory(), ['gone.gguf']);
    const before = told.length;
    await expect(add({ options: { file: 'gone.gguf' } })).rejects.toMatchObject({
      code: 'BRS_MODEL_FILE',
    });
    expect(rig.keeper.admin.instances()).toHaveLength(1);
    expect(told.length).toBe(before);
  });

  test.each<[Partial<InstanceInput>, string]>([
    [{ engine: 'lokal' }, 'there are local, cloud, fake'],
    [{ engine: 'fake' }, 'url'],
    [{}, 'options.file'],
    [{ options: { file: 'f', slots: 9 } }, 'options.slots'],
    [{ options: { file: 'f', slots: 1.5 } }, 'from 1 to 8'],
    [{ options: { file: 'f', slot: 1 } }, 'options.slot'],
    [{ engine: 'cloud', options: { file: 'f' } }, 'is no option of the engine cloud'],
  ])('%j is refused with its place', async (input, words) => {
    const { add } = await started(await memory());
    await expect(add(input)).rejects.toMatchObject({
      code: 'BRS_ADMIN_INPUT',
      message: expect.stringContaining(words),
    });
  });
});

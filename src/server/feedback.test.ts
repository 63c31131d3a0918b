import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Fault, fault } from '../kernel/index.ts';
import type { Feedback } from '../contract/index.ts';
import { readFeedback } from './feedback-input.ts';
import { errorOf, send, sendRaw, startRig, stopRigs, until } from './fixtures/model-server-rig.ts';
import type { Call, RigOptions } from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

const PATH = '/v1/feedback';
const ID = 'd-0-0000000000000';

async function startFeedback(options: RigOptions = {}) {
  const taken: (readonly [tenant: string, feedback: Feedback])[] = [];
  const rig = await startRig({
    feedback: async (tenant, feedback) => {
      taken.push([tenant, feedback]);
      return { kind: 'taken', recorded: ['thumb'], known: [] };
    },
    ...options,
  });
  const say = (body: unknown, call: Call = {}) =>
    send(rig, { path: PATH, body: JSON.stringify(body), ...call });
  return { rig, taken, say };
}

describe('POST /v1/feedback', () => {
  test('hands over what was said, for the tenant of the key', async () => {
    const { taken, say } = await startFeedback({ keys: ['sk-a', 'sk-b'] });
    const headers = { authorization: 'Bearer sk-b' };
    const said = { score: 0.25, thumb: 'down', correction: 'No: 42.', fit: 'underpowered' };
    const answer = await say({ decision_id: ID, ...said }, { headers });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      object: 'feedback',
      decision_id: ID,
      recorded: ['thumb'],
      known: [],
    });
    expect(taken).toEqual([['tenant-1', { decision: ID, ...said }]]);
  });

  test('demands a key where keys are configured', async () => {
    const { taken, say } = await startFeedback({ keys: ['sk-a'] });
    const answer = await say({ decision_id: ID, thumb: 'up' });
    expect([answer.status, errorOf(answer).code]).toEqual([401, 'BRS_KEY_MISSING']);
    expect(taken).toEqual([]);
  });

  test.each([
    ['', 'BRS_BODY_EMPTY'],
    ['{', 'BRS_BODY_NOT_JSON'],
    ['[]', 'BRS_BODY_NOT_OBJECT'],
    ['{"thumb":"up"}', 'BRS_FIELD_MISSING'],
    [`{"decision_id":"${ID}"}`, 'BRS_FIELD_MISSING'],
    [`{"decision_id":7,"thumb":"up"}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${'x'.repeat(65)}","thumb":"up"}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","thumb":"sideways"}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","score":1.01}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","score":"1"}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","correction":""}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","fit":"huge"}`, 'BRS_FIELD_TYPE'],
    [`{"decision_id":"${ID}","thumbs":"up"}`, 'BRS_FIELD_UNSUPPORTED'],
  ])('%s is refused as %s', async (body, code) => {
    const { rig, taken } = await startFeedback();
    const answer = await send(rig, { path: PATH, body });
    expect(errorOf(answer).code).toBe(code);
    expect(answer.status).toBe(400);
    expect(taken).toEqual([]);
  });

  test('no body makes the reader throw, and what it takes is sound', () => {
    const member = fc.record(
      {
        decision_id: fc.oneof(fc.string(), fc.integer()),
        score: fc.oneof(fc.double(), fc.string()),
        thumb: fc.oneof(fc.constantFrom('up', 'down'), fc.string()),
        fit: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(member, fc.jsonValue()), (body) => {
        const read = readFeedback(Buffer.from(JSON.stringify(body) ?? ''));
        if (read instanceof Fault) return;
        expect(read.score ?? 0).toBeGreaterThanOrEqual(0);
        expect(read.score ?? 0).toBeLessThanOrEqual(1);
        expect(['up', 'down', undefined]).toContain(read.thumb);
      }),
    );
  });

  test('an unknown decision is a 404 in printable characters; a store that fails is a 503', async () => {
    const unknown = await startFeedback({ feedback: async () => ({ kind: 'unknown' }) });
    const answer = await unknown.say({ decision_id: 'd-\u0007é', thumb: 'up' });
    expect([answer.status, errorOf(answer).code]).toEqual([404, 'BRS_NOT_FOUND']);
    expect(errorOf(answer).message).toBe('There is no decision "d-??".');
    const failed = await startFeedback({ feedback: async () => ({ kind: 'failed' }) });
    const busy = await failed.say({ decision_id: ID, thumb: 'up' });
    expect([busy.status, busy.headers['retry-after']]).toEqual([503, '1']);
    const lost = await startFeedback({ feedback: () => Promise.reject(fault('BRS_KEEPER_LOST')) });
    expect(errorOf(await lost.say({ decision_id: ID, thumb: 'up' })).code).toBe('BRS_KEEPER_LOST');
  });

  test('counts against the requests of its tenant', async () => {
    const { say } = await startFeedback({
      tenants: [{ id: '*', mode: null, weights: null, concurrency: null, requestsPerMinute: 2 }],
    });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await say({ decision_id: ID, thumb: 'up' })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('is short: a long body is refused, and other methods are told what to use', async () => {
    const { rig, say } = await startFeedback();
    const long = await say({ decision_id: ID, correction: 'x'.repeat(70_000) });
    expect([long.status, errorOf(long).code]).toEqual([413, 'BRS_BODY_TOO_LARGE']);
    const read = await send(rig, { path: PATH, method: 'GET' });
    expect([read.status, read.headers.allow]).toEqual([405, 'POST']);
  });

  test('a client that leaves in the middle leaves nothing behind', async () => {
    const { rig } = await startFeedback();
    const head = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 50\r\n\r\n{`;
    const { connect } = await import('node:net');
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(head));
    await until(() => rig.server.openRequests === 1);
    socket.destroy();
    await until(() => rig.server.openRequests === 0);
    const text = await sendRaw(rig.port, head.replace('50', '2') + '}');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });
});

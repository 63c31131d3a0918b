import type { FastifyInstance, FastifyReply } from 'fastify';
import { fault } from '../../kernel/index.ts';
import {
  budgetsSchema,
  cacheQuery,
  carbonSchema,
  decisionsQuery,
  instanceSchema,
} from './admin-input.ts';
import { ledgerQuery, preferencesSchema, readInput } from './admin-input.ts';
import type { AdminServerParts } from './admin-server.ts';
import { instanceView, ledgerView, toJson } from './admin-view.ts';

const BASE = '/admin/v1';

interface IdParams {
  Params: { id: string };
}
interface TenantParams {
  Params: { tenant: string };
}

export function addRoutes(app: FastifyInstance, parts: AdminServerParts): void {
  addInstanceRoutes(app, parts);
  addTenantRoutes(app, parts);
  addCarbonRoutes(app, parts);
  addCacheRoutes(app, parts);
  addDecisionRoutes(app, parts);
  addPolicyRoutes(app, parts);
  const { backend } = parts;
  app.get('/health', async (_request, reply) => sendJson(reply, { status: 'ok' }));
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await backend.metrics()),
  );
}

function addInstanceRoutes(app: FastifyInstance, { backend }: AdminServerParts): void {
  app.get(`${BASE}/instances`, async (_request, reply) =>
    sendJson(reply, { instances: backend.instances().map(instanceView) }),
  );
  app.post(`${BASE}/instances`, async (request, reply) => {
    const input = readInput(instanceSchema, request.body, 'body');
    const state = await backend.addInstance(input);
    return sendJson(reply.code(201), instanceView(state));
  });
  app.post<IdParams>(`${BASE}/instances/:id/drain`, async (request, reply) =>
    sendJson(reply, instanceView(await backend.drainInstance(request.params.id))),
  );
  app.delete<IdParams>(`${BASE}/instances/:id`, async (request, reply) => {
    await backend.removeInstance(request.params.id);
    return reply.code(204).send();
  });
}

function addTenantRoutes(app: FastifyInstance, { backend }: AdminServerParts): void {
  const budgets = `${BASE}/tenants/:tenant/budgets`;
  app.get<TenantParams>(budgets, async ({ params: { tenant } }, reply) =>
    sendJson(reply, { tenant, budgets: backend.budgets(tenant) }),
  );
  app.put<TenantParams>(budgets, async ({ params: { tenant }, body }, reply) => {
    const input = readInput(budgetsSchema, body, 'body');
    return sendJson(reply, { tenant, budgets: await backend.setBudgets(tenant, input.budgets) });
  });

  app.get(`${BASE}/budgets`, async (_request, reply) =>
    sendJson(reply, { budgets: backend.allBudgets() }),
  );

  const preferences = `${BASE}/tenants/:tenant/preferences`;
  app.get<TenantParams>(preferences, async ({ params: { tenant } }, reply) =>
    sendJson(reply, { tenant, mode: null, weights: null, ...backend.preferences(tenant) }),
  );
  app.put<TenantParams>(preferences, async ({ params: { tenant }, body }, reply) => {
    const input = readInput(preferencesSchema, body, 'body');
    await backend.setPreferences(tenant, input);
    return sendJson(reply, { tenant, ...input });
  });
  app.delete<TenantParams>(preferences, async ({ params: { tenant } }, reply) => {
    await backend.setPreferences(tenant, null);
    return reply.code(204).send();
  });
}

interface PlaceParams {
  Params: { place: string };
}

function addCarbonRoutes(app: FastifyInstance, { backend }: AdminServerParts): void {
  const ofPlace = `${BASE}/carbon/:place`;
  app.get(`${BASE}/carbon`, async (_request, reply) =>
    sendJson(reply, { carbon: backend.carbon() }),
  );
  app.put<PlaceParams>(ofPlace, async ({ params: { place }, body }, reply) => {
    const input = readInput(carbonSchema, body, 'body');
    return sendJson(reply, { carbon: await backend.setCarbon(place, input) });
  });
  app.delete<PlaceParams>(ofPlace, async ({ params: { place } }, reply) => {
    await backend.setCarbon(place, null);
    return reply.code(204).send();
  });
}

function addCacheRoutes(app: FastifyInstance, { backend }: AdminServerParts): void {
  app.get(`${BASE}/cache`, async (_request, reply) => sendJson(reply, await backend.cache()));
  app.delete(`${BASE}/cache`, async (request, reply) => {
    backend.forget(readInput(cacheQuery, request.query, 'query'));
    return reply.code(204).send();
  });
}

function addDecisionRoutes(app: FastifyInstance, { backend, explain }: AdminServerParts): void {
  app.get(`${BASE}/decisions`, async (request, reply) => {
    const { limit } = readInput(decisionsQuery, request.query, 'query');
    return sendJson(reply, { decisions: await backend.decisions(limit) });
  });
  app.get<IdParams>(`${BASE}/decisions/:id`, async ({ params: { id } }, reply) => {
    const view = await backend.decision(id);
    if (view === null) throw fault('BRS_NOT_FOUND', { kind: 'decision', id: id.slice(0, 128) });
    return sendJson(reply, view);
  });
  app.get(`${BASE}/accuracy`, async (_request, reply) =>
    sendJson(reply, { models: backend.accuracy() }),
  );
  app.get(`${BASE}/judges`, async (_request, reply) =>
    sendJson(reply, { judges: backend.judges() }),
  );
  app.post(`${BASE}/explain`, async ({ body }, reply) => sendJson(reply, await explain(body)));
  app.get(`${BASE}/ledger`, async (request, reply) => {
    const { tenant = null } = readInput(ledgerQuery, request.query, 'query');
    return sendJson(reply, ledgerView(tenant, await backend.ledger(tenant)));
  });
}

function addPolicyRoutes(app: FastifyInstance, { backend, findings }: AdminServerParts): void {
  app.get(`${BASE}/policy`, async (_request, reply) => sendJson(reply, backend.policy()));
  app.get(`${BASE}/policy/findings`, async (_request, reply) => sendJson(reply, await findings()));
  app.post(`${BASE}/policy/reload`, async (_request, reply) =>
    sendJson(reply, await backend.reload()),
  );
}

function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json').send(toJson(value));
}

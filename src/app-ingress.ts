import { fault } from './kernel/index.ts';
import type { Clock, KeyId, TenantId } from './kernel/index.ts';
import type { Ingress, OfflineRequest, Surface } from './contract/index.ts';

/** The request as it would arrive. */
export function ingressOf(request: OfflineRequest, clock: Clock): Omit<Ingress, 'id'> {
  const surface = request.surface ?? surfaceOf(request.body);
  return {
    surface,
    caller: {
      tenant: (request.tenant ?? 'default') as TenantId,
      key: (request.key ?? 'anonymous') as KeyId,
      roles: request.roles ?? [],
    },
    bytes: Buffer.from(JSON.stringify(bodyOf(request, surface))),
    headers: request.headers ?? {},
    receivedAtMs: request.at === undefined ? clock.nowMs() : timeOf(request.at),
    startedMs: clock.monotonicMs(),
  };
}

type Body = Readonly<Record<string, unknown>>;

function bodyOf({ body, text, bytes, model, tools = [] }: OfflineRequest, surface: Surface): Body {
  if (body !== undefined) {
    const named = model ?? body['model'] ?? 'auto';
    return named === body['model'] ? body : { ...body, model: named };
  }
  const said = text ?? filler(bytes ?? 0);
  const base = { model: model ?? 'auto', ...contentOf(said, surface) };
  if (tools.length === 0) return base;
  const declared = tools.map((name) => ({ name, parameters: {} }));
  if (surface === 'responses') {
    return { ...base, tools: declared.map((tool) => ({ type: 'function', ...tool })) };
  }
  return { ...base, tools: declared.map((tool) => ({ type: 'function', function: tool })) };
}

function contentOf(text: string, surface: Surface): Body {
  if (surface === 'chat') return { messages: [{ role: 'user', content: text }] };
  return surface === 'completions' ? { prompt: text } : { input: text };
}

const FILLER = 'lorem ipsum dolor sit amet ';

/** Text that says nothing. */
const filler = (bytes: number): string =>
  FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes);

function surfaceOf(body: Body = {}): Surface {
  if (body['messages'] !== undefined) return 'chat';
  if (body['prompt'] !== undefined) return 'completions';
  return body['input'] === undefined ? 'chat' : 'responses';
}

function timeOf(at: string): number {
  const atMs = Date.parse(at);
  if (!Number.isNaN(atMs)) return atMs;
  const reason = 'must be a time such as "2026-11-21T22:30:00Z"';
  throw fault('BRS_OFFLINE_INPUT', { place: 'at', reason }, { param: 'at' });
}

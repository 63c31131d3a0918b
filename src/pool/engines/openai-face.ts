import type {
  Engine,
  EngineFeatures,
  FeatureProbe,
  Instance,
  Surface,
} from '../../contract/index.ts';
import { NO_TELEMETRY } from '../../contract/index.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

type Credential = Pick<Instance, 'apiKey'>;

/** The key as a bearer, and nothing where there is none. */
export const bearerHeaders = ({ apiKey }: Credential): Readonly<Record<string, string>> =>
  apiKey === null ? JSON_HEADERS : { ...JSON_HEADERS, authorization: `Bearer ${apiKey}` };

/** The key in a header of its own. */
export const keyHeaders =
  (name: string) =>
  ({ apiKey }: Credential): Readonly<Record<string, string>> =>
    apiKey === null ? JSON_HEADERS : { ...JSON_HEADERS, [name]: apiKey };

const PATHS: Readonly<Record<Surface, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  responses: '/responses',
};

/** Where the surfaces of OpenAI's API stand, below `prefix`. */
export interface Face {
  readonly kind: string;
  /** Unset: `/v1`. */
  readonly prefix?: string;
  /** Surfaces that it does not have. */
  readonly lacks?: readonly Surface[];
  /** Unset: the list of models, which costs nothing. */
  readonly healthPath?: string;
}

/** An engine that speaks OpenAI's API; `own` is what it has besides. */
export function openAiFace(face: Face, own: Partial<Engine> = {}): Engine {
  const { kind, prefix = '/v1', lacks = [] } = face;
  const path = (surface: Surface, features: EngineFeatures): string | null => {
    const isThere = surface === 'responses' ? features.hasResponses : true;
    return isThere && !lacks.includes(surface) ? prefix + PATHS[surface] : null;
  };
  return {
    apiVersion: 1,
    kind,
    path,
    headers: bearerHeaders,
    probe: { healthPath: face.healthPath ?? `${prefix}/models`, telemetryPath: null },
    readTelemetry: () => NO_TELEMETRY,
    featureProbes: (instance) =>
      lacks.includes('responses')
        ? []
        : responsesProbes((own.path ?? path)('responses', { hasResponses: true }, instance)),
    ...own,
  };
}

/** An empty request is refused by a server that has the path, and costs nothing. */
export function responsesProbes(path: string | null): readonly FeatureProbe[] {
  if (path === null) return [];
  const read = (status: number): Partial<EngineFeatures> | null =>
    status === 401 || status === 403 || status === 429 || status >= 500
      ? null
      : { hasResponses: status !== 404 && status !== 405 };
  return [{ path, body: '{}', read }];
}

/** A question whose JSON answer is looked at; a server without the path says nothing. */
export function jsonProbe(
  path: string,
  read: (answer: Readonly<Record<string, unknown>>) => Partial<EngineFeatures>,
): FeatureProbe {
  return {
    path,
    body: null,
    read(status, text) {
      if (status === 429 || status >= 500) return null;
      const answer = status === 200 ? objectIn(text) : null;
      return answer === null ? {} : read(answer);
    },
  };
}

/** Null where the text is no JSON object. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

/** A member as a feature, where it is what it should be. */
export const countOf = <Key extends string>(
  key: Key,
  value: unknown,
): Partial<Record<Key, number>> =>
  Number.isSafeInteger(value) && (value as number) > 0
    ? ({ [key]: value } as Partial<Record<Key, number>>)
    : {};

export const versionOf = (value: unknown): { readonly version?: string } =>
  typeof value === 'string' && value !== '' ? { version: value.slice(0, 64) } : {};

import type { Finding } from './discover.ts';

/** A cloud lists hundreds of models; more than this from one finding would drown the policy. */
const MODELS_MAX = 40;
/** Names that are neither chat nor embedding models: speech, pictures, moderation, reranking. */
const OTHER_KINDS =
  /whisper|tts|dall-e|image|audio|realtime|moderation|transcribe|rerank|sora|video|guard/i;

/**
 * A policy document for what was found. Keys are referred to by their variable, never written. No
 * price, accuracy or energy is made up: they are unknown until the operator states them.
 */
export function discoveredPolicyYaml(findings: readonly Finding[]): string {
  const models = new Set<string>();
  const instances: string[] = [];
  const notes: string[] = [];
  for (const finding of findings) {
    const served = finding.models.filter((name) => isPlain(name) && !OTHER_KINDS.test(name));
    if (served.length === 0) notes.push(`${finding.name} at ${finding.url}: it listed no model.`);
    if (served.length > MODELS_MAX) {
      notes.push(`${finding.name}: ${served.length - MODELS_MAX} more models left out.`);
    }
    for (const [index, name] of served.slice(0, MODELS_MAX).entries()) {
      models.add(name);
      instances.push(instanceLine(finding, name, index));
    }
  }
  const lines = [
    ...notes.map((note) => `# ${note}`),
    'version: 1',
    list('models', [...models].map(modelLine)),
    list('instances', instances),
    'routes:',
    '  - { name: default, use: { models: "*", mode: economy } }',
  ];
  return `${lines.join('\n')}\n`;
}

const list = (key: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${key}: []` : [`${key}:`, ...lines.map((line) => `  - ${line}`)].join('\n');

const quoted = (text: string): string => JSON.stringify(text);

const modelLine = (name: string): string =>
  /embed/i.test(name) ? `{ id: ${quoted(name)}, kind: embedding }` : `{ id: ${quoted(name)} }`;

function instanceLine(finding: Finding, model: string, index: number): string {
  const id = finding.models.length === 1 ? finding.name : `${finding.name}-${index + 1}`;
  const key = finding.apiKeyEnv === null ? '' : `, apiKey: "\${${finding.apiKeyEnv}}"`;
  const fields = `id: ${quoted(id)}, model: ${quoted(model)}, engine: ${finding.engine}`;
  return `{ ${fields}, url: ${quoted(finding.url)}${key} }`;
}

/** What a server calls its models is not trusted: only what the policy takes as an id reaches the document. */
function isPlain(name: string): boolean {
  return /^[A-Za-z0-9@_][A-Za-z0-9@._:/+-]{0,127}$/.test(name);
}

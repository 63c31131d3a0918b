import { isMap, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ConfigIssue } from '../../contract/index.ts';

export interface LocalModelEntry {
  readonly id: string;
  readonly instance: string;
  /** As the policy is to name it. */
  readonly file: string;
  readonly contextTokens: number | null;
  readonly isEmbedding: boolean;
}

/**
 * A policy's text with a local model and its instance at the end of its lists; all else stays as it was
 * written. Throws `ConfigIssue` where the text is no policy, or has one of the names already.
 */
export function addLocalModel(text: string, entry: LocalModelEntry): string {
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken !== undefined) throw new ConfigIssue(broken.message);
  const { id, instance, file, contextTokens, isEmbedding } = entry;
  append(document, 'models', {
    id,
    ...(isEmbedding
      ? { kind: 'embedding', price: { inputPerMTok: 0 } }
      : { price: { inputPerMTok: 0, outputPerMTok: 0 } }),
    ...(contextTokens !== null && { contextWindowTokens: contextTokens }),
  });
  const options = { file, ...(contextTokens !== null && { contextTokens }) };
  append(document, 'instances', { id: instance, model: id, engine: 'gguf', options });
  return document.toString({ lineWidth: 0 });
}

function append(
  document: Document,
  name: string,
  entry: { readonly id: string; readonly [member: string]: unknown },
): void {
  const list = document.get(name, true);
  if (list === undefined || list === null) {
    document.set(name, document.createNode([entry]));
    return;
  }
  if (!isSeq(list)) throw new ConfigIssue('is no list', [name]);
  const isTaken = list.items.some((item) => isMap(item) && item.get('id') === entry.id);
  if (isTaken) {
    throw new ConfigIssue(`has a "${entry.id}" already: choose another with --id`, [name]);
  }
  const node = document.createNode(entry, { flow: true });
  list.flow = false;
  list.add(node);
}

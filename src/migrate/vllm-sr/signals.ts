import { Names } from '../draft/names.ts';
import type { PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import {
  readComplexity,
  readDomain,
  readFactCheck,
  readFeedback,
  readJailbreak,
  readPii,
  readReask,
  readRole,
} from './meaning-signals.ts';
import { readConversation, readStructure } from './shape-signals.ts';
import type { ReadSignal, SignalMeaning } from './signal-meaning.ts';
import { readContext, readEmbedding, readKeyword, readLanguage } from './text-signals.ts';

interface SignalKind {
  /** What a condition's `type` calls it. */
  readonly type: string;
  /** What `routing.signals` calls its list. */
  readonly sections: readonly string[];
  readonly read: ReadSignal;
}

const KINDS: readonly SignalKind[] = [
  { type: 'keyword', sections: ['keywords'], read: readKeyword },
  { type: 'embedding', sections: ['embeddings'], read: readEmbedding },
  { type: 'domain', sections: ['domains'], read: readDomain },
  { type: 'complexity', sections: ['complexity'], read: readComplexity },
  { type: 'jailbreak', sections: ['jailbreak'], read: readJailbreak },
  { type: 'pii', sections: ['pii'], read: readPii },
  { type: 'language', sections: ['language', 'languages'], read: readLanguage },
  { type: 'context', sections: ['context'], read: readContext },
  { type: 'structure', sections: ['structure'], read: readStructure },
  { type: 'conversation', sections: ['conversation'], read: readConversation },
  { type: 'authz', sections: ['role_bindings', 'authz'], read: readRole },
  { type: 'reask', sections: ['reasks', 'reask'], read: readReask },
  { type: 'user_feedback', sections: ['user_feedbacks', 'user_feedback'], read: readFeedback },
  { type: 'fact_check', sections: ['fact_check'], read: readFactCheck },
];

export interface KnownSignal {
  readonly node: ForeignNode;
  /** A text: why it has none. */
  readonly meaning: SignalMeaning | string;
}

/** The signals of the foreign file. A definition enters the policy with the first decision that reads it. */
export class Signals {
  readonly #known = new Map<string, KnownSignal>();
  readonly #used = new Set<KnownSignal>();
  readonly #draft: PolicyDraft;

  constructor(section: ForeignNode | null, draft: PolicyDraft) {
    this.#draft = draft;
    const names = { keywords: new Names(), others: new Names() };
    for (const { type, sections, read } of KINDS) {
      for (const node of sections.flatMap((key) => section?.at(key)?.items ?? [])) {
        const name = node.at('name')?.scalar;
        if (typeof name !== 'string' || name === '') continue;
        if (this.#known.has(`${type}:${name}`)) {
          node.drop('it has the name of one above');
          continue;
        }
        const isKeyword = type === 'keyword' || type === 'structure';
        const meaning = read(node, (isKeyword ? names.keywords : names.others).give(name));
        this.#known.set(`${type}:${name}`, { node, meaning });
      }
    }
  }

  find(type: string, name: string): KnownSignal | null {
    return this.#known.get(`${type}:${name}`) ?? null;
  }

  /** Says that a part of the policy reads these. */
  use(signals: readonly KnownSignal[]): void {
    for (const signal of signals) {
      if (this.#used.has(signal)) continue;
      this.#used.add(signal);
      const { node, meaning } = signal;
      if (typeof meaning === 'string' || meaning.definition === undefined) continue;
      const { section, value } = meaning.definition;
      this.#draft.define(section, value, `from ${node.origin}`);
    }
  }

  /** Says of each signal what became of it, once every decision was read. */
  settle(): void {
    for (const signal of this.#known.values()) {
      const { node, meaning } = signal;
      if (typeof meaning === 'string') node.drop(`the signal is left out: ${meaning}`);
      else if (this.#used.has(signal)) node.at('name')?.carry();
      else node.drop('no decision that was carried reads it');
    }
  }
}

import type {
  Classification,
  FastModels,
  FastText,
  HeadTask,
  LogEstimate,
} from '../contract/index.ts';
import { createAttackDetector } from './attack/index.ts';
import type { AttackDetector } from './attack/index.ts';
import { SharedText } from './fast-text.ts';
import type { ClassifiedTask, TextReader } from './fast-text.ts';
import { Head } from './head.ts';
import type { ReadText } from './head.ts';
import type { Joint, JointSource } from './joint-answer.ts';
import { LabelMemory } from './label-memory.ts';
import { createPiiTagger } from './pii/index.ts';
import type { PiiTagger } from './pii/index.ts';
import { Projection } from './projection.ts';
import { modelFileFault } from './safetensors.ts';
import { StaticEncoder } from './static-encoder.ts';

const ENCODER_FILE = 'static-encoder.safetensors';
const PROJECTION_FILE = 'context.safetensors';
const PII_FILE = 'pii.safetensors';

/** The bytes of a model file by its name, such as `domain.safetensors`; null where there is none. */
export type ModelFiles = (name: string) => Uint8Array | null;

export interface ShippedModels extends FastModels, JointSource {
  read(text: string): FastText & ReadText;
  readonly encoder: StaticEncoder;
  readonly projection: Projection;
  /** Throws `BRS_MODEL_FILE` where no head of the task ships. */
  head(task: HeadTask): Head;
  hasHead(task: HeadTask): boolean;
  /** Patterns and head together; null where the head stands alone. */
  readonly attack: AttackDetector | null;
  readonly pii: PiiTagger;
}

/** The shipped models over their files; each file is read when first needed. */
export function createFastModels(files: ModelFiles): ShippedModels {
  return new Models(files);
}

class Models implements ShippedModels, TextReader {
  readonly #files: ModelFiles;
  readonly #heads = new Map<HeadTask, Head>();
  #encoder: StaticEncoder | null = null;
  readonly #memories = new Map<HeadTask, LabelMemory>();
  #projection: Projection | null = null;
  #pii: PiiTagger | null = null;
  #detector: { readonly attack: AttackDetector | null } | null = null;
  /** The text that the detector reads: its tokens serve the head too. */
  #current: ReadText | null = null;

  constructor(files: ModelFiles) {
    this.#files = files;
  }

  get encoder(): StaticEncoder {
    if (this.#encoder === null) {
      this.#encoder = new StaticEncoder(ENCODER_FILE, this.#bytes(ENCODER_FILE));
    }
    return this.#encoder;
  }

  get projection(): Projection {
    if (this.#projection === null) {
      const bytes = this.#bytes(PROJECTION_FILE);
      this.#projection = new Projection(PROJECTION_FILE, bytes, this.encoder);
    }
    return this.#projection;
  }

  get pii(): PiiTagger {
    this.#pii ??= createPiiTagger(this.#bytes(PII_FILE), PII_FILE);
    return this.#pii;
  }

  get attack(): AttackDetector | null {
    this.#detector ??= this.#openDetector();
    return this.#detector.attack;
  }

  read(text: string): SharedText {
    return new SharedText(text, this);
  }

  labels(task: HeadTask): readonly string[] {
    return this.head(task).metadata.labels;
  }

  threshold(task: HeadTask): number | null {
    const detector = task === 'attack' ? this.attack : null;
    return (detector ?? this.head(task).metadata).threshold;
  }

  band(task: HeadTask): readonly [number, number] | null {
    const detector = task === 'attack' ? this.attack : null;
    return (detector ?? this.head(task).metadata).band;
  }

  joint(task: HeadTask): Joint | null {
    return this.hasHead(task) ? this.head(task).metadata.joint : null;
  }

  memory(task: HeadTask): LabelMemory {
    let memory = this.#memories.get(task);
    if (memory === undefined) {
      const file = `${task}-memory.safetensors`;
      memory = new LabelMemory(file, this.#bytes(file));
      this.#memories.set(task, memory);
    }
    return memory;
  }

  head(task: HeadTask): Head {
    return this.#heads.get(task) ?? this.#openHead(task);
  }

  hasHead(task: HeadTask): boolean {
    return this.#heads.has(task) || this.#files(fileOf(task)) !== null;
  }

  classify(task: ClassifiedTask, read: ReadText): Classification {
    const detector = task === 'attack' ? this.attack : null;
    if (detector === null) return this.head(task).classify(read);
    this.#current = read;
    const { probability, isAttack, isDoubtful } = detector.read(read.text);
    this.#current = null;
    const [benign, attack] = this.labels('attack') as [string, string];
    return {
      label: isAttack ? attack : benign,
      confidence: isAttack ? probability : 1 - probability,
      probabilities: [1 - probability, probability],
      isDoubtful,
    };
  }

  outputLength(read: ReadText): LogEstimate {
    return this.head('output-length').estimate(read);
  }

  #openDetector(): { readonly attack: AttackDetector | null } {
    const head = this.head('attack');
    if (!('combination' in head.metadata)) return { attack: null };
    const windowLogit = (text: string): number => {
      const isRead = this.#current?.text === text;
      return head.logits(isRead ? this.#current! : new SharedText(text, this))[0]!;
    };
    try {
      return { attack: createAttackDetector({ windowLogit }, head.metadata) };
    } catch (error) {
      if (error instanceof RangeError) throw modelFileFault(fileOf('attack'), error.message);
      throw error;
    }
  }

  #openHead(task: HeadTask): Head {
    const file = fileOf(task);
    const head = new Head(file, this.#bytes(file), this.encoder);
    const { output, task: ownTask } = head.metadata;
    if (ownTask !== task) throw modelFileFault(file, `it is a head for ${ownTask}`);
    if ((output === 'value') !== (task === 'output-length')) {
      throw modelFileFault(file, `its output is "${output}"`);
    }
    this.#heads.set(task, head);
    return head;
  }

  #bytes(file: string): Uint8Array {
    const bytes = this.#files(file);
    if (bytes === null) throw modelFileFault(file, 'it is not there');
    return bytes;
  }
}

const fileOf = (task: HeadTask): string => `${task}.safetensors`;

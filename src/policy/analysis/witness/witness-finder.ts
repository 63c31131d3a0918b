import type {
  Assignment,
  Claim,
  Instance,
  OfflineRequest,
  Reading,
  SignalSlot,
  SignalValue,
  Truth,
  Witness,
} from '../../../contract/index.ts';
import { isRefusal } from '../../../contract/index.ts';
import { operandsOf } from '../../compile/condition.ts';
import type { Condition, Leaf, Measure } from '../../compile/condition.ts';
import { compileEvaluator } from '../../compile/evaluator.ts';
import { FLEET_IN_VIEW } from '../../compile/pool-signal.ts';
import type { CompiledConstraint, CompiledRoute } from '../../compile/rules.ts';
import { factsIn } from '../facts.ts';
import { formulaOf, truthOf } from '../formula.ts';
import { claimOfLeaf } from '../rails.ts';
import type { AnalysisPorts, OpenRequest } from '../ports.ts';
import type { PolicySubject, Rulebook } from '../subject.ts';
import { assumedValues } from './assumed-values.ts';
import { requestOf, shaped, wordsOf } from './draft-request.ts';
import type { RequestParts } from './draft-request.ts';
import { SAMPLE_TEXTS } from './sample-texts.ts';
import { timesFor } from './times.ts';

/** What a witness is to show. */
export interface Scene {
  readonly recipe: string | null;
  /** Rules whose conditions must hold. */
  readonly matching: readonly (CompiledRoute | CompiledConstraint)[];
  readonly expected: {
    /** One of these decides. Unset: any. */
    readonly route?: readonly string[];
    /** These constraints leave nobody of the instances (`of`; unset: of all chat instances). */
    readonly nobody?: readonly CompiledConstraint[];
    readonly of?: readonly Instance[];
  };
  readonly shows: (decided: string) => string;
}

/** What the request itself says: it is written, never assumed. */
const WRITTEN_KINDS = [
  'role',
  'metadata',
  'time',
  'contextTokens',
  'structure',
  'conversation',
  'modality',
];
/** Texts that are tried in full: the likeliest ones. */
const TEXTS_TRIED = 12;
/** So many texts that bring everything about are enough. */
const WHOLE_TEXTS = 3;

type Open = NonNullable<AnalysisPorts['open']>;

/** A condition on one slot, and the truth that the example gives it. */
interface Wish {
  readonly slot: number;
  readonly deepSlot: number | null;
  readonly truth: boolean;
  readonly judge: (reading: Reading) => Truth;
  readonly claim: Claim | null;
}

/** Makes requests of examples, and keeps those that do what they are to show. */
export class WitnessFinder {
  readonly #subject: PolicySubject;
  readonly #open: Open;
  readonly #texts: readonly string[];
  /** Readings of the bare texts, by text. */
  readonly #samples = new Map<string, OpenRequest>();

  constructor(subject: PolicySubject, open: Open) {
    this.#subject = subject;
    this.#open = open;
    const definitions = [...subject.suspect.definitions.byKind.values()].flat();
    const examples = definitions.flatMap(
      ({ body }) => [body['examples'] ?? []].flat() as unknown[],
    );
    this.#texts = [...SAMPLE_TEXTS, ...examples.filter((text) => typeof text === 'string')];
  }

  async find(example: Assignment, scene: Scene): Promise<Witness | null> {
    const book = this.#subject.rulebooks.find(({ recipe }) => recipe === scene.recipe)!;
    const wishes = wishesOf(book, this.#subject.slots, example);
    const bare = this.#bareParts(book, wishes, example);
    const at = await this.#timeFor(wishes, example);
    if (at === undefined) return null;
    const texts = await this.#likeliestTexts(wishes);
    let best: { readonly request: OfflineRequest; readonly assumed: number } | null = null;
    for (const text of texts) {
      const parts = { ...bare, at, text: shaped([text, ...bare.words].join(' ').trim(), example) };
      const request = await this.#completed(parts, wishes);
      if (request === null) continue;
      const assumed = Object.keys(request.assume ?? {}).length;
      if (best !== null && best.assumed <= assumed) continue;
      if ((await this.#shown(request, scene)) === null) continue;
      best = { request, assumed };
      if (assumed === 0) break;
    }
    if (best === null) return null;
    return { request: best.request, shows: (await this.#shown(best.request, scene))! };
  }

  #bareParts(book: Rulebook, wishes: readonly Wish[], example: Assignment) {
    const facts = wishes.flatMap(({ claim }) => (claim === null ? [] : factsIn(formulaOf(claim))));
    const { last, earlier } = wordsOf(example, facts);
    const roles: string[] = [];
    const headers: Record<string, string> = {};
    for (const [name, value] of example) {
      if (name.startsWith('role ') && value === true) roles.push(name.slice('role '.length));
      if (!name.startsWith('header ') || typeof value !== 'string' || value === '\0') continue;
      headers[name.slice('header '.length)] = value;
    }
    const { recipes } = this.#subject.suspect;
    const own = recipes.find((recipe) => recipe.name === book.recipe)?.roles ?? null;
    const [needed] = own ?? [];
    if (needed !== undefined && !roles.some((role) => own!.has(role))) roles.push(needed);
    return {
      model: book.recipe === null ? 'auto' : `auto:${book.recipe}`,
      words: last,
      earlier,
      roles,
      headers,
      assume: {},
      example,
      paddingBytes: 0,
    };
  }

  /** A time that the conditions want; null: any. Undefined: there is none. */
  async #timeFor(wishes: readonly Wish[], example: Assignment): Promise<string | null | undefined> {
    const wanted = wishes.filter(({ slot }) => this.#kindOf(slot) === 'time');
    if (wanted.length === 0) return null;
    for (const at of timesFor(example)) {
      const open = await this.#open({ text: '', at });
      if (await areGranted(wanted, open)) return at;
    }
    return undefined;
  }

  /** The sample texts of which the most conditions on texts hold as they should. */
  async #likeliestTexts(wishes: readonly Wish[]): Promise<readonly string[]> {
    const onTexts = wishes.filter(({ slot }) => this.#subject.slots[slot]!.cost !== 'free');
    if (onTexts.length === 0) return this.#texts.slice(0, 1);
    const ranked: { readonly text: string; readonly granted: number }[] = [];
    let whole = 0;
    for (const text of this.#texts) {
      const known = this.#samples.get(text) ?? (await this.#open({ text }));
      this.#samples.set(text, known);
      let granted = 0;
      for (const wish of onTexts) if (await isGranted(wish, known)) granted++;
      ranked.push({ text, granted });
      if (granted === onTexts.length && ++whole === WHOLE_TEXTS) break;
    }
    ranked.sort((a, b) => b.granted - a.granted);
    return ranked.slice(0, TEXTS_TRIED).map(({ text }) => text);
  }

  /** The request with what its text cannot bring about taken for granted; null where that may not be. */
  async #completed(parts: RequestParts, wishes: readonly Wish[]): Promise<OfflineRequest | null> {
    const sized = await this.#sized(parts);
    const open = await this.#open(requestOf(sized));
    share(open);
    const assume: Record<string, SignalValue> = {};
    for (const [slot, own] of Map.groupBy(wishes, (wish) => wish.slot)) {
      if (await areGranted(own, open)) continue;
      if (WRITTEN_KINDS.includes(this.#kindOf(slot))) return null;
      const value = assumedValues(
        own.flatMap(({ claim }) => (claim === null ? [] : factsIn(formulaOf(claim)))),
        parts.example,
      ).find((candidate) => own.every((wish) => grants(wish, candidate)));
      if (value === undefined) return null;
      for (const each of [slot, ...own.flatMap(({ deepSlot }) => deepSlot ?? [])]) {
        assume[this.#subject.slots[each]!.key] = value;
      }
    }
    return requestOf({ ...sized, assume });
  }

  /** Pads the prompt to the length that the example asks for. */
  async #sized(parts: RequestParts): Promise<RequestParts> {
    const tokens = parts.example.get('contextTokens');
    if (typeof tokens !== 'number') return parts;
    const { workload } = await this.#open(requestOf(parts));
    const paddingBytes = Math.max(0, Math.ceil(tokens) * 4 - workload.promptBytes);
    return { ...parts, paddingBytes };
  }

  /** What the request shows, or null where it does not show what it is to. */
  async #shown(request: OfflineRequest, scene: Scene): Promise<string | null> {
    const open = await this.#open(request);
    share(open);
    for (const { condition } of scene.matching) {
      if (condition === null) continue;
      const truth = await compileEvaluator(condition, false)(open.signals);
      if (truth !== true) return null;
    }
    const decided = await this.#subject.policy.decide(
      open.workload,
      open.signals,
      open.fleet,
      null,
    );
    if (isRefusal(decided)) return null;
    const { route, nobody, of } = scene.expected;
    if (route !== undefined && !route.includes(decided.route)) return null;
    if (nobody !== undefined) {
      const instances =
        of ?? this.#subject.config.instances.filter(({ model }) => model.kind === 'chat');
      const isSomebody = instances.some((instance) =>
        decided.rules.every((rule) => rule.permits(instance)),
      );
      if (isSomebody) return null;
    }
    return scene.shows(decided.route);
  }

  #kindOf(slot: number): string {
    return this.#subject.slots[slot]!.kind;
  }
}

/** Pool conditions read the fleet that a decision puts there. */
function share({ signals, fleet }: OpenRequest): void {
  signals.share(FLEET_IN_VIEW).fleet = fleet;
}

/** Every condition of the rules that the example decides. */
function wishesOf(
  { constraints, routes }: Rulebook,
  slots: readonly SignalSlot[],
  example: Assignment,
): readonly Wish[] {
  const leaves = new Set<Leaf>();
  for (const { condition } of [...constraints, ...routes]) {
    if (condition !== null) for (const leaf of leavesOf(condition)) leaves.add(leaf);
  }
  return [...leaves].flatMap((leaf) => {
    const { slot, deep, judge, claim } = leaf;
    const truth = truthOf(claimOfLeaf(leaf, slots), example);
    return truth === null ? [] : [{ slot, deepSlot: deep?.slot ?? null, judge, claim, truth }];
  });
}

function leavesOf(condition: Condition | Measure): readonly Leaf[] {
  if (condition.kind === 'leaf') return [condition];
  return operandsOf(condition).flatMap(leavesOf);
}

const grants = ({ judge, truth }: Wish, value: SignalValue): boolean =>
  judge({ value, confidence: 1 }) === truth;

async function isGranted({ slot, judge, truth }: Wish, { signals }: OpenRequest): Promise<boolean> {
  return judge(await signals.read(slot)) === truth;
}

async function areGranted(wishes: readonly Wish[], open: OpenRequest): Promise<boolean> {
  for (const wish of wishes) if (!(await isGranted(wish, open))) return false;
  return true;
}

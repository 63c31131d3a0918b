import type { BourseEvent, RequestBody, ToolPlan, ToolRule, Workload } from '../contract/index.ts';
import { declaredTools, shownToolName } from '../wire/index.ts';

/** A call of an answer, as far as it is judged. */
export interface CalledTool {
  /** What it goes by; the empty name is nobody's. */
  readonly names: readonly string[];
  /** The provider runs it: its name is the beginning of the type that declares it. */
  readonly isHosted: boolean;
}

/** A call that must not reach the client, and why. */
export interface Verdict {
  readonly action: 'drop' | 'block';
  readonly source: string;
  readonly message: string;
}

/** More calls of one answer than this are not told one by one. */
const TOLD_MAX = 32;
const UNDECLARED = 'undeclared';
const CANNED = 'The tool that was called is not available here.';

/** Says which calls of one answer may reach the client, and tells the observer of those that may not. */
export class ToolJudge {
  readonly #rules: readonly ToolRule[];
  /** What becomes of calls of tools that the request did not declare. */
  readonly #undeclared: Verdict;
  readonly #workload: Pick<Workload, 'id' | 'body'>;
  readonly #onEvent: (event: BourseEvent) => void;
  #declared: ReadonlySet<string> | null = null;
  #told = 0;

  private constructor(
    rules: readonly ToolRule[],
    workload: Pick<Workload, 'id' | 'body'>,
    onEvent: (event: BourseEvent) => void,
  ) {
    this.#rules = rules;
    // Blocking is meant for what a rule denies: where another rule drops, a slip of the model is dropped.
    const action = rules.every(({ onCall }) => onCall === 'block') ? 'block' : 'drop';
    this.#undeclared = { action, source: UNDECLARED, message: CANNED };
    this.#workload = workload;
    this.#onEvent = onEvent;
  }

  /** Null where every call may pass. */
  static of(
    plan: ToolPlan | null,
    workload: Pick<Workload, 'id' | 'body'>,
    onEvent: (event: BourseEvent) => void,
  ): ToolJudge | null {
    const rules = plan === null ? [] : plan.rules.filter(({ onCall }) => onCall !== 'allow');
    return rules.length === 0 ? null : new ToolJudge(rules, workload, onEvent);
  }

  /** Null: it may pass. To be asked once per call, since each verdict is counted. */
  judge(call: CalledTool): Verdict | null {
    const verdict = this.#verdictOn(call);
    if (verdict !== null) this.#tell(verdict, call.names[0] ?? '');
    return verdict;
  }

  #verdictOn({ names, isHosted }: CalledTool): Verdict | null {
    const barring = this.#rules.filter((rule) => !names.every((name) => rule.permits(name)));
    const strictest = barring.find(({ onCall }) => onCall === 'block') ?? barring[0];
    if (strictest !== undefined) return verdictOf(strictest);
    const declared = (this.#declared ??= namesIn(this.#workload.body));
    const isDeclared = names.some(
      (name) => declared.has(name) || (isHosted && beginsOne(name, declared)),
    );
    return isDeclared ? null : this.#undeclared;
  }

  #tell({ action, source }: Verdict, name: string): void {
    if (this.#told++ >= TOLD_MAX) return;
    this.#onEvent({
      kind: 'tool-call-guarded',
      decision: this.#workload.id,
      source,
      action,
      tool: shownToolName(name),
    });
  }
}

function namesIn(body: RequestBody): ReadonlySet<string> {
  return new Set(declaredTools(body).flatMap(({ names }) => names));
}

/** `web_search` is declared by `web_search_preview`, `computer` by `computer_use_preview`. */
function beginsOne(name: string, declared: ReadonlySet<string>): boolean {
  for (const each of declared) if (each.startsWith(name)) return true;
  return false;
}

const verdictOf = ({ source, onCall, message }: ToolRule): Verdict => ({
  action: onCall === 'block' ? 'block' : 'drop',
  source,
  message: message ?? CANNED,
});

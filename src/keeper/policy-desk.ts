import { fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Policy, PolicyProblem, PolicyStatus } from '../contract/index.ts';
import type { LoadPolicy, PolicySource } from './keeper-options.ts';
import type { PolicyText } from './protocol.ts';

/** The running policy and what became of the newest text. A text that is not good changes nothing. */
export class PolicyDesk {
  readonly #load: LoadPolicy;
  readonly #clock: Clock;
  readonly #file: string | null;
  #policy: Policy | null = null;
  #source: PolicySource;
  #loadedAtMs = 0;
  #rejected: readonly PolicyProblem[] = [];
  #warnings: readonly PolicyProblem[] = [];

  constructor(load: LoadPolicy, clock: Clock, file: string | null) {
    this.#load = load;
    this.#clock = clock;
    this.#file = file;
    this.#source = { text: '', file, files: {} };
  }

  get policy(): Policy {
    if (this.#policy === null) throw fault('BRS_INVARIANT', { invariant: 'the keeper is started' });
    return this.#policy;
  }

  get text(): PolicyText {
    return { ...this.#source, generation: this.policy.generation };
  }

  status(): PolicyStatus {
    return {
      generation: this.policy.generation,
      file: this.#file,
      loadedAt: new Date(this.#loadedAtMs).toISOString(),
      rejected: this.#rejected,
      warnings: this.#warnings,
    };
  }

  /** Takes a policy where it is good; says whether it was. */
  take(source: PolicySource): boolean {
    const generation = (this.#policy?.generation ?? 0) + 1;
    const loaded = this.#load(source, generation);
    if (loaded.kind === 'rejected') {
      this.#rejected = loaded.problems;
      return false;
    }
    this.#policy = loaded.policy;
    this.#warnings = loaded.warnings;
    this.#rejected = [];
    this.#source = source;
    this.#loadedAtMs = this.#clock.nowMs();
    return true;
  }

  /** The file could not be read. */
  reject(reason: string): void {
    this.#rejected = [
      { severity: 'error', message: reason, path: '', line: null, column: null, suggestion: null },
    ];
  }

  /** One line per problem of the newest text. */
  report(): string {
    return this.#rejected
      .map(({ line, column, message, suggestion, file }) => {
        const place = line === null ? '' : `:${line}${column === null ? '' : `:${column}`}`;
        return `${file ?? this.#file ?? 'policy'}${place}: ${message}${suggestion === null ? '' : ` (${suggestion})`}`;
      })
      .join('\n');
  }
}

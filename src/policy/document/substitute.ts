export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** Variables that were used and what they gave. */
  readonly used: readonly (readonly [name: string, value: string])[];
  /** Variables that are not set and have no default. */
  readonly missing: readonly string[];
  /** Whether a `${` is malformed. */
  readonly isMalformed: boolean;
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` (the default stands for an unset or empty variable);
 * `$${` is a literal `${`. Values are not read again, so a variable cannot refer to another.
 */
export function substitute(
  text: string,
  lookUp: (name: string) => string | undefined,
): Substituted {
  const used: (readonly [string, string])[] = [];
  const missing: string[] = [];
  let isMalformed = false;
  const replaced = text.replaceAll(
    REFERENCE,
    (whole, name: string | undefined, fallback: string | undefined) => {
      if (whole === '$${') return '${';
      if (name === undefined) {
        isMalformed = true;
        return whole;
      }
      const own = lookUp(name);
      const value = fallback === undefined ? own : own || fallback;
      if (value === undefined) missing.push(name);
      else used.push([name, value]);
      return value ?? '';
    },
  );
  return { text: replaced, used, missing, isMalformed };
}

/** The value of `NAME`; where it is not set, what the file that `NAME_FILE` names holds, without the space around it. */
export function variable(
  name: string,
  environment: Environment,
  readFile: ((path: string) => string) | undefined,
): string | undefined {
  const own = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (own !== undefined) return own;
  const file = `${name}_FILE`;
  const path = Object.hasOwn(environment, file) ? environment[file] : undefined;
  if (path === undefined || path === '' || readFile === undefined) return undefined;
  try {
    return readFile(path).trim();
  } catch {
    return undefined;
  }
}

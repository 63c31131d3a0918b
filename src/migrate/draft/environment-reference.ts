/** A value that the policy takes from the environment: `${NAME}`, with a default where there is one. */
export class EnvironmentReference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Null where the name is none that a policy can refer to. */
export function environmentReference(name: string): EnvironmentReference | null {
  return NAME.test(name) ? new EnvironmentReference(name) : null;
}

/** A name for a variable that stands for something of this name: `gpt-4o` → `GPT_4O`. */
export function variableName(text: string): string {
  const name = text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^\d/.test(name) || name === '' ? `X_${name}` : name;
}

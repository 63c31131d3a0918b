import type { PolicyDraft } from '../draft/policy-draft.ts';
import { EnvironmentReference } from '../draft/environment-reference.ts';
import { variableIn } from '../draft/secret.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeText } from '../foreign/take.ts';

/** The master key becomes the one key of the policy, by its hash. `sha256` gives the hash in hexadecimal. */
export function importMasterKey(
  general: ForeignNode | null,
  draft: PolicyDraft,
  sha256: (text: string) => string,
): void {
  const node = general?.at('master_key') ?? null;
  const text = takeText(node);
  if (node === null || text === null) return;
  const variable = variableIn(text);
  node.change('lets clients in, as every key does; the admin API has server.admin.keySha256');
  if (variable === null) {
    draft.add(
      'keys',
      { id: 'master', tenant: 'default', sha256: sha256(text) },
      `from ${node.origin}: the hash of the key that is written there`,
    );
    return;
  }
  const { name } = new EnvironmentReference(`${variable.name}_SHA256`);
  draft.add(
    'keys',
    { id: 'master', tenant: 'default', sha256: new EnvironmentReference(name) },
    `from ${node.origin}: the policy holds the hash of a key, never the key. Print it with`,
    `printf %s "$${variable.name}" | npx bourse hash-key -`,
    `and export it as ${name}.`,
  );
}

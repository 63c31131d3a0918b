import type { PolicyAnalysis } from '../contract/index.ts';
import type { RunningApp } from './app-port.ts';
import { ADMIN_URL } from './default-urls.ts';
import { plural } from './plural.ts';
import { renderTable, safeText } from './table.ts';

/** What is printed once the server listens: where it is, who may ask, what it can buy, and a line to try. */
export function startReport(app: RunningApp, isDemo: boolean): string[] {
  const { keys, instances, models } = app.config();
  const needsKey = keys.length > 0;
  const access = needsKey ? 'an API key is required' : 'no key needed: only this host can reach it';
  const chat = `${app.modelUrl}/v1/chat/completions`;
  const rows = instances.map(({ id, model, engine, url }) =>
    [id, model.id, engine, withoutCredentials(url)].map(safeText),
  );
  const kind = isDemo ? 'simulated instance' : 'instance';
  const fleet =
    rows.length === 0
      ? ['  Fleet    nobody yet: add an instance to the policy file or through the admin API']
      : [
          `  Fleet    ${plural(rows.length, kind)}, ${plural(models.length, 'model')}`,
          ...renderTable(
            [{ title: 'instance' }, { title: 'model' }, { title: 'engine' }, { title: 'url' }],
            rows,
            '    ',
          ),
        ];
  const atAdmin = app.adminUrl === ADMIN_URL ? '' : ` --admin ${app.adminUrl}`;
  return [
    'Bourse is open.',
    '',
    `  Models   ${app.modelUrl}/v1  (${access})`,
    `  Admin    ${app.adminUrl}/admin/v1`,
    `  Metrics  ${app.modelUrl}/metrics`,
    ...fleet,
    '',
    'Try it:',
    '',
    `  curl -i ${chat} -H 'content-type: application/json'${needsKey ? " -H 'authorization: Bearer YOUR-KEY'" : ''} -d '{"model":"auto","messages":[{"role":"user","content":"What is 17 * 23?"}]}'`,
    '',
    `and read why it went where it went: npx bourse decisions${atAdmin}`,
  ];
}

const GRAVEST = ['error', 'warning', 'note'] as const;

/** How many conflicts there are in the policy, and the worst of them; nothing where there are none. */
export function findingsReport({ findings }: PolicyAnalysis): string[] {
  const worst = GRAVEST.flatMap((severity) =>
    findings.filter((each) => each.severity === severity),
  );
  const [first] = worst;
  if (first === undefined) return [];
  const place =
    first.line === null
      ? ''
      : ` (line ${first.line}${first.file === undefined ? '' : ` of ${safeText(first.file)}`})`;
  return [
    '',
    `The policy has ${plural(findings.length, 'conflict')}; the worst: ${safeText(first.message)}${place}.`,
    'See all of them, with requests that show them: npx bourse check FILE',
  ];
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

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

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

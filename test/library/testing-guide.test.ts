import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as app from '../../src/app-serve.ts';
import { run } from '../../src/cli/run.ts';
import { PLAIN_SCREEN } from '../../src/cli/terminal.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { ROOT } from '../flow/demo-exchange.ts';

let folder: string;
let guide: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-guide-'));
  guide = await readFile(join(ROOT, 'docs', 'guides', 'testing.md'), 'utf8');
  const policy = blocks('yaml').join('\n');
  const [request, log] = blocks('json');
  await writeFile(join(folder, 'bourse.yaml'), policy);
  await writeFile(join(folder, 'changed.yaml'), policy.replace('models: [big], mode', 'mode'));
  await writeFile(join(folder, 'request.json'), request!);
  await writeFile(join(folder, 'log.jsonl'), log!);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text!,
  );

/** The words of a command line, files in the folder of the guide. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    /^[\w-]+\.(yaml|jsonl?)$/.test(plain ?? '') ? join(folder, plain!) : (quoted ?? plain!),
  );

async function bourse(line: string): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    env: {},
    screen: PLAIN_SCREEN,
    progress: () => {},
    print: (text: string) => out.push(text),
    printError: (text: string) => err.push(text),
    loadApp: () => Promise.resolve(app),
  } as unknown as Terminal;
  const code = await run(wordsOf(line.replace('npx bourse ', '')), terminal, '0.0.0');
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('every command of the guide works on the files of the guide', async () => {
  const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));
  const told = new Map<string, string>();
  for (const line of lines) {
    const { code, out, err } = await bourse(line);
    expect([line, code, err.replace(/^.*(tests?|left out).*$/gm, '').trim()]).toEqual([
      line,
      0,
      '',
    ]);
    told.set(line.split(' ')[2]!, out);
  }
  expect([...told.keys()]).toEqual(['check', 'explain', 'diff', 'suggest-tests']);
  expect(told.get('check')).toContain('Its 3 tests pass.');
  expect(told.get('explain')).toContain('Rules, in the order of evaluation');
  expect(told.get('diff')).toMatch(/^\d of 2 requests? change/m);
  const suggested = join(folder, 'suggested.yaml');
  const [policy] = blocks('yaml');
  await writeFile(suggested, `${policy!}\n${told.get('suggest-tests')!}\n`);
  expect((await bourse(`npx bourse check ${suggested}`)).out).toMatch(/tests? pass/);
}, 60_000);

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAULTS } from '../kernel/index.ts';
import type { FaultCode } from '../kernel/index.ts';
import { BID_HEADERS, REQUEST_HEADERS, RESPONSE_HEADERS } from '../contract/index.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(root, 'docs', 'reference', file), 'utf8');

/** The cells of every table row that begins with a word in code marks, by that word. */
function tableRows(text: string): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^`([\w-]+)`$/.exec(cells[1] ?? '')?.[1];
    if (name === undefined) continue;
    expect(rows.has(name), `${name} stands twice`).toBe(false);
    rows.set(name, cells.slice(2, -1));
  }
  return rows;
}

/** Headers of one section of headers.md. */
function section(title: string): string[] {
  const text = read('headers.md').split(`## ${title}\n`)[1]?.split('\n## ')[0];
  expect(text, `headers.md has a section "${title}"`).toBeDefined();
  return [...tableRows(text!).keys()].toSorted();
}

describe('docs/reference/errors.md', () => {
  const rows = tableRows(read('errors.md'));

  test.each(Object.keys(FAULTS) as FaultCode[])('describes %s as the catalogue has it', (code) => {
    const { httpStatus, type, isRetryable, message } = FAULTS[code];
    const row = [String(httpStatus), `\`${type}\``, isRetryable ? 'yes' : 'no', message];
    expect(rows.get(code)).toEqual(row);
  });

  test('describes nothing else', () => {
    expect([...rows.keys()].filter((code) => !(code in FAULTS))).toEqual([]);
  });
});

describe('docs/reference/headers.md', () => {
  test('lists the headers that are read, and those that are sent', () => {
    expect(section('Sent by the client')).toEqual(Object.values(REQUEST_HEADERS).toSorted());
    expect(section('Sent by the exchange')).toEqual(Object.values(RESPONSE_HEADERS).toSorted());
    expect(section('Between the exchange and bidders')).toEqual(
      Object.values(BID_HEADERS).toSorted(),
    );
  });

  test('the source knows no other header of the exchange', () => {
    const known = new Set<string>([
      ...Object.values(REQUEST_HEADERS),
      ...Object.values(RESPONSE_HEADERS),
      ...Object.values(BID_HEADERS),
    ]);
    const found = new Set<string>();
    const source = join(root, 'src');
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts'))
        continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      for (const [, name] of text.matchAll(/['"`](x-bourse-[a-z-]+)['"`]/g)) found.add(name!);
    }
    expect([...found].filter((name) => !known.has(name))).toEqual([]);
    expect(found.size).toBeGreaterThan(5);
  });
});

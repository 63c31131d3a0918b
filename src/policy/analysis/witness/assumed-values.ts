import type { Assignment, Fact, SignalValue } from '../../../contract/index.ts';

/** What a slot could hold for the facts to be as the example says: the likeliest first. */
export function assumedValues(facts: readonly Fact[], example: Assignment): readonly SignalValue[] {
  const record: Record<string, number | boolean> = {};
  const list: string[] = [];
  const plain: SignalValue[] = [];
  for (const { of } of facts) {
    const value = example.get(of.name);
    if (value === undefined) continue;
    if (of.kind === 'flag' && of.listed !== undefined) {
      if (value === true) list.push(of.listed);
    } else if (of.member !== undefined) {
      if (typeof value === 'number' || typeof value === 'boolean') record[of.member] = value;
    } else if (typeof value === 'object') {
      plain.push(rounded(value));
    } else {
      plain.push(value);
      const share = example.get(`${of.name} share`);
      if (of.kind === 'choice' && typeof share === 'number')
        plain.unshift({ [String(value)]: share });
    }
  }
  const records = Object.keys(record).length > 0 ? [record] : [];
  return [...records, ...plain, ...(list.length > 0 ? [list] : []), true, false, {}];
}

const rounded = (shares: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(shares)
      .filter(([, share]) => share > 0)
      .map(([label, share]) => [label, Math.round(share * 1e6) / 1e6]),
  );

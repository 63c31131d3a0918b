import { dirname, resolve } from 'node:path';
import type { PolicyProblem } from '../../contract/index.ts';
import { placeText } from '../document/place.ts';
import type { Place } from '../document/place.ts';
import {
  documentOf,
  memberOf,
  placedOf,
  problemAt,
  textOf,
  withMembers,
} from '../document/placed.ts';
import type { Placed, PlacedMap } from '../document/placed.ts';
import { readDocument } from '../document/read-document.ts';
import type { PolicyDocument } from '../document/read-document.ts';
import type { Environment } from '../document/substitute.ts';
import { layOver, splice, withoutOverrides } from './layers.ts';
import { withAbsolutePaths } from './own-paths.ts';
import { settleRecipes } from './recipes.ts';
import { listed } from './references.ts';
import type { Reporter } from './sections.ts';

const FILES_MAX = 64;

export interface AssemblyInput {
  readonly text: string;
  /** Absolute path of the file: what it names is relative to its folder. */
  readonly file: string;
  readonly env: Environment;
  /** The text of another file, by its absolute path; throws where it cannot be read. Absent where there are no files. */
  readonly readFile?: ((path: string) => string) | undefined;
}

/**
 * A policy file with all that it includes and extends, as one document: each value keeps the file and
 * the line in which it stands. Files are laid over one another in one order, bases first, each once.
 */
export function assemblePolicy(input: AssemblyInput): PolicyDocument {
  const assembly = new Assembly(input);
  const main = readDocument(input.text, input.env, assembly.optionsOf(input.file, null));
  if (main.value === undefined || main.value === null) return main;
  const root = placedOf(main);
  if (root.kind !== 'map') return main;
  assembly.take(main);
  const whole = assembly.whole(root);
  return documentOf(whole, assembly.problems, assembly.environmentValues);
}

/** A file on the way from the policy to the one that is being read, and where it stands. */
interface Open {
  readonly file: string;
  readonly place: Pick<Place, 'file' | 'value'>;
}

interface Visit {
  readonly file: string;
  readonly root: PlacedMap;
  readonly open: readonly Open[];
}

class Assembly implements Reporter {
  readonly problems: PolicyProblem[] = [];
  readonly environmentValues = new Map<string, string>();
  readonly #input: AssemblyInput;
  readonly #reported = new Set<string>();
  #files = 1;

  constructor(input: AssemblyInput) {
    this.#input = input;
  }

  add(problem: PolicyProblem): void {
    const key = JSON.stringify(problem);
    if (!this.#reported.has(key)) this.problems.push(problem);
    this.#reported.add(key);
  }

  /** `shown`: how problems call the file. */
  optionsOf(file: string, shown: string | null) {
    const { readFile } = this.#input;
    const readSecret =
      readFile && ((path: string): string => readFile(resolve(dirname(file), path)));
    return { file: shown, readSecret };
  }

  take(document: PolicyDocument): void {
    for (const problem of document.findings.problems) this.add(problem);
    for (const [name, value] of document.environmentValues) this.environmentValues.set(name, value);
  }

  whole(root: PlacedMap): PlacedMap {
    const { file } = this.#input;
    const layers = new Map<string, PlacedMap>();
    this.#visitBases({ file, root, open: [{ file, place: root.place }] }, layers);
    const [first, ...others] = layers.values();
    const laid = others.reduce((below, above) => layOver(below, above, this), first!);
    return withoutOverrides(settleRecipes(laid, this), this);
  }

  /** Depth first, so that what is extended comes before what extends it. */
  #visitBases({ file, root, open }: Visit, layers: Map<string, PlacedMap>): void {
    const unit = this.#withIncludes({ file, root, open });
    for (const reference of listed(unit, 'extends', this)) {
      const path = this.#pathOf(reference, open);
      if (path === null || layers.has(path)) continue;
      const base = this.#read(path, reference);
      if (base === null) continue;
      const chain = [...open, { file: path, place: reference.place }];
      this.#visitBases({ file: path, root: base, open: chain }, layers);
    }
    layers.set(file, withMembers(unit, { extends: undefined }));
  }

  /** A file with the files that it includes, each once, in the order in which they are named. */
  #withIncludes(visit: Visit): PlacedMap {
    const fragments = new Map<string, PlacedMap>();
    const collect = ({ root, open }: Visit): void => {
      for (const reference of listed(root, 'include', this)) {
        const path = this.#pathOf(reference, open);
        if (path === null || fragments.has(path)) continue;
        const fragment = this.#read(path, reference);
        if (fragment === null) continue;
        fragments.set(path, this.#asFragment(fragment));
        const chain = [...open, { file: path, place: reference.place }];
        collect({ file: path, root: fragment, open: chain });
      }
    };
    collect(visit);
    const own = withMembers(visit.root, { include: undefined });
    return [...fragments.values()].reduce((whole, part) => splice(whole, part, this), own);
  }

  #asFragment(fragment: PlacedMap): PlacedMap {
    const extended = fragment.members.get('extends');
    if (extended !== undefined) {
      this.add(
        problemAt(extended, 'cannot stand in a file that is included: extend it from the policy'),
      );
    }
    return withMembers(fragment, { include: undefined, extends: undefined, version: undefined });
  }

  /** The absolute path of a reference; null where it leads back to a file on the way to it. */
  #pathOf(reference: Placed, open: readonly Open[]): string | null {
    const from = reference.place.file ?? this.#input.file;
    const path = resolve(dirname(from), textOf(reference)!);
    const start = open.findIndex((each) => each.file === path);
    if (start < 0) return path;
    const steps = [...open.slice(start + 1), { file: path, place: reference.place }].map(
      (each) => `${each.file} (named at ${placeText(each.place)})`,
    );
    this.add(problemAt(reference, `closes a circle: ${path} leads to ${steps.join(', then to ')}`));
    return null;
  }

  #read(path: string, reference: Placed): PlacedMap | null {
    const text = this.#textOf(path, reference);
    if (text === null) return null;
    const document = readDocument(text, this.#input.env, this.optionsOf(path, path));
    this.take(document);
    if (document.value === undefined) return null;
    const root = withAbsolutePaths(placedOf(document), dirname(path));
    if (root.kind !== 'map') {
      this.add(problemAt(root, 'must be a mapping, as a policy is'));
      return null;
    }
    const version = memberOf(root, 'version');
    if (version?.kind === 'scalar' && version.value !== undefined && version.value !== 1) {
      this.add(problemAt(version, 'must be 1: begin the file with "version: 1"'));
    }
    return root;
  }

  #textOf(path: string, reference: Placed): string | null {
    if (this.#files >= FILES_MAX) {
      this.add(
        problemAt(reference, `is one file too many: a policy is made of ${FILES_MAX} at most`),
      );
      return null;
    }
    this.#files++;
    const { readFile } = this.#input;
    if (readFile === undefined) {
      this.add(problemAt(reference, 'cannot be read: this policy is a text without a folder'));
      return null;
    }
    try {
      return readFile(path);
    } catch {
      this.add(problemAt(reference, `cannot be read: is there a file ${path}?`));
      return null;
    }
  }
}

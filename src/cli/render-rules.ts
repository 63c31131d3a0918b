import type { DecisionView, RuleNode } from '../contract/index.ts';
import { fit, fitList } from './fit.ts';
import type { Paint } from './paint.ts';
import { readingText, timeText } from './render-reading.ts';
import { safeText } from './table.ts';

type Signal = DecisionView['signals'][number];

/** One line: a branch of the tree with what was found, and what it was read from. */
interface Row {
  /** The lines of the tree. */
  readonly branch: string;
  /** Null: a heading, or what was left out. */
  readonly mark: Mark | null;
  readonly text: string;
  /** Names that follow the text as far as they fit. */
  readonly names?: readonly string[];
  readonly reading?: string;
  readonly cost?: string;
  readonly took?: string;
}

/** `?` is unknown; `~` was doubtful, and the outcome did not need to know. */
type Mark = 'yes' | 'no' | '?' | '~';

const markText = (mark: Mark): string => `${mark.padEnd(3)} `;
/** A reading may take this much of a line whose width is limited, and a rule with its condition this much. */
const READING_SHARE = 0.3;
const RULE_SHARE = 0.55;
/** A narrower terminal gets shorter readings, and no class of cost. */
const NARROW = 100;
/** A list of names in an output without a width. */
const NAMES_WIDTH = 120;

export interface RulesLayout {
  readonly width: number | null;
  readonly paint: Paint;
}

/** The rules as a tree, in the order in which they were evaluated, each condition with its reading. */
export function renderRules(view: DecisionView, { width, paint }: RulesLayout): string[] {
  const isNarrow = width !== null && width < NARROW;
  const rows = new Tree(view.signals, {
    isNarrow,
    ruleWidth: (width ?? Infinity) * RULE_SHARE,
  }).rows(view);
  if (rows.length === 0) return [];
  const line = layout(rows, width, paint);
  return [
    paint.strong('Rules, in the order of evaluation'),
    ...rows.map(line),
    ...unread(view, width),
  ];
}

/** Signals that the decision never needed. */
function unread({ signals }: DecisionView, width: number | null): string[] {
  const names = signals.filter(({ state }) => state === 'not-needed').map(({ key }) => key);
  if (names.length === 0) return [];
  const start = '  never read: ';
  const room = width === null ? NAMES_WIDTH : width - start.length;
  return [`${start}${fitList(names.map(safeText), room)}`];
}

function layout(rows: readonly Row[], width: number | null, paint: Paint): (row: Row) => string {
  const widest = (of: (row: Row) => string | undefined): number =>
    Math.max(0, ...rows.map((row) => of(row)?.length ?? 0));
  const costWidth = widest(({ cost }) => cost);
  const tookWidth = widest(({ took }) => took);
  const most = width === null ? Number.POSITIVE_INFINITY : Math.floor(width * READING_SHARE);
  const readingWidth = Math.min(
    widest(({ reading }) => reading),
    most,
  );
  const right = readingWidth + costWidth + tookWidth + 6;
  const room = width === null ? Number.POSITIVE_INFINITY : Math.max(24, width - right);
  const leftWidth = Math.min(
    room,
    widest((row) => (row.reading === undefined ? '' : leftText(row))),
  );
  return (row) => {
    if (row.reading === undefined) {
      const start = leftText(row).length;
      const most = width === null ? NAMES_WIDTH : width - start;
      const names = row.names === undefined ? '' : fitList(row.names, most);
      return painted(row, `${row.text}${names}`, paint);
    }
    const room = leftWidth - leftText(row).length + row.text.length;
    const text = fit(row.text, room).padEnd(room);
    const reading = fit(row.reading, readingWidth).padEnd(readingWidth);
    const { cost = '', took = '' } = row;
    const costs = costWidth === 0 ? '' : `${cost.padEnd(costWidth)}  `;
    const facts = `  ${reading}  ${costs}${took.padStart(tookWidth)}`;
    return `${painted(row, text, paint)}${facts}`.trimEnd();
  };
}

const leftText = ({ branch, mark, text }: Row): string =>
  `  ${branch}${mark === null ? '' : markText(mark)}${text}`;

function painted({ branch, mark }: Row, text: string, paint: Paint): string {
  if (mark === null) return `  ${paint.faint(branch)}${paint.faint(text)}`;
  const color = { yes: paint.good, no: paint.faint, '?': paint.doubt, '~': paint.doubt };
  return `  ${paint.faint(branch)}${color[mark](markText(mark))}${text}`;
}

interface TreeStyle {
  readonly isNarrow: boolean;
  /** A rule with its condition stands in one line if it is not longer. */
  readonly ruleWidth: number;
}

/** Makes rows of rule nodes; each signal's cost is told where it was read first. */
class Tree {
  readonly #signals: readonly Signal[];
  readonly #style: TreeStyle;
  readonly #told = new Set<number>();
  readonly #rows: Row[] = [];

  constructor(signals: readonly Signal[], style: TreeStyle) {
    this.#signals = signals;
    this.#style = style;
  }

  rows(view: DecisionView): readonly Row[] {
    const { constraints, routes, recipe } = view.rules;
    if (constraints.length > 0) {
      this.#heading('constraints: all that match apply');
      this.#list(constraints, '', 'not asked after the refusal: ');
    }
    const isNamed = view.route === 'named' && routes.length === 0;
    const of = recipe === undefined ? '' : ` of the recipe ${safeText(recipe)}`;
    if (isNamed) this.#heading('routes: none was tried, since the client named a model');
    if (routes.length > 0) {
      this.#heading(`routes${of}: the first that matches decides`);
      const isTried = routes.some(({ value }) => value !== undefined);
      this.#list(routes, '', isTried ? 'not tried: ' : 'not tried, since it was refused: ');
    }
    return this.#rows;
  }

  #heading(text: string): void {
    this.#rows.push({ branch: '', mark: null, text });
  }

  /** What was evaluated, each with what is below it; the rest in one line. */
  #list(nodes: readonly RuleNode[], branch: string, restText: string): void {
    const reached = nodes.filter(isReached);
    const rest = nodes.filter((node) => !isReached(node)).map(summary);
    for (const [i, node] of reached.entries()) {
      const isLast = i === reached.length - 1 && rest.length === 0;
      this.#node(node, branch, isLast);
    }
    if (rest.length === 0) return;
    this.#rows.push({ branch: `${branch}└─ `, mark: null, text: restText, names: rest });
  }

  #node(node: RuleNode, branch: string, isLast: boolean): void {
    const { text, below } = this.#folded(node, branch === '' ? ' when ' : ': ');
    const leaf = below.length === 0 ? leafOf(node) : undefined;
    const facts = leaf === undefined ? {} : this.#facts(leaf);
    this.#rows.push({
      branch: `${branch}${isLast ? '└─ ' : '├─ '}`,
      mark: markOf(node),
      text,
      ...facts,
    });
    this.#list(below, `${branch}${isLast ? '   ' : '│  '}`, 'not needed: ');
  }

  #folded(node: RuleNode, joint: string): Folded {
    const whole = folded(node, joint);
    const isLong = whole.text.length > this.#style.ruleWidth && node.children.length > 0;
    return isLong ? { text: safeText(node.text), below: node.children } : whole;
  }

  #facts(leaf: RuleNode): Pick<Row, 'reading' | 'cost' | 'took'> {
    const { slot, surerSlot, text } = leaf;
    const signal = slot === undefined ? undefined : this.#signals[slot];
    if (signal === undefined || signal.state === 'not-needed') return {};
    const surer = surerSlot === undefined ? undefined : this.#signals[surerSlot];
    const isSurer = surer !== undefined && surer.state === 'known';
    const [, only] = /^[\w-]+\.(\w+)/.exec(text) ?? [];
    const isTold = this.#told.has(slot!);
    const style = { members: isTold || this.#style.isNarrow ? 1 : 3, only };
    const doubt = leaf.isDoubtful === true ? ', doubtful' : '';
    const reading = `${readingText(isSurer ? surer : signal, style)}${doubt}`;
    if (isTold) return { reading, ...this.#costOf('read above') };
    this.#told.add(slot!);
    const spent = (signal.spentMicroseconds ?? 0) + (isSurer ? (surer.spentMicroseconds ?? 0) : 0);
    const isRead = signal.isAssumed !== true;
    return {
      reading,
      ...this.#costOf(isSurer ? `${signal.cost}, ${surer.cost}` : signal.cost),
      took: isRead ? timeText(spent) : '',
    };
  }

  #costOf(cost: string): Pick<Row, 'cost'> {
    return this.#style.isNarrow ? {} : { cost };
  }
}

const isReached = ({ value }: RuleNode): boolean => value !== undefined;

function markOf(node: RuleNode): Mark {
  if (node.value === null) return node.isDoubtful === true ? '~' : '?';
  return node.value === true ? 'yes' : 'no';
}

/**
 * A node and what is below it in one text, as long as there is one thing below: `stays: require site:
 * on-prem when keyword: titan`. Of `all` that one condition settled, this one stands for the rest.
 */
function folded(node: RuleNode, joint = ': '): Folded {
  const text = safeText(node.text);
  const [only, ...more] = decisive(node);
  if (only === undefined) return { text, below: [] };
  if (more.length > 0) return { text: listText(node), below: node.children };
  const { text: inner, below } = folded(only);
  if (node.text === 'not') return { text: `not ${inner}`, below };
  if (node.text === 'all') return { text: `${inner} (of all ${node.children.length})`, below };
  return { text: `${text}${joint}${inner}`, below };
}

interface Folded {
  readonly text: string;
  readonly below: readonly RuleNode[];
}

function decisive({ text, value, children }: RuleNode): readonly RuleNode[] {
  if (text !== 'all' || value !== false) return children;
  const reached = children.filter(isReached);
  return reached.length === 1 ? reached : children;
}

const listText = ({ text }: RuleNode): string =>
  ['all', 'any'].includes(text) ? `${text} of` : safeText(text);

const leafOf = (node: RuleNode): RuleNode | undefined => {
  const [only] = decisive(node);
  return only === undefined ? node : leafOf(only);
};

/** A node that was not evaluated, in few words. */
function summary(node: RuleNode): string {
  const [child] = node.children;
  if (node.text === 'not' && child !== undefined) return `not ${summary(child)}`;
  const isList = ['all', 'any'].includes(node.text);
  return isList ? `${node.text} of ${node.children.length}` : safeText(node.text);
}

import type { Position } from './foreign-node.ts';

/** The foreign file cannot be read. The message never quotes the file, which may hold secrets. */
export class ForeignProblem extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, { line, column }: Position) {
    super(message);
    this.name = 'ForeignProblem';
    this.line = line;
    this.column = column;
  }
}

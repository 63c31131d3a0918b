/** A part of a text: UTF-16 offsets, `end` exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Stretches of one text in order, without overlap; grown as typed arrays, for there are many. */
export class Pieces {
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  count = 0;

  add(start: number, end: number): void {
    if (end <= start) return;
    if (this.count === this.starts.length) {
      this.starts = doubled(this.starts);
      this.ends = doubled(this.ends);
    }
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

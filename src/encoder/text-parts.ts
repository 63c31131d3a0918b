export interface SegmentRule {
  /** Ids of tokens behind which a segment may end. */
  readonly ends: readonly number[];
  /** From how many tokens on it does. */
  readonly least: number;
  /** After how many tokens it ends in any case. */
  readonly most: number;
}

/** Edges of parts of `stride` tokens; the last part may be shorter. */
export function strideEdges(count: number, stride: number): number[] {
  const edges: number[] = [];
  for (let at = 0; at < count; at += stride) edges.push(at);
  edges.push(count);
  return edges;
}

/** Edges of segments, such as sentences; the last one ends with the text. */
export function segmentEdges(ids: Int32Array, { ends, least, most }: SegmentRule): number[] {
  const isEnd = new Uint8Array(Math.max(-1, ...ends) + 1);
  for (const end of ends) isEnd[end] = 1;
  const edges = [0];
  let start = 0;
  for (let place = 0; place < ids.length - 1; place++) {
    const length = place + 1 - start;
    if (length === most || (length >= least && isEnd[ids[place]!] === 1)) {
      start = place + 1;
      edges.push(start);
    }
  }
  edges.push(ids.length);
  return edges;
}

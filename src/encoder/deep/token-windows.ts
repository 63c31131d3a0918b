export interface TokenWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * Windows over `count` tokens that start every `stride` tokens; the last one reaches the end and is
 * as long as the others where the text is, so that no token is read with less around it than need be.
 */
export function windowsOver(count: number, tokens: number, stride: number): TokenWindow[] {
  const windows: TokenWindow[] = [{ start: 0, end: Math.min(tokens, count) }];
  while (windows.at(-1)!.end < count) {
    const end = Math.min(windows.at(-1)!.start + stride + tokens, count);
    windows.push({ start: end - tokens, end });
  }
  return windows;
}

/** Per window, the tokens for which it is the one that has them nearest to its middle. */
export function centresOf(windows: readonly TokenWindow[]): TokenWindow[] {
  const bounds = windows.slice(1).map((window, i) => (window.start + windows[i]!.end) >> 1);
  return windows.map((window, i) => ({
    start: bounds[i - 1] ?? window.start,
    end: bounds[i] ?? window.end,
  }));
}

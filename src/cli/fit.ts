/** The text cut to a width, the cut marked. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? '…'.slice(0, width) : `${text.slice(0, width - 1).trimEnd()}…`;
}

/** Names in one text of a width: those that do not fit are counted. */
export function fitList(names: readonly string[], width: number): string {
  const whole = names.join(', ');
  if (whole.length <= width) return whole;
  let text = '';
  for (const [i, name] of names.entries()) {
    const more = ` and ${names.length - i} more`;
    const next = i === 0 ? name : `${text}, ${name}`;
    if (next.length + more.length > width) {
      return i === 0 ? fit(`${names.length}: ${name}`, width) : `${text}${more}`;
    }
    text = next;
  }
  return text;
}

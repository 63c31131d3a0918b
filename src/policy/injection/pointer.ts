/** A key of a pointer: printable ASCII without quotes and backslashes; `~0` is a tilde and `~1` a slash. */
const POINTER = /^(?:\/(?:[ !#-.0-[\]-}]|~[01])+){1,8}$/;

/** Members that the exchange answers for, and what to do instead. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['model', '`use.models` chooses it'],
  ['messages', '`use.systemPrompt` changes the system prompt'],
  ['prompt', "what is asked is the client's"],
  ['input', "what is asked is the client's"],
  ['input_ids', "what is asked is the client's"],
  ['prompt_embeds', "what is asked is the client's"],
  ['instructions', '`use.systemPrompt` changes it'],
  ['previous_response_id', "what is asked is the client's"],
  ['conversation', "what is asked is the client's"],
  ['tools', "what can be called is the client's"],
  ['functions', "what can be called is the client's"],
  ['stream', 'the client reads the answer as it asked for it'],
  ['stream_options', 'the exchange needs the usage'],
  ['background', 'the client reads the answer as it asked for it'],
  ['n', 'budgets count answers before they are made'],
  ['best_of', 'budgets count answers before they are made'],
  ['max_tokens', '`use.maxTokens` sets it'],
  ['max_completion_tokens', '`use.maxTokens` sets it'],
  ['max_output_tokens', '`use.maxTokens` sets it'],
  ['bourse', 'it never leaves the exchange'],
]);

/** What is wrong with a pointer of `use.set`; null for a good one. */
export function pointerProblem(pointer: string): string | null {
  if (!POINTER.test(pointer)) {
    return 'must be a JSON pointer of 1 to 8 plain keys, such as /temperature or /extra_body/x';
  }
  const remedy = RESERVED.get(pointerPath(pointer)[0]!);
  return remedy === undefined ? null : `must not change "${pointerPath(pointer)[0]}": ${remedy}`;
}

/** The keys of a JSON pointer (RFC 6901). All of them name members; none is an index. */
export function pointerPath(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer, if any, that lies inside of another one's value. */
export function nestedPointer(pointers: readonly string[]): string | null {
  return pointers.find((a) => pointers.some((b) => a.startsWith(`${b}/`))) ?? null;
}

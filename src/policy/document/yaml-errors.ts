/**
 * What the codes of the YAML parser mean, in the words of this product. The parser's own messages
 * quote the source, which may hold a secret; these do not.
 */
const MESSAGES: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'an alias (*name) is malformed: give it a name and no trailing colon',
  BAD_COLLECTION_TYPE: 'a tag does not fit its value: remove the tag',
  BAD_DIRECTIVE: 'a directive (a line that begins with %) is malformed: remove it',
  BAD_DQ_ESCAPE: 'an escape sequence is not valid in double quotes: use single quotes, or \\\\',
  BAD_INDENT: 'the indentation does not fit, or a bracket is not closed before the block ends',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place: remove it',
  BAD_SCALAR_START: 'a value cannot start with @, ` or %: quote it',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping inside a one-line mapping: quote the value if it contains ": "',
  BLOCK_IN_FLOW: 'a block list or mapping cannot stand inside brackets or braces',
  DUPLICATE_KEY: 'the key stands twice in this mapping: keep one of them',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters: a quote is probably not closed',
  MISSING_CHAR: 'a character is missing: a closing quote, a comma, or a colon after a key',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines: a quote or a colon is probably missing',
  MULTIPLE_ANCHORS: 'a value can have one anchor only',
  MULTIPLE_DOCS: 'the file holds more than one document: remove the line ---',
  MULTIPLE_TAGS: 'a value can have one tag only',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'tabs cannot indent: use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) is not known: remove it',
  UNEXPECTED_TOKEN:
    'something stands where nothing may: a bracket, a brace or a colon too many, or a value that must be quoted (such as "${NAME}" inside braces)',
};

export function yamlMessage(code: string): string {
  return MESSAGES[code] ?? 'the file is not valid YAML here';
}

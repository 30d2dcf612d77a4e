/** Strings and punctuation of a JSON text that is known to be valid. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

interface Scope {
  /** Names so far; null in an array. */
  readonly names: Set<string> | null;
  /** What comes next is a name. */
  isName: boolean;
}

/**
 * Names that stand twice in one object. JSON.parse keeps the last of them, other parsers the first: two programs that read one
 * text would see two requests (RFC 8259, section 4).
 * @param text valid JSON
 */
export function repeatedNames(text: string): string[] {
  const repeated: string[] = [];
  const open: Scope[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const scope = open.at(-1);
    switch (token) {
      case '{':
        open.push({ names: new Set(), isName: true });
        break;
      case '[':
        open.push({ names: null, isName: false });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (scope) scope.isName = scope.names !== null;
        break;
      default: {
        if (!scope?.isName || scope.names === null) break;
        scope.isName = false;
        // Two spellings of one name are one name.
        const name = String(JSON.parse(token));
        if (scope.names.has(name)) repeated.push(name);
        scope.names.add(name);
      }
    }
  }
  return repeated;
}

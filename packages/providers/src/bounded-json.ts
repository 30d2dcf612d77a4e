/** What a vendor's body is, once read with bounds. */
export type BoundedJson = { ok: true; value: unknown } | { ok: false; reason: string };

/** Deepest nesting that is read; the vendors' own bodies have five levels. */
const maxDepth = 32;

/**
 * Reads a vendor's body as JSON without trusting it: at most maxBytes, strict UTF-8, bounded depth, no key twice in one
 * object (parsers disagree on which one counts, and one of them may be a job id). Never throws.
 */
export function readBoundedJson(body: Uint8Array, maxBytes: number): BoundedJson {
  if (body.length === 0) return { ok: false, reason: 'empty body' };
  if (body.length > maxBytes) return { ok: false, reason: `body over ${maxBytes} bytes` };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { ok: false, reason: 'body is not UTF-8' };
  }
  const trouble = findTrouble(text);
  if (trouble) return { ok: false, reason: trouble };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false, reason: 'body is not JSON' };
  }
}

/** Position of the quote that ends the string which starts at `start`, -1 where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** One pass over the brackets and keys, before anything is built from them. Jumps over strings, so images are cheap. */
function findTrouble(text: string): string | undefined {
  /** One entry an open bracket: the keys of an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  const interesting = /["{}[\]]/g;
  for (let hit = interesting.exec(text); hit; hit = interesting.exec(text)) {
    const mark = hit[0];
    if (mark === '{' || mark === '[') {
      if (open.push(mark === '{' ? new Set() : null) > maxDepth) return `nested deeper than ${maxDepth}`;
    } else if (mark === '"') {
      const end = endOfString(text, hit.index);
      if (end === -1) return 'body is not JSON';
      const keys = open.at(-1);
      interesting.lastIndex = end + 1;
      if (keys && isKey(text, end + 1)) {
        const key = readKey(text.slice(hit.index, end + 1));
        if (keys.has(key)) return 'an object has a key twice';
        keys.add(key);
      }
    } else {
      open.pop();
    }
  }
  return undefined;
}

function isKey(text: string, after: number): boolean {
  const colon = /\s*:/y;
  colon.lastIndex = after;
  return colon.test(text);
}

/** A key as the parser will see it, escapes undone. */
function readKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

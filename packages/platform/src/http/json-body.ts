import { type FieldError, ProblemError } from './problem.js';
import { repeatedNames } from './repeated-names.js';

const maxDepth = 32;
const maxReported = 20;
/** Codes of fields that no schema gets to see. */
export const unsafeTextCodes = ['invalid_text', 'too_deep', 'forbidden_key'] as const;

interface Unsafe extends FieldError {
  readonly code: (typeof unsafeTextCodes)[number];
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;

/** RFC 6901: one more step below a pointer. */
export function pointerInto(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/**
 * Parses a request's body. What no schema could see any more is refused here: bytes that are not UTF-8, a name
 * that occurs twice in an object, nesting without end, keys that reach an object's prototype, text that Postgres or UTF-8 cannot hold.
 * @throws ProblemError
 */
export function parseJsonBody(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new ProblemError('invalid_encoding', 'The body is not valid UTF-8.', { cause: error });
  }
  if (text.startsWith('\uFEFF'))
    throw new ProblemError(
      'malformed_json',
      'The body starts with a byte order mark, which JSON does not have.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProblemError('malformed_json', 'The body is not valid JSON.', { cause: error });
  }
  const [repeated] = repeatedNames(text);
  if (repeated !== undefined)
    throw new ProblemError(
      'malformed_json',
      `The name ${JSON.stringify(repeated.slice(0, 64))} occurs twice in one object.`,
    );
  refuseUnsafe(value);
  return value;
}

/**
 * Walks a parsed value without recursion and refuses what is unsafe in it, naming each place.
 * @throws ProblemError
 */
export function refuseUnsafe(root: unknown): void {
  const errors: Unsafe[] = [];
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer: '', depth: 0 }];
  for (let next = open.pop(); next && errors.length < maxReported; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (typeof value === 'string') {
      const wrong = textFault(value);
      if (wrong) errors.push({ pointer, code: 'invalid_text', message: wrong });
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= maxDepth) {
      errors.push({ pointer, code: 'too_deep', message: `Nested more than ${maxDepth} levels deep` });
      break;
    }
    for (const [key, child] of Object.entries(value)) {
      const at = pointerInto(pointer, key);
      const wrong = textFault(key);
      if (forbiddenKeys.has(key))
        errors.push({ pointer: at, code: 'forbidden_key', message: 'This name is not allowed' });
      else if (wrong) errors.push({ pointer, code: 'invalid_text', message: `In a name: ${wrong}` });
      else open.push({ value: child, pointer: at, depth: depth + 1 });
    }
  }
  if (errors.length > 0) throw new ProblemError('invalid_fields', undefined, { errors });
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'The NUL character is not allowed';
  if (loneSurrogate.test(text)) return 'Unpaired surrogates are not allowed';
  return undefined;
}

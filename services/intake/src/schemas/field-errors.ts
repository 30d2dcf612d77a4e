import { type FieldError, ProblemError } from '@darkroom/platform';
import type { z } from 'zod';

/** What is wrong with one field: a closed list. */
export type FieldErrorCode =
  | 'required'
  | 'invalid_type'
  | 'invalid_format'
  | 'not_allowed'
  | 'too_short'
  | 'too_long'
  | 'out_of_range'
  | 'too_many'
  | 'unknown_field'
  | 'not_supported'
  | 'unknown_model';

/** More are not listed: a body of 64 KiB can hold thousands of unknown fields. */
const mostErrors = 20;
const longestName = 64;

const messages: Record<FieldErrorCode, string> = {
  required: 'is required',
  invalid_type: 'has the wrong type',
  invalid_format: 'has the wrong format',
  not_allowed: 'is not one of the allowed values',
  too_short: 'is too short',
  too_long: 'is too long',
  out_of_range: 'is out of range',
  too_many: 'has too many entries',
  unknown_field: 'is not a field of this request',
  not_supported: 'is not something that this model can do',
  unknown_model: 'names no model; GET /v1/models lists what there is',
};

/** All of them, for the API's document. */
export const fieldErrorCodes = Object.keys(messages).filter(isCode);

/** RFC 6901 pointer; names that a client made up are cut. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${String(step).slice(0, longestName).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** One error with its usual message, or one that says the limit. */
export function fieldError(
  path: readonly PropertyKey[],
  code: FieldErrorCode,
  message: string = messages[code],
): FieldError {
  return { pointer: pointerTo(path), code, message };
}

/**
 * Checks a body.
 * @throws ProblemError `invalid_fields` with a pointer for every field that is wrong
 */
export function checkBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) throw new ProblemError('malformed_json', 'A JSON body is needed.');
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new ProblemError('invalid_fields', undefined, { errors: fieldErrorsOf(result.error.issues, body) });
}

/**
 * Checks a query. Whatever is wrong with it is a 400: a query is an address, not a document.
 * @throws ProblemError `invalid_query`
 */
export function checkQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const errors: FieldError[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    // Postgres holds no NUL, and no parameter of ours has a use for one.
    if (typeof value === 'string' && value.includes('\0')) errors.push(fieldError([name], 'invalid_format'));
  }
  const result = schema.safeParse(query);
  if (result.success && errors.length === 0) return result.data;
  if (!result.success) errors.push(...fieldErrorsOf(result.error.issues, query));
  throw new ProblemError('invalid_query', undefined, {
    errors: errors.map((error) => ({ ...error, in: 'query' })),
  });
}

/** The closed list's words for zod's issues, one a field. `body` is what was checked: it tells a missing field from a wrong one. */
export function fieldErrorsOf(issues: readonly z.core.$ZodIssue[], body: unknown): FieldError[] {
  const firstOf = new Map<string, FieldError>();
  for (const error of issues.flatMap((issue) => errorsOf(issue, body))) {
    if (!firstOf.has(error.pointer)) firstOf.set(error.pointer, error);
  }
  return [...firstOf.values()].slice(0, mostErrors);
}

function errorsOf(issue: z.core.$ZodIssue, body: unknown): FieldError[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => fieldError([...path, key], 'unknown_field'));
    case 'invalid_type':
      return [fieldError(path, valueAt(body, path) === undefined ? 'required' : 'invalid_type')];
    case 'too_small':
      return [fieldError(path, isNumber(issue.origin) ? 'out_of_range' : 'too_short', limit(issue))];
    case 'too_big':
      return [fieldError(path, isNumber(issue.origin) ? 'out_of_range' : 'too_long', limit(issue))];
    case 'invalid_format':
      return [fieldError(path, 'invalid_format')];
    case 'invalid_value':
      return [fieldError(path, 'not_allowed', `must be one of ${issue.values.map(String).join(', ')}`)];
    case 'custom':
      return [customError(issue)];
    case 'not_multiple_of':
      return [fieldError(path, 'out_of_range')];
    case 'invalid_key':
    case 'invalid_element':
    case 'invalid_union':
      break;
  }
  return [fieldError(path, 'invalid_format')];
}

const isNumber = (origin: string): boolean => origin === 'number' || origin === 'int' || origin === 'bigint';

function limit(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  return issue.code === 'too_small'
    ? `must be at least ${issue.minimum}`
    : `must be at most ${issue.maximum}`;
}

function isCode(code: unknown): code is FieldErrorCode {
  return typeof code === 'string' && Object.hasOwn(messages, code);
}

/** A check of ours names its code in `params`. */
function customError(issue: z.core.$ZodIssueCustom): FieldError {
  const code: unknown = issue.params?.['code'];
  return fieldError(issue.path, isCode(code) ? code : 'invalid_format', issue.message);
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

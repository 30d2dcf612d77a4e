import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
import { pointerInto, refuseUnsafe } from './json-body.js';
import { type FieldError, ProblemError } from './problem.js';

interface Issue {
  readonly message: string;
  /** Zod's own. */
  readonly code?: unknown;
  /** Zod's own, of unknown keys. */
  readonly keys?: unknown;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const maxReported = 50;

/** Field errors of a validation: one per issue, one per key where unknown keys were found. */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  return issues.slice(0, maxReported).flatMap((issue): FieldError[] => {
    const pointer = (issue.path ?? []).reduce<string>((parent, step) => {
      const key = typeof step === 'object' ? step.key : step;
      return pointerInto(parent, typeof key === 'symbol' ? key.toString() : key);
    }, '');
    const { code, keys } = issue;
    if (code === 'unrecognized_keys' && Array.isArray(keys))
      return keys.slice(0, maxReported).map((key) => ({
        pointer: pointerInto(pointer, String(key)),
        code: 'unknown_field',
        message: 'There is no such field',
      }));
    return [{ pointer, code: typeof code === 'string' ? code : 'invalid', message: issue.message }];
  });
}

/**
 * Checks `@Body({ schema })`, `@Query({ schema })` and `@Param({ schema })`. A body that does not fit is a 422 with a pointer
 * for every field, a query a 400, a path parameter a 404: an id of a wrong shape names nothing.
 */
export class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T = unknown>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (!schema || !this.toValidate(metadata)) return value;
    if (metadata.type !== 'body') refuseUnsafe(value);
    const result = await this.validate<T>(value, schema, this.validateOptions);
    if (!result.issues) return result.value;
    throw validationProblem(metadata.type, value, result.issues);
  }
}

function validationProblem(
  where: ArgumentMetadata['type'],
  value: unknown,
  issues: readonly Issue[],
): ProblemError {
  if (where === 'param') return new ProblemError('not_found');
  if (where === 'query')
    return new ProblemError('invalid_query', undefined, {
      errors: fieldErrors(issues).map((error) => ({ ...error, in: 'query' as const })),
    });
  if (value === undefined) return new ProblemError('malformed_json', 'A JSON body is needed.');
  return new ProblemError('invalid_fields', undefined, { errors: fieldErrors(issues) });
}

import type { ProblemCode } from '@darkroom/platform';
import type { z } from 'zod';

export interface Header {
  readonly name: string;
  readonly description: string;
  /** Where it is one of a closed list. */
  readonly words?: readonly string[];
}

export interface Success {
  readonly status: number;
  readonly description: string;
  /** By media type; a schema, or null for bytes and text that has none. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
  readonly headers?: readonly Header[];
}

/** One call of the API, as the document describes it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  /** `link`: a signed link does instead of a key. */
  readonly access: 'key' | 'key-or-link' | 'open';
  readonly query?: z.ZodType;
  readonly headers?: readonly (Header & { readonly required?: boolean; readonly pattern?: string })[];
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean };
  readonly answers: readonly Success[];
  readonly problems: readonly ProblemCode[];
}

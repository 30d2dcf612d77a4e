import type { Tool } from './tool.js';

export type PartName = 'kafka' | 's3' | 'toxiproxy' | 'cog' | 'comfy-proxy' | 'jaeger';

/** Runs a program to its end. Rejects with the last lines that it printed. */
export type RunTool = (
  program: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
) => Promise<string>;

/** What else there is where a part cannot be had: the end of a message. */
export const insteadOf = ({ instead }: Pick<Part, 'instead'>): string =>
  instead === undefined ? '' : `, or set ${instead} to one of your own`;

/** A server of somebody else's that is fetched or built once, into the cache. */
export interface Part {
  readonly name: PartName;
  readonly version: string;
  /** What it is and about how long it takes to get. */
  readonly what: string;
  readonly needs: readonly Tool[];
  /** Setting that points to one's own instead; undefined: it is for tests alone. */
  readonly instead: string | undefined;
  /** Fetches or builds it into an empty folder. */
  install(folder: string, run: RunTool): Promise<void>;
}

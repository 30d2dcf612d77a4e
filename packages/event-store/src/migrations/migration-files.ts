import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { MigrationError } from './errors.js';

/**
 * Numbered SQL files of one schema: `NNNN_name.sql`, from 0001 without a gap, never changed once they ran
 * anywhere. `access.sql` beside them, where it is, says who may do what with the tables.
 */
export interface MigrationSet {
  readonly schema: string;
  readonly directory: URL;
  /** Table of the schema that lists what ran; two sets of one schema need one each. Default `migrations`. */
  readonly ledger?: string;
  /** `{{name}}` in the files; `{{schema}}` is always there. Values must be plain identifiers. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface MigrationFile {
  readonly number: number;
  readonly name: string;
  /** Over the file as it stands, line ends made alike. */
  readonly sha256: string;
  readonly sql: string;
}

const fileName = /^(\d{4})_[a-z0-9_]+\.sql$/;
const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

/** Name of the set's list of what ran, within its schema. */
export const ledgerOf = (set: MigrationSet): string => set.ledger ?? 'migrations';

/** Reads a set in order. @throws MigrationError `malformed_set` */
export function readMigrations(set: MigrationSet): MigrationFile[] {
  const names = readdirSync(set.directory)
    .filter((name) => name.endsWith('.sql') && name !== 'access.sql')
    .sort();
  return names.map((name, index) => {
    const number = Number(fileName.exec(name)?.[1] ?? Number.NaN);
    if (number !== index + 1) throw malformed(set, `${name} should be number ${index + 1}`);
    const text = readFileSync(new URL(name, set.directory), 'utf8').replaceAll('\r\n', '\n');
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { number, name, sha256, sql: fillIn(set, text, name) };
  });
}

/** A file's text with the set's variables in their places. @throws MigrationError `malformed_set` */
export function fillIn(set: MigrationSet, text: string, name: string): string {
  const variables: Record<string, string> = { ...set.variables, schema: set.schema };
  for (const value of [...Object.values(variables), ledgerOf(set)]) {
    if (!identifier.test(value)) throw malformed(set, `${JSON.stringify(value)} is no plain identifier`);
  }
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, variable: string) => {
    const value = variables[variable];
    if (value === undefined) throw malformed(set, `${name} uses the unknown variable ${variable}`);
    return value;
  });
}

const malformed = (set: MigrationSet, reason: string): MigrationError =>
  new MigrationError('malformed_set', `migrations of ${set.schema}: ${reason}`, { schema: set.schema });

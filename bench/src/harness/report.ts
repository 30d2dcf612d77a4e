import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

/** A goal, what came out, and whether it was met. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly value: number;
  readonly met: boolean;
}

/** What a benchmark tells. */
export interface Report {
  readonly name: string;
  readonly what: string;
  /** One line each, all with the same columns. */
  readonly table: readonly Readonly<Record<string, string | number>>[];
  readonly goals: readonly Goal[];
  /** Where the time went: share of samples, function and file. */
  readonly profile?: readonly string[];
  readonly raw: unknown;
}

const cell = (value: string | number): string =>
  typeof value === 'string' ? value : value >= 100 ? value.toFixed(0) : value.toPrecision(3);

function tableOf(rows: Report['table']): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column] ?? '')))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => (line[n] ?? '').length)));
  return lines
    .map((line) => `  ${line.map((text, n) => text.padEnd(widths[n] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Prints the table and the goals, and keeps everything as JSON below `bench/results`. */
export function publish(report: Report, folder: string): void {
  const lines = [`\n${report.name}: ${report.what}\n`, tableOf(report.table), ''];
  for (const { what, goal, value, met } of report.goals)
    lines.push(`  ${met ? 'met   ' : 'MISSED'} ${what}: ${cell(value)} (goal ${goal})`);
  if (report.profile) lines.push('', '  where the time went', ...report.profile.map((line) => `    ${line}`));
  process.stdout.write(`${lines.join('\n')}\n`);
  mkdirSync(folder, { recursive: true });
  const machine = {
    cpus: os.cpus().length,
    model: os.cpus()[0]?.model,
    node: process.version,
    at: new Date().toISOString(),
  };
  writeFileSync(join(folder, `${report.name}.json`), `${JSON.stringify({ machine, ...report }, null, 2)}\n`);
}

import { statusOfPhase } from './status.js';
import { type Phase, phases } from './state.js';
import { type Rule, transitions } from './transitions.js';

interface Line {
  readonly type: string;
  readonly from: Phase;
  readonly rule: Rule;
}

const lines: readonly Line[] = Object.entries(transitions).flatMap(([type, row]) =>
  phases.flatMap((from) => (row[from] ?? []).map((rule) => ({ type, from, rule }))),
);

/** Arrows with the same ends are one, with all their events. */
function diagram(): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const { type, from, rule } of lines) {
    if (rule.to === '=' || rule.to === from) continue;
    const ends = `${from} --> ${rule.to}`;
    arrows.set(ends, (arrows.get(ends) ?? new Set()).add(type));
  }
  return [
    'stateDiagram-v2',
    '  [*] --> requested: GenerationRequested',
    ...[...arrows].map(([ends, events]) => `  ${ends}: ${[...events].join(', ')}`),
    ...['succeeded', 'failed', 'canceled'].map((phase) => `  ${phase} --> [*]`),
  ];
}

const cell = ({ to }: Rule): string => (to === '=' ? '=' : `**${to}**`);

function table(): string[] {
  const head = ['event', ...phases];
  const rows = Object.entries(transitions).map(([type, row]) => {
    if (row.none !== undefined) return [type, ...phases.map(() => '·')];
    return [
      type,
      ...phases.map((phase) => {
        const to = new Set((row[phase] ?? []).map(cell));
        return to.size === 0 ? '·' : [...to].join(' or ');
      }),
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((columns) => `| ${columns.join(' | ')} |`);
}

function conditionsTable(): string[] {
  const rows = new Map<string, Phase[]>();
  for (const { type, from, rule } of lines) {
    const key = `| ${type} | ${rule.when} | ${rule.to === '=' ? 'stays' : rule.to} |`;
    rows.set(key, [...(rows.get(key) ?? []), from]);
  }
  return [
    '| event | when | leads to | in |',
    '| --- | --- | --- | --- |',
    ...[...rows].map(([key, from]) => `${key} ${from.join(', ')} |`),
  ];
}

/** The page docs/reference/lifecycle.md. */
export function renderLifecycle(): string {
  return [
    '<!-- Generated from packages/domain/src/transitions.ts by packages/domain/scripts/write-lifecycle.mjs. -->',
    '',
    '# Lifecycle of a generation',
    '',
    'Every event of a generation’s stream, and where it leads. What is not in the table is an illegal transition: it is refused,',
    'logged, and means a bug; what a race made stale is refused by `decide` with a reason and is never recorded.',
    'Why it is so: [decision 0002](../decisions/0002-lifecycle-table.md).',
    '',
    '```mermaid',
    ...diagram(),
    '```',
    '',
    '## Phases and what clients see',
    '',
    '| phase | status |',
    '| --- | --- |',
    ...phases.map((phase) => `| ${phase} | ${statusOfPhase[phase]} |`),
    '',
    '## Events by phase',
    '',
    '`=`: taken, the phase stays. `·`: never there. GenerationRequested is the first event of a stream and no other.',
    '',
    ...table(),
    '',
    '## Conditions',
    '',
    'Rules of one event and phase are tried from above; the first whose condition holds is taken.',
    '',
    ...conditionsTable(),
    '',
  ].join('\n');
}

import type { ReactNode } from 'react';
import type { Generation } from '../api/schemas.js';
import { moneyWords } from '../generations/words.js';

const at = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** What was asked for, and what is on record of it. */
export function Facts({ generation }: { generation: Generation }) {
  const { requested, cost, artifacts, finished_at: finished } = generation;
  return (
    <section aria-labelledby="facts" className="flex flex-col gap-2">
      <h2 id="facts" className="font-semibold">
        Details
      </h2>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        <Fact name="Model">{generation.model}</Fact>
        <Fact name="Asked for">
          {requested.count} × {requested.size.replace('x', ' × ')} {requested.output_format}
        </Fact>
        <Fact name="Seed">{requested.seed}</Fact>
        <Fact name="Attempts">{generation.attempts}</Fact>
        <Fact name="Asked at">
          <time dateTime={generation.created_at}>{at.format(new Date(generation.created_at))}</time>
        </Fact>
        {finished !== null && (
          <Fact name="Ended at">
            <time dateTime={finished}>{at.format(new Date(finished))}</time>
          </Fact>
        )}
        <Fact name="Cost">{costWords(cost)}</Fact>
        <Fact name="Id">
          <code className="text-xs break-all">{generation.id}</code>
        </Fact>
        {generation.trace_id && (
          <Fact name="Trace">
            <TraceId id={generation.trace_id} link={generation.links.trace ?? null} />
          </Fact>
        )}
        {artifacts.map((artifact) => (
          <Fact key={artifact.id} name={artifacts.length > 1 ? `SHA-256 ${artifact.index + 1}` : 'SHA-256'}>
            <code className="text-xs break-all">{artifact.sha256}</code>
          </Fact>
        ))}
      </dl>
    </section>
  );
}

/** A link where somebody said where traces are looked at. */
function TraceId({ id, link }: { id: string; link: string | null }) {
  const code = <code className="text-xs break-all">{id}</code>;
  if (link === null) return code;
  return (
    <a href={link} target="_blank" rel="noreferrer" className="underline">
      {code}
    </a>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </>
  );
}

/** What the provider has said, else what its price list says. */
function costWords({
  currency,
  actual_micros: actual,
  estimated_micros: estimated,
}: Generation['cost']): string {
  if (currency === null) return 'Not known';
  if (actual !== null) return moneyWords(currency, actual);
  return estimated === null ? 'Not known' : `About ${moneyWords(currency, estimated)}, by the price list`;
}

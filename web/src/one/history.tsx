import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getHistory } from '../api/client.js';
import type { Generation } from '../api/schemas.js';
import { historyLines } from '../generations/history-words.js';

const clock = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

/** What happened, as it is on record. */
export function History({ generation: { id, run, version } }: { generation: Generation }) {
  const { data = [], error } = useQuery({
    queryKey: ['history', id, run, version],
    queryFn: async () => getHistory(id),
    placeholderData: keepPreviousData,
  });
  return (
    <section aria-labelledby="history" className="flex flex-col gap-2">
      <h2 id="history" className="font-semibold">
        What happened
      </h2>
      {error && (
        <p role="alert" className="text-alarm text-sm">
          {error.message}
        </p>
      )}
      <ol className="border-line flex flex-col gap-2 border-l-2 pl-4 text-sm">
        {historyLines(data).map((line) => (
          <li key={line.id} className="grid grid-cols-[auto_minmax(0,1fr)] gap-3">
            <time dateTime={line.time} className="text-muted tabular-nums">
              {clock.format(new Date(line.time))}
            </time>
            <span>{line.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

import type { Generation } from '../api/schemas.js';
import { wordsOf } from '../generations/words.js';
import { CheckIcon, CrossIcon } from '../ui/icons.js';

const way = ['queued', 'processing', 'verifying', 'succeeded'] as const;

interface Step {
  readonly word: string;
  readonly state: 'done' | 'now' | 'ahead' | 'failed' | 'canceled';
}

/** The way through the statuses. What did not get to the end shows how far it is known to have come. */
function stepsOf({ status, attempts }: Generation): Step[] {
  if (status === 'failed' || status === 'canceled') {
    const came: Step[] = way
      .slice(0, attempts > 0 ? 2 : 1)
      .map((one) => ({ word: wordsOf(one), state: 'done' }));
    return [...came, { word: wordsOf(status), state: status }];
  }
  const at = way.indexOf(status);
  return way.map((one, index) => {
    if (index < at || status === 'succeeded') return { word: wordsOf(one), state: 'done' };
    return { word: wordsOf(one), state: index === at ? 'now' : 'ahead' };
  });
}

const marks: Record<Step['state'], string> = {
  done: 'bg-succeeded border-succeeded text-paper',
  now: 'bg-paper border-processing',
  ahead: 'bg-paper border-line',
  failed: 'bg-failed border-failed text-paper',
  canceled: 'bg-canceled border-canceled text-paper',
};

/** Where it stands among the statuses. */
export function Steps({ generation }: { generation: Generation }) {
  return (
    <ol className="grid auto-cols-fr grid-flow-col" aria-label="Status">
      {stepsOf(generation).map(({ word, state }, index) => (
        <li
          key={word}
          aria-current={state === 'now' ? 'step' : undefined}
          className="relative flex flex-col items-center gap-1.5"
        >
          {index > 0 && (
            <span
              className={`absolute top-[11px] right-[calc(50%+0.875rem)] h-0.5 w-[calc(100%-1.75rem)] rounded ${state === 'ahead' ? 'bg-line' : 'bg-control'}`}
              aria-hidden="true"
            />
          )}
          <span
            className={`relative grid size-6 place-items-center rounded-full border-2 ${marks[state]}`}
            aria-hidden="true"
          >
            {state === 'done' && <CheckIcon />}
            {(state === 'failed' || state === 'canceled') && <CrossIcon />}
            {state === 'now' && <span className="developing bg-processing size-2 rounded-full" />}
          </span>
          <span className={`text-xs ${state === 'ahead' ? 'text-muted' : 'font-medium'}`}>{word}</span>
        </li>
      ))}
    </ol>
  );
}

import type { Generation } from '../api/schemas.js';
import {
  attemptsSentence,
  chargeSentence,
  duration,
  isErased,
  isFinal,
  nextStep,
  progressSentence,
  reasonSentence,
  vendorPercent,
} from '../generations/words.js';
import { CrossIcon } from '../ui/icons.js';
import { Pictures } from './pictures.js';

/** The place of the pictures: they, or the truth about why there are none. */
export function Tile({
  generation,
  now,
  onDeadLink,
  large = false,
}: {
  generation: Generation;
  now: number;
  onDeadLink: () => void;
  large?: boolean;
}) {
  if (generation.artifacts.length > 0 && !isErased(generation))
    return <Pictures generation={generation} prompt={generation.prompt ?? ''} onDeadLink={onDeadLink} />;
  if (!isFinal(generation)) return <Tray generation={generation} now={now} large={large} />;
  return <Ended generation={generation} />;
}

/** What it waits for and since when. The bar is there only where the vendor itself says how far it is. */
function Tray({ generation, now, large }: { generation: Generation; now: number; large: boolean }) {
  const percent = vendorPercent(generation);
  const facts = [
    `Waiting for ${duration(now - Date.parse(generation.created_at))}.`,
    nextStep(generation, now),
    progressSentence(generation),
    attemptsSentence(generation.attempts),
  ].filter((fact) => fact !== '');
  return (
    <div className="tray relative flex size-full min-h-56 flex-col justify-end overflow-hidden p-4">
      <Sheet generation={generation} />
      <div className="relative flex flex-col gap-1">
        <p className={`leading-snug font-medium text-balance ${large ? 'text-xl' : 'text-base'}`}>
          {reasonSentence(generation)}
        </p>
        <p className="text-sm tabular-nums">{facts.join(' ')}</p>
        {percent !== null && (
          <progress
            value={percent}
            max={100}
            aria-label="As the provider reports"
            className="vendor-progress mt-2 h-1 w-full"
          />
        )}
      </div>
    </div>
  );
}

/** The sheet in the tray, of the shape that was asked for: unlit while it waits its turn. */
function Sheet({ generation: { status, requested } }: { generation: Generation }) {
  const [width = 1, height = 1] = requested.size.split('x').map(Number);
  const longest = Math.max(width, height);
  return (
    <div className="absolute inset-0" aria-hidden="true">
      {status !== 'queued' && <div className="tray-glow developing absolute inset-0" />}
      <div className="absolute inset-x-0 top-0 grid h-[55%] place-items-center">
        <div
          className={`tray-sheet ${status === 'verifying' ? 'tray-sheet-fixed' : ''}`}
          style={{ width: `${(width / longest) * 5.5}rem`, height: `${(height / longest) * 5.5}rem` }}
        />
      </div>
    </div>
  );
}

function Ended({ generation }: { generation: Generation }) {
  const { error, charge, status } = generation;
  const cost = error?.charge ?? charge;
  if (isErased(generation))
    return <Blank title="Erased" text="Prompt and pictures are gone for good. Only the record remains." />;
  if (status === 'canceled')
    return <Blank title="Canceled on request" text={cost ? chargeSentence(cost) : ''} />;
  if (status === 'succeeded') return <Blank title="No picture" text="" />;
  return (
    <Blank title={error?.message ?? 'It did not work out.'} text={cost ? chargeSentence(cost) : ''} failed>
      {error && <code className="text-xs">{error.code}</code>}
    </Blank>
  );
}

function Blank({
  title,
  text,
  failed = false,
  children,
}: {
  title: string;
  text: string;
  failed?: boolean;
  children?: React.ReactNode;
}) {
  return (
    <div
      className={`bg-sunken relative flex size-full min-h-56 flex-col justify-end gap-1 p-4 ${failed ? 'border-failed border-t-4' : ''}`}
    >
      <div className="absolute inset-x-0 top-0 grid h-[55%] place-items-center" aria-hidden="true">
        <div className="border-control text-control grid size-20 -rotate-2 place-items-center rounded border border-dashed">
          {failed && <CrossIcon />}
        </div>
      </div>
      <p className="text-base leading-snug font-medium">{title}</p>
      <p className="text-muted text-sm">
        {children}
        {children && text !== '' ? ' · ' : ''}
        {text}
      </p>
    </div>
  );
}

import { useRef } from 'react';
import { Link } from '../address/link.js';
import type { Generation } from '../api/schemas.js';
import { CancelButton, TryAgainButton } from '../generations/actions.js';
import {
  attemptsSentence,
  canCancel,
  canTryAgain,
  duration,
  missingSentence,
  nameOf,
  tookMs,
} from '../generations/words.js';
import { DownloadIcon } from '../ui/icons.js';
import { StatusMark } from '../ui/status-mark.js';
import { downloadUrl, fileName } from './pictures.js';
import { Tile } from './tile.js';

/** What a card can do to the list that it is part of. */
export interface CardActions {
  readonly onChanged: (fresh: Generation) => void;
  readonly onStale: (id: string) => void;
  readonly onDeadLink: (id: string) => void;
}

/** One generation: its picture, or the truth about why there is none yet. */
export function GenerationCard({
  generation,
  now,
  onChanged,
  onStale,
  onDeadLink,
}: { generation: Generation; now: number } & CardActions) {
  const renewed = useRef(0);
  const name = nameOf(generation);
  const only = generation.artifacts.length === 1 ? generation.artifacts[0] : undefined;
  const remarks =
    generation.status === 'succeeded'
      ? [missingSentence(generation), attemptsSentence(generation.attempts)]
          .filter((one) => one !== '')
          .join(' ')
      : '';
  return (
    <article
      className="panel relative flex flex-col overflow-hidden shadow-xs motion-safe:transition-shadow focus-within:shadow-md hover:shadow-md"
      aria-label={name}
      data-id={generation.id}
      data-status={generation.status}
    >
      <div className="bg-sunken aspect-square">
        <Tile
          generation={generation}
          now={now}
          onDeadLink={() => {
            // A few times only: what cannot be loaded with a fresh link will not load with the next.
            if (renewed.current++ < 3) onDeadLink(generation.id);
          }}
        />
      </div>
      <div className="flex flex-1 flex-col gap-2 p-4">
        <h2 className="leading-snug font-medium">
          {/* The link reaches over the whole card; what can be pressed lies above it. */}
          <Link
            to={{ page: 'one', id: generation.id }}
            className="line-clamp-2 break-words after:absolute after:inset-0 hover:underline"
            dir="auto"
          >
            {name}
          </Link>
        </h2>
        <p className="flex flex-wrap items-center justify-between gap-x-3 text-sm">
          <span>
            <StatusMark status={generation.status} />
            {generation.status === 'succeeded' && ` in ${duration(tookMs(generation))}`}
          </span>
          <span className="text-muted">{generation.model}</span>
        </p>
        {remarks !== '' && <p className="text-muted text-sm">{remarks}</p>}
        <div className="relative z-10 mt-auto flex flex-wrap gap-2 self-start pt-1 empty:hidden">
          {only && (
            <a
              href={downloadUrl(only)}
              download={fileName(only)}
              aria-label={`Download: ${name}`}
              className="button"
            >
              <DownloadIcon />
              Download
            </a>
          )}
          {generation.artifacts.length > 1 && (
            <Link
              to={{ page: 'one', id: generation.id }}
              className="button"
              aria-label={`${generation.artifacts.length} pictures: ${name}`}
            >
              {generation.artifacts.length} pictures
            </Link>
          )}
          {canCancel(generation) && (
            <CancelButton generation={generation} onChanged={onChanged} onStale={onStale} />
          )}
          {canTryAgain(generation) && <TryAgainButton generation={generation} onCreated={onStale} />}
        </div>
      </div>
    </article>
  );
}

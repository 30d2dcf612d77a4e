import { useRef } from 'react';
import type { Generation } from '../api/schemas.js';
import { downloadUrl, fileName, Picture, pictureName } from '../gallery/pictures.js';
import { Tile } from '../gallery/tile.js';
import { bytesWords, isErased, nameOf } from '../generations/words.js';
import { DownloadIcon } from '../ui/icons.js';

/** The pictures in full, each with its download; or where they will be. */
export function Prints({
  generation,
  now,
  onDeadLink,
}: {
  generation: Generation;
  now: number;
  onDeadLink: () => void;
}) {
  const renewed = useRef(0);
  const { artifacts } = generation;
  const dead = (): void => {
    if (renewed.current++ < 3) onDeadLink();
  };
  if (artifacts.length === 0 || isErased(generation)) {
    return (
      <div className="panel h-[min(28rem,70vh)] w-full overflow-hidden">
        <Tile generation={generation} now={now} onDeadLink={dead} large />
      </div>
    );
  }
  return (
    <ul className={`grid gap-4 ${artifacts.length > 1 ? 'sm:grid-cols-2' : ''}`}>
      {artifacts.map((artifact) => {
        const name = pictureName(nameOf(generation), artifact, artifacts.length);
        return (
          <li key={artifact.id} className="panel overflow-hidden">
            <a href={artifact.content_url} target="_blank" rel="noreferrer" title="Open the picture alone">
              <Picture artifact={artifact} name={name} onDeadLink={dead} />
            </a>
            <div className="flex flex-wrap items-center justify-between gap-3 p-4">
              <p className="text-muted text-sm tabular-nums">
                {artifact.width} × {artifact.height} · {artifact.media_type} · {bytesWords(artifact.bytes)}
              </p>
              <a
                href={downloadUrl(artifact)}
                download={fileName(artifact)}
                aria-label={`Download: ${name}`}
                className="button button-primary min-h-10"
              >
                <DownloadIcon /> Download
              </a>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

import type { Artifact, Generation } from '../api/schemas.js';
import { isFinal } from './words.js';

/** The pictures, or the place where they will be. */
export function Pictures({
  generation,
  prompt,
  onDeadLink,
}: {
  generation: Generation;
  prompt: string;
  onDeadLink: () => void;
}) {
  const { artifacts, requested } = generation;
  if (artifacts.length > 0) {
    const columns = artifacts.length > 1 ? 'grid-cols-2' : 'grid-cols-1';
    return (
      <ul className={`grid ${columns} gap-px bg-stone-200 dark:bg-stone-800`}>
        {artifacts.map((artifact) => (
          <Picture
            key={artifact.id}
            artifact={artifact}
            name={artifacts.length > 1 ? `${prompt} (${artifact.index + 1} of ${artifacts.length})` : prompt}
            onDeadLink={onDeadLink}
          />
        ))}
      </ul>
    );
  }
  if (isFinal(generation)) {
    return (
      <p className="grid h-24 place-items-center bg-stone-200 text-sm text-stone-700 dark:bg-stone-800 dark:text-stone-300">
        No picture
      </p>
    );
  }
  const [width, height] = requested.size.split('x').map(Number);
  return (
    <div
      className="max-h-96 bg-stone-300 dark:bg-stone-800"
      style={{ aspectRatio: `${width ?? 1} / ${height ?? 1}` }}
      aria-hidden="true"
    >
      <div className="developing h-full w-full bg-gradient-to-br from-stone-400 to-red-900 dark:from-stone-700 dark:to-red-950" />
    </div>
  );
}

function Picture({
  artifact,
  name,
  onDeadLink,
}: {
  artifact: Artifact;
  name: string;
  onDeadLink: () => void;
}) {
  return (
    <li className="relative">
      <a
        href={artifact.content_url}
        target="_blank"
        rel="noreferrer"
        className="block"
        title="Open the picture"
      >
        <img
          // Signed links live for a while only; a page may be open for longer.
          onError={onDeadLink}
          src={artifact.thumbnail_url ?? artifact.content_url}
          width={artifact.width}
          height={artifact.height}
          alt={name}
          loading="lazy"
          className="h-auto max-h-[32rem] w-full object-cover"
        />
      </a>
      <a
        href={artifact.content_url}
        download={`${artifact.id}.${artifact.media_type.split('/')[1] ?? 'png'}`}
        aria-label={`Download: ${name}`}
        className="absolute right-2 bottom-2 rounded-md bg-black/75 px-2 py-1 text-xs font-medium text-white hover:bg-black"
      >
        Download
      </a>
    </li>
  );
}

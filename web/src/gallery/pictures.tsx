import { useMemo } from 'react';
import { thumbHashToDataURL } from 'thumbhash';
import type { Artifact, Generation } from '../api/schemas.js';

/** "a red boat (2 of 4)". */
export const pictureName = (prompt: string, artifact: Artifact, of: number): string =>
  of > 1 ? `${prompt} (${artifact.index + 1} of ${of})` : prompt;

/** The name that a downloaded picture gets. */
export const fileName = (artifact: Artifact): string =>
  `${artifact.id}.${artifact.media_type.split('/')[1] ?? 'png'}`;

/** Said in the address too: a picture that another server keeps is saved by what that one answers, and not by the link's attribute. */
export const downloadUrl = ({ content_url }: Artifact): string =>
  `${content_url}${content_url.includes('?') ? '&' : '?'}download`;

/** The pictures of a card: one fills it, several share it. */
export function Pictures({
  generation,
  prompt,
  onDeadLink,
}: {
  generation: Generation;
  prompt: string;
  onDeadLink: () => void;
}) {
  const { artifacts } = generation;
  const shown = artifacts.slice(0, artifacts.length > 4 ? 3 : 4);
  return (
    <ul className={`grid size-full gap-0.5 ${artifacts.length > 1 ? 'grid-cols-2' : ''}`}>
      {shown.map((artifact, place) => (
        <li
          key={artifact.id}
          className={`relative overflow-hidden ${artifacts.length === 2 || (artifacts.length === 3 && place === 0) ? 'row-span-2' : ''}`}
        >
          <Picture
            artifact={artifact}
            name={pictureName(prompt, artifact, artifacts.length)}
            onDeadLink={onDeadLink}
            small
          />
        </li>
      ))}
      {shown.length < artifacts.length && (
        <li className="bg-sunken text-muted grid place-items-center text-lg font-medium">
          +{artifacts.length - shown.length}
        </li>
      )}
    </ul>
  );
}

/** One verified picture, over its placeholder until it is there. */
export function Picture({
  artifact,
  name,
  onDeadLink,
  small = false,
}: {
  artifact: Artifact;
  name: string;
  onDeadLink: () => void;
  small?: boolean;
}) {
  const placeholder = useMemo(() => placeholderOf(artifact.placeholder), [artifact.placeholder]);
  return (
    <img
      // Signed links live for a while only; a page may be open for longer.
      onError={onDeadLink}
      src={small ? (artifact.thumbnail_url ?? artifact.content_url) : artifact.content_url}
      width={artifact.width}
      height={artifact.height}
      alt={name}
      loading={small ? 'lazy' : 'eager'}
      style={placeholder ? { backgroundImage: `url(${placeholder})`, backgroundSize: 'cover' } : {}}
      className={small ? 'arriving size-full object-cover' : 'arriving h-auto w-full'}
    />
  );
}

function placeholderOf(placeholder: string | null): string | undefined {
  if (placeholder === null) return undefined;
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

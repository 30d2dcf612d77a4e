import { objectFolders } from '@darkroom/platform';

/** Which output of which generation. */
export interface OutputName {
  /** UUID. */
  readonly generation: string;
  readonly attempt: number;
  readonly index: number;
}

/** Keys name their content: a second run of the same step finds its object there, and other bytes get another key. */
export function artifactKeys(
  { generation, attempt, index }: OutputName,
  sha256: string,
  extension: string,
): { readonly image: string; readonly thumbnail: string } {
  const stem = `${objectFolders.artifacts(generation)}/${attempt}-${index}-${sha256}`;
  return { image: `${stem}.${extension}`, thumbnail: `${stem}.thumbnail.webp` };
}

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadFiles, type StaticFile } from './static-files.js';

/** The built gallery; empty where it was not built. */
export async function loadGallery(): Promise<ReadonlyMap<string, StaticFile>> {
  const folder = folderOf(() => import.meta.resolve('@darkroom/web/package.json'));
  return folder === undefined ? new Map() : loadFiles(join(folder, 'dist'));
}

/** What of the API reference's viewer is needed; its npm package holds more. */
export async function loadReferenceViewer(): Promise<ReadonlyMap<string, StaticFile>> {
  const folder = folderOf(() => import.meta.resolve('swagger-ui-dist/package.json'));
  if (folder === undefined) throw new Error('swagger-ui-dist is not installed');
  return loadFiles(folder, ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);
}

/** Takes the call and not the name, so that tools see which packages are needed. */
function folderOf(resolve: () => string): string | undefined {
  try {
    return dirname(fileURLToPath(resolve()));
  } catch {
    return undefined;
  }
}

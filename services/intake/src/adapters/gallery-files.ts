import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadFiles, type StaticFile, textFile } from './static-files.js';

/** The built gallery; empty where it was not built. With `demo`, its page knows that there is a vendor to break. */
export async function loadGallery({
  demo,
}: {
  readonly demo: boolean;
}): Promise<ReadonlyMap<string, StaticFile>> {
  const folder = folderOf(() => import.meta.resolve('@darkroom/web/package.json'));
  const files = folder === undefined ? new Map<string, StaticFile>() : await loadFiles(join(folder, 'dist'));
  const page = files.get('index.html');
  if (!demo || !page) return files;
  const marked = page.body.toString().replace('<html ', '<html data-demo ');
  return new Map(files).set('index.html', textFile(marked, page.contentType));
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

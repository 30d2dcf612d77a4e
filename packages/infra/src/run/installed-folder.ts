import { InfraError } from '../errors.js';
import { cacheFolder, folderOf } from '../install/cache.js';
import { isInstalled } from '../install/install.js';
import type { Part } from '../install/part.js';

/**
 * Where a part is.
 * @throws InfraError `not_installed`, which says how to get it
 */
export function installedFolder(part: Part, cache = cacheFolder()): string {
  if (isInstalled(part, cache)) return folderOf(part, cache);
  const instead = part.instead === undefined ? '' : `, or set ${part.instead} to one of your own`;
  throw new InfraError(
    'not_installed',
    `${part.name} is not there: run \`npm run infra -- ${part.name}\`${instead}`,
    { part: part.name },
  );
}

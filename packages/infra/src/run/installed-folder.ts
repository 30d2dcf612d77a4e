import { InfraError } from '../errors.js';
import { cacheFolder, folderOf } from '../install/cache.js';
import { isInstalled } from '../install/install.js';
import { insteadOf, type Part } from '../install/part.js';

/**
 * Where a part is.
 * @throws InfraError `not_installed`, which says how to get it
 */
export function installedFolder(part: Part, cache = cacheFolder()): string {
  if (isInstalled(part, cache)) return folderOf(part, cache);
  throw new InfraError(
    'not_installed',
    `${part.name} is not there: run \`npm run infra -- ${part.name}\`${insteadOf(part)}`,
    { part: part.name },
  );
}

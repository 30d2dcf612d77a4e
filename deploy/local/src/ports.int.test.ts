import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settlePorts } from './ports.js';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'darkroom-ports-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

async function occupy(port: number): Promise<Server> {
  const server = createServer().listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  return server;
}

describe('ports', () => {
  it('of 0 are free ones, kept over restarts', async () => {
    const first = await settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: 0, SIMULATOR_PORT: 0 });
    expect(first.INTAKE_PORT).not.toBe(first.SIMULATOR_PORT);
    expect(await settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: 0, SIMULATOR_PORT: 0 })).toEqual(first);
  });

  it('of 0 lie where no outgoing connection is given one, so that they are still free when the services have started', async () => {
    for (let n = 0; n < 20; n += 1) {
      rmSync(join(dataDir, 'ports.json'), { force: true });
      const ports = await settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: 0, SIMULATOR_PORT: 0 });
      for (const port of Object.values(ports)) expect(port).toBeLessThan(32_768);
    }
  });

  it('that two settings name are refused, and both are named', async () => {
    const same = { INTAKE_PORT: 18_080, CONTROL_PLANE_PORT: 18_080, SIMULATOR_PORT: 0 };
    await expect(settlePorts(dataDir, '127.0.0.1', same)).rejects.toThrow(
      'INTAKE_PORT and CONTROL_PLANE_PORT are both 18080',
    );
  });

  it('taken by another program are named with what to do', async () => {
    const { INTAKE_PORT: port } = await settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: 0 });
    const server = await occupy(port);
    await expect(settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: port })).rejects.toThrow(
      /^INTAKE_PORT \d+ is in use/,
    );
    expect((await settlePorts(dataDir, '127.0.0.1', { INTAKE_PORT: 0 })).INTAKE_PORT).not.toBe(port);
    server.close();
    await once(server, 'close');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, tryPort } from '@darkroom/embedded-postgres';
import { ConfigError } from '@darkroom/platform';
import { z } from 'zod';
import { writePrivateFile } from './write-private-file.js';

const portsSchema = z.record(z.string(), z.int().min(1).max(65_535));

/** A port that was asked for is taken by another program. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
  readonly code = 'port_in_use';
  constructor(setting: string, port: number) {
    super(
      `${setting} ${port} is in use by another program; set ${setting} to another port, or to 0 for a free one`,
    );
  }
}

function remembered(dataDir: string): Record<string, number> {
  try {
    return portsSchema.parse(JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8')));
  } catch {
    return {};
  }
}

/** @throws ConfigError two settings name the same port */
function refuseSamePort(wanted: Readonly<Record<string, number>>): void {
  const settingOf = new Map<number, string>();
  for (const [setting, port] of Object.entries(wanted)) {
    const other = settingOf.get(port);
    if (port !== 0 && other !== undefined)
      throw new ConfigError(`${other} and ${setting} are both ${port}: each needs a port of its own`);
    settingOf.set(port, setting);
  }
}

/**
 * Settles each setting's port: a given one must be free; 0 takes the one of the last start if it is still free, else a
 * free one, and remembers it in the data folder.
 * @throws PortInUse
 * @throws ConfigError two settings name the same port
 */
export async function settlePorts<Name extends string>(
  dataDir: string,
  host: string,
  wanted: Record<Name, number>,
): Promise<Record<Name, number>> {
  refuseSamePort(wanted);
  const before = remembered(dataDir);
  const settled = { ...wanted };
  for (const [setting, port] of Object.entries(wanted) as [Name, number][]) {
    const taken = Object.values<number>(settled);
    const last = before[setting];
    const free =
      port === 0
        ? ((last !== undefined && !taken.includes(last) ? await tryPort(last, host) : undefined) ??
          (await freePort(host, taken)))
        : await tryPort(port, host);
    if (free === undefined) throw new PortInUse(setting, port);
    settled[setting] = free;
  }
  writePrivateFile(join(dataDir, 'ports.json'), `${JSON.stringify({ ...before, ...settled }, null, 2)}\n`);
  return settled;
}

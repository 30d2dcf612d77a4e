import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what a kernel gives to outgoing connections (Linux: from 32,768, others: from 49,152). From there a port that is free now may be
 * taken when the server that is to have it has started, and who goes on calling a server that is away may end up connected to itself.
 */
const lowest = 20_000;
const below = 32_768;
const tries = 50;

/**
 * What this process was given: a server takes seconds to listen, in which the next one asks. Processes side by side begin in different parts of
 * the range, as none knows what another was given.
 */
const given = new Set<number>();
const parts = 16;
const partSize = (below - lowest) / parts;

function draw(n: number): number {
  if (n >= tries / 2) return randomInt(lowest, below);
  const start = lowest + (process.pid % parts) * partSize;
  return randomInt(start, start + partSize);
}

/**
 * Whether that port of the address, by default loopback, can be listened on. Answers with the port; undefined: it is taken, or not for us.
 * @throws Error where the address is none of this machine's
 */
export function tryPort(port: number, host = '127.0.0.1'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(port)));
  });
}

/**
 * A port on which nobody listens now, for a server that takes its time to start; each time another one.
 * @param except what others have that have not started
 * @throws Error where none of many was free, or the address is none of this machine's
 */
export async function freePort(host = '127.0.0.1', except: readonly number[] = []): Promise<number> {
  // By then the first ones are in use, or never will be.
  if (given.size > (below - lowest) / 2) given.clear();
  for (let n = 0; n < tries; n += 1) {
    const drawn = draw(n);
    if (given.has(drawn) || except.includes(drawn)) continue;
    given.add(drawn);
    const port = await tryPort(drawn, host);
    if (port !== undefined) return port;
  }
  throw new Error(`no free port of ${host} among ${tries} from ${lowest} to ${below}`);
}

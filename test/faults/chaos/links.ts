import { freePort } from '@darkroom/embedded-postgres';
import { startToxiproxy } from '@darkroom/infra';
import { z } from 'zod';
import type { LinkFault } from './fault-plan.js';

const created = z.object({ listen: z.string() });

/** A link between the services and something that they stand on, which can be broken and mended. */
export interface Link {
  readonly name: string;
  /** host:port that is told to the services. */
  readonly address: string;
  break(how: LinkFault): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

const toxics: Readonly<Record<Exclude<LinkFault, 'down'>, object>> = {
  slow: { type: 'latency', attributes: { latency: 400, jitter: 300 } },
  // Every connection is reset after so many milliseconds, also those that come meanwhile.
  cut: { type: 'reset_peer', attributes: { timeout: 100 } },
  // Longer than the fault: what is sent arrives once it is over. (A timeout of 0 would drop it, which TCP does not do.)
  mute: { type: 'latency', attributes: { latency: 4_000, jitter: 0 } },
};

/** So long a change may take: one that a connection is closed under may never be answered. */
const changeWithinMs = 5_000;

/** At a port that the kernel gives to nobody who calls: it must be had again after the link was started anew. */
async function openAnywhere(open: (at: string) => Promise<string>): Promise<string> {
  for (let tries = 1; ; tries += 1)
    try {
      return await open(`127.0.0.1:${await freePort()}`);
    } catch (error) {
      // Another test was faster.
      if (tries === 5) throw error;
    }
}

/**
 * A link through a toxiproxy of its own: a change of it can hang for ever (a toxic that is taken away while its connections close), and
 * with it all of that toxiproxy. It is then killed and started again, which cuts the link once more, and no other.
 */
export async function startLink(name: string, upstream: string): Promise<Link> {
  let toxiproxy = await startToxiproxy();
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${toxiproxy.url}${path}`, {
      method,
      signal: AbortSignal.timeout(changeWithinMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`toxiproxy: ${method} ${path} answered ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const open = async (at: string): Promise<string> =>
    created.parse(await call('POST', '/proxies', { name, listen: at, upstream, enabled: true })).listen;
  const address = await openAnywhere(open);
  let broken: LinkFault | undefined;
  // One fault may begin while the one before is being mended.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => (last = last.then(work));
  const restore = async (): Promise<void> => {
    if (broken === 'down') await call('POST', `/proxies/${name}`, { enabled: true });
    else if (broken !== undefined)
      for (const stream of ['upstream', 'downstream'])
        await call('DELETE', `/proxies/${name}/toxics/${broken}-${stream}`);
  };
  const startAgain = async (): Promise<void> => {
    await toxiproxy.kill();
    toxiproxy = await startToxiproxy();
    await open(address);
  };
  const mend = async (): Promise<void> => {
    await restore().catch(startAgain);
    broken = undefined;
  };
  const breakIt = async (how: LinkFault): Promise<void> => {
    if (how === 'down') await call('POST', `/proxies/${name}`, { enabled: false });
    else
      for (const stream of ['upstream', 'downstream'])
        await call('POST', `/proxies/${name}/toxics`, { name: `${how}-${stream}`, stream, ...toxics[how] });
  };
  return {
    name,
    address,
    mend: () => inTurn(mend),
    break: (how) =>
      inTurn(async () => {
        await mend();
        broken = how;
        await breakIt(how).catch(async () => {
          await startAgain();
          await breakIt(how);
        });
      }),
    stop: () => toxiproxy.stop(),
  };
}

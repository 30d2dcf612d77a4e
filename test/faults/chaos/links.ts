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
}

const toxics: Readonly<Record<Exclude<LinkFault, 'down'>, object>> = {
  slow: { type: 'latency', attributes: { latency: 400, jitter: 300 } },
  // Every connection is reset after so many milliseconds, also those that come meanwhile.
  cut: { type: 'reset_peer', attributes: { timeout: 100 } },
  // Longer than the fault: what is sent arrives once it is over. (A timeout of 0 would drop it, which TCP does not do.)
  mute: { type: 'latency', attributes: { latency: 4_000, jitter: 0 } },
};

/** Links through a toxiproxy at this URL. */
export function links(toxiproxy: string) {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${toxiproxy}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`toxiproxy: ${method} ${path} answered ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    /** @param listen host:port; a port of 0 takes a free one */
    async add(name: string, upstream: string, listen = '127.0.0.1:0'): Promise<Link> {
      const proxy = created.parse(await call('POST', '/proxies', { name, listen, upstream, enabled: true }));
      let broken: LinkFault | undefined;
      // One fault may begin while the one before is being mended.
      let last: Promise<void> = Promise.resolve();
      const inTurn = (work: () => Promise<void>): Promise<void> => (last = last.then(work));
      const mend = async (): Promise<void> => {
        if (broken === 'down') await call('POST', `/proxies/${name}`, { enabled: true });
        else if (broken !== undefined)
          for (const stream of ['upstream', 'downstream'])
            await call('DELETE', `/proxies/${name}/toxics/${broken}-${stream}`);
        broken = undefined;
      };
      return {
        name,
        address: proxy.listen,
        mend: () => inTurn(mend),
        break: (how) =>
          inTurn(async () => {
            await mend();
            if (how === 'down') await call('POST', `/proxies/${name}`, { enabled: false });
            else
              for (const stream of ['upstream', 'downstream'])
                await call('POST', `/proxies/${name}/toxics`, {
                  name: `${how}-${stream}`,
                  stream,
                  ...toxics[how],
                });
            broken = how;
          }),
      };
    },
  };
}

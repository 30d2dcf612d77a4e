import { setMaxListeners } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { type FaultsInput, faultsSchema } from './faults.js';
import { OutputLinks } from './job-json.js';
import { Pictures } from './pictures.js';
import { RateLimiter } from './rate-limiter.js';
import { keptSecrets } from './secrets.js';
import { buildServer } from './server.js';
import { VendorBook } from './vendor-book.js';
import { showJob, type Vendor } from './vendor-routes.js';
import { WebhookSender } from './webhooks.js';

/** Where a simulator listens and keeps its state. */
export interface SimulatorOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  dataDir: string;
  /** Standard Webhooks secret (`whsec_…`); absent: a random one, kept in dataDir. */
  webhookSecret?: string;
  /** Base URL of the links to its outputs; absent: the one that it listens on. */
  linkBase?: string;
}

export interface RunningSimulator {
  url: string;
  port: number;
  /** Whether exactly this goes wrong. */
  hasFaults(faults: FaultsInput): boolean;
  /** The whole set at once, kept over restarts; as PUT /admin/faults does. */
  setFaults(faults: FaultsInput): void;
  stop(): Promise<void>;
}

/** Starts the simulated vendor. One process a data folder. */
export async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const secrets = keptSecrets(options.dataDir);
  const book = new VendorBook(options.dataDir);
  const stopping = new AbortController();
  // Every submit that is held waits on it: eleven at once are no leak.
  setMaxListeners(0, stopping.signal);
  let url = '';
  const webhooks: WebhookSender = new WebhookSender(book, options.webhookSecret ?? secrets.webhooks, (job) =>
    showJob(vendor, job),
  );
  const vendor: Vendor = {
    book,
    pictures: new Pictures(),
    links: new OutputLinks(secrets.links, () => options.linkBase ?? url),
    limiter: new RateLimiter(() => book.faults.limit.per_second),
    webhooks,
    stopping: stopping.signal,
  };
  const app = buildServer(vendor);
  try {
    url = await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    book.close();
    throw error;
  }
  webhooks.resume(Date.now());
  return {
    url,
    port: Number(new URL(url).port),
    hasFaults: (faults) => isDeepStrictEqual(book.faults, faultsSchema.parse(faults)),
    setFaults: (faults) => book.setFaults(faultsSchema.parse(faults)),
    async stop() {
      stopping.abort();
      await webhooks.stop();
      await app.close();
      book.close();
    },
  };
}

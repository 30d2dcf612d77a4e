import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '@darkroom/simulator';
import { falProtocol, replicateProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { z } from 'zod';
import type { Load } from './load.js';

export type VendorName = 'simulator' | 'replicate' | 'fal';

/** What a vendor says that it was asked for and charged. */
export interface BillLine {
  readonly prompt: string;
  readonly charged: boolean;
  /** As it stands in the vendor's own book. */
  readonly said: unknown;
}

/** A vendor in this process, which outlives every worker, and loses answers as told. */
export interface Vendor {
  readonly name: VendorName;
  readonly url: string;
  bill(): Promise<BillLine[]>;
  stop(): Promise<void>;
}

export function startVendor(name: VendorName, load: Load): Promise<Vendor> {
  switch (name) {
    case 'simulator':
      return simulator(load);
    case 'replicate': {
      const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`;
      return double(name, startDouble(replicateProtocol({ webhookSecret })), load);
    }
    case 'fal':
      return double(name, startDouble(falProtocol()), load);
  }
}

const ledgerLine = z.looseObject({ prompt: z.string(), charged_micros: z.number() });

async function simulator({ dropped, seed }: Load): Promise<Vendor> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-simulator-'));
  const running = await startSimulator({ host: '127.0.0.1', port: 0, dataDir });
  running.setFaults({ submit: { drop_reply: dropped }, seed });
  return {
    name: 'simulator',
    url: running.url,
    async bill() {
      const answer = await fetch(`${running.url}/admin/ledger`);
      const lines = (await answer.text()).split('\n').filter((line) => line !== '');
      return lines.map((text) => {
        const line = ledgerLine.parse(JSON.parse(text));
        return { prompt: line.prompt, charged: line.charged_micros > 0, said: line };
      });
    },
    async stop() {
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function double(
  name: VendorName,
  starting: Promise<VendorDouble>,
  { dropped, seed }: Load,
): Promise<Vendor> {
  const running = await starting;
  running.control({
    submit: { mishap: 'accept-then-drop', chance: dropped, seed },
    job: { seconds: 1 },
    // Nobody gets webhooks here: all contestants poll.
    webhook: { send: false },
  });
  return {
    name,
    url: running.url,
    bill: async () =>
      running.book.bill.map(({ id, acceptedAt, order: { prompt } }) => ({
        prompt,
        charged: true,
        said: { id, accepted_at: new Date(acceptedAt).toISOString(), prompt },
      })),
    stop: () => running.stop(),
  };
}

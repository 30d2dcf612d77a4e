import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VendorDouble } from '@darkroom/vendor-doubles';
import sharp, { type Metadata } from 'sharp';
import { getBytes, getGeneration, isSettled, type Resource, tryCreate } from '../../faults/client.js';
import { DarkroomProcess } from '../../faults/darkroom-process.js';
import { until } from '../../faults/until.js';

/** What every vendor's account has in these tests; it must be seen nowhere but in the vendor's own header. */
export const credential = 'key:canary-of-the-vendor';

/** A vendor that runs here, and what it took and will bill. */
export interface VendorHere {
  readonly url: string;
  readonly book: { readonly bill: readonly unknown[] };
  stop(): Promise<void>;
}

/** A Darkroom whose only account is at a vendor that runs here. */
export class VendorWorld<V extends VendorHere = VendorDouble> {
  private constructor(
    readonly vendor: V,
    private readonly model: string,
    readonly darkroom: DarkroomProcess,
    private readonly folder: string,
  ) {}

  /**
   * @param model `<vendor>/<model>`: what is asked for
   * @param env variables that the account names
   * @param account what the account has beside id, vendor and credential; every address is the vendor's
   */
  static async start<V extends VendorHere>(
    vendor: V,
    model: string,
    account: object,
    env: Record<string, string> = {},
  ): Promise<VendorWorld<V>> {
    const folder = mkdtempSync(join(tmpdir(), 'darkroom-vendors-'));
    const file = join(folder, 'providers.json');
    const entry = {
      id: 'main',
      vendor: model.slice(0, model.indexOf('/')),
      credential: { env: 'VENDOR_KEY' },
      allowed_private_hosts: [vendor.url],
      ...account,
    };
    writeFileSync(file, JSON.stringify({ accounts: [entry] }));
    const darkroom = new DarkroomProcess({ PROVIDERS_FILE: file, VENDOR_KEY: credential, ...env });
    await darkroom.start();
    return new VendorWorld(vendor, model, darkroom, folder);
  }

  get target() {
    if (this.darkroom.ready === undefined) throw new Error('not started');
    return this.darkroom.ready;
  }

  get printed(): string {
    return this.darkroom.printed;
  }

  /** What the vendor bills for what was asked while this ran. */
  async billed(act: () => Promise<unknown>): Promise<number> {
    const before = this.vendor.book.bill.length;
    await act();
    return this.vendor.book.bill.length - before;
  }

  async create(body: object = {}): Promise<string> {
    const id = await tryCreate(this.target, randomUUID(), {
      prompt: 'a lighthouse',
      model: this.model,
      ...body,
    });
    if (id === undefined) throw new Error('not taken');
    return id;
  }

  /** Status and text of a POST that may be refused. */
  async ask(body: object): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.target.intake}/v1/generations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.target.demo_key}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ prompt: 'a lighthouse', model: this.model, ...body }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  ended(id: string, seconds = 30): Promise<Resource> {
    return until('the end', seconds, async () => {
      const resource = await getGeneration(this.target, id);
      return isSettled(resource) ? resource : undefined;
    });
  }

  /** Of a picture as it is served: its format and its size. */
  async picture(contentUrl: string | undefined): Promise<Metadata> {
    return sharp(await getBytes(this.target, contentUrl ?? '')).metadata();
  }

  /** Waits until it is shown as one whose outcome nobody knows. */
  async isUnknown(id: string): Promise<void> {
    await until('the question', 20, async () => {
      const { status_reason } = await getGeneration(this.target, id);
      return status_reason?.code === 'confirming_with_provider' ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    await this.darkroom.dispose();
    rmSync(this.folder, { recursive: true });
    await this.vendor.stop();
  }
}

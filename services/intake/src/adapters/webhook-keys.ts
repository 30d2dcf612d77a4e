import type { Egress, Logger } from '@darkroom/platform';
import { adapterFor } from '@darkroom/providers';

/** Where a vendor publishes the keys that its webhooks are signed with. */
export interface PublishedKeys {
  readonly account: string;
  readonly url: string;
}

/** Looked for anew from then on, and believed so long at most. */
const youngMs = 12 * 3_600_000;
const keptMs = 24 * 3_600_000;
/** Whoever forges, or a vendor that does not answer, cannot make us ask more often. */
const leastMsBetween = 60_000;
const timeoutMs = 5_000;
const maxBytes = 256 * 1024;

interface Fetched {
  readonly keys: readonly string[];
  readonly at: number;
}

/** What vendors' webhooks are verified with: secrets that were configured, and keys that are published, kept for a day. */
export class WebhookKeys {
  private readonly fetched = new Map<string, Fetched>();
  private readonly triedAt = new Map<string, number>();
  private readonly fetching = new Map<string, Promise<void>>();

  constructor(
    private readonly configured: Readonly<Record<string, readonly string[]>>,
    private readonly published: Readonly<Record<string, PublishedKeys>>,
    private readonly egress: Pick<Egress, 'send'>,
    private readonly logger: Logger,
    private readonly now: () => number = Date.now,
  ) {}

  async of(vendor: string): Promise<readonly string[]> {
    if (this.ageOf(vendor) >= youngMs) await this.look(vendor);
    return [...(this.configured[vendor] ?? []), ...this.known(vendor)];
  }

  /** Where none of the known ones signed, the vendor may have a new one. */
  async again(vendor: string): Promise<readonly string[]> {
    await this.look(vendor);
    return this.known(vendor);
  }

  private ageOf(vendor: string): number {
    return this.now() - (this.fetched.get(vendor)?.at ?? Number.NEGATIVE_INFINITY);
  }

  private known(vendor: string): readonly string[] {
    return this.ageOf(vendor) < keptMs ? (this.fetched.get(vendor)?.keys ?? []) : [];
  }

  private async look(vendor: string): Promise<void> {
    const under = this.fetching.get(vendor);
    if (under !== undefined) return under;
    const sinceLast = this.now() - (this.triedAt.get(vendor) ?? Number.NEGATIVE_INFINITY);
    if (sinceLast < leastMsBetween) return;
    this.triedAt.set(vendor, this.now());
    const work = this.fetchOnce(vendor).finally(() => this.fetching.delete(vendor));
    this.fetching.set(vendor, work);
    return work;
  }

  private async fetchOnce(vendor: string): Promise<void> {
    const where = this.published[vendor];
    const read = adapterFor(vendor)?.webhookKeys?.read;
    if (where === undefined || read === undefined) return;
    const { account, url } = where;
    const outcome = await this.egress.send({
      purpose: 'keys',
      account,
      url,
      method: 'GET',
      timeoutMs,
      maxBytes,
    });
    const keys = outcome.kind === 'answer' && outcome.status === 200 ? read(outcome.body) : [];
    if (keys.length > 0) {
      this.fetched.set(vendor, { keys, at: this.now() });
      return;
    }
    const why = outcome.kind === 'answer' ? `status ${outcome.status}` : outcome.reason;
    this.logger.warn({ vendor, why }, "the keys of a vendor's webhooks could not be read");
  }
}

import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { isEnded, type Job } from './job.js';
import type { VendorBook } from './vendor-book.js';

/** Waits before the second and later tries of one delivery. */
const retryDelays = [500, 2_000, 8_000];

/** Longest that one delivery may take. */
const deliveryTimeout = 5_000;

/** A webhook that is older than this at a restart is not sent any more. */
const tooOld = 3_600_000;

/** Sends a job's webhooks when it ends, Standard Webhooks 1.0. */
export class WebhookSender {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly book: VendorBook,
    private readonly secret: string,
    private readonly body: (job: Job) => Promise<Record<string, unknown>>,
  ) {
    // As many as there are webhooks under way wait for it.
    setMaxListeners(0, this.stopping.signal);
  }

  /** Goes on with what a stopped process left. */
  resume(now: number): void {
    for (const job of this.book.webhooksDue()) {
      if (now - job.ends_at < tooOld) this.schedule(job);
    }
  }

  /** Sees to it that the job's webhook goes out when the job ends. */
  schedule(job: Job): void {
    if (!job.webhook) return;
    const work = this.whenEnded(job).catch(() => undefined);
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  /** The webhook that overtakes the answer to its own submit; one try. */
  async sendEarly(job: Job): Promise<void> {
    if (job.webhook)
      await this.deliver(job.webhook.url, `msg_${job.id}_early`, await this.body(job), this.secret);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private async whenEnded(job: Job): Promise<void> {
    const plan = job.webhook;
    if (!plan) return;
    const { signal } = this.stopping;
    while (!isEnded(this.book.view(job, Date.now()).status)) {
      await delay(Math.min(1_000, Math.max(20, job.ends_at - Date.now())), undefined, { signal });
    }
    await delay(plan.delay_ms, undefined, { signal });
    const body = await this.body(job);
    const id = `msg_${job.id}`;
    if (plan.forge) {
      const forged = { ...body, status: 'failed', error: { code: 'forged', message: 'Not from the vendor' } };
      await this.deliver(
        plan.url,
        `msg_forged_${job.id}`,
        forged,
        `whsec_${randomBytes(32).toString('base64')}`,
      );
    }
    if (!plan.lose) {
      await this.deliverWithRetries(plan.url, id, body);
      if (plan.duplicate) await this.deliver(plan.url, id, body, this.secret);
    }
    this.book.recordWebhookDone(job);
  }

  private async deliverWithRetries(url: string, id: string, body: Record<string, unknown>): Promise<void> {
    for (const wait of [0, ...retryDelays]) {
      await delay(wait, undefined, { signal: this.stopping.signal });
      if (await this.deliver(url, id, body, this.secret)) return;
    }
  }

  private async deliver(
    url: string,
    id: string,
    body: Record<string, unknown>,
    secret: string,
  ): Promise<boolean> {
    const payload = JSON.stringify(body);
    const at = new Date();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, payload),
        },
        body: payload,
        signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(deliveryTimeout)]),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}

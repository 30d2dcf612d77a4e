import { randomUUID } from 'node:crypto';
import type { ReadyFile } from '@darkroom/local';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { setFaults, tryCreate } from '../../faults/client.js';
import { DarkroomProcess } from '../../faults/darkroom-process.js';
import { until } from '../../faults/until.js';

/** Jobs so short that nobody waits for them. */
export const quick = { job: { seconds: [0.1, 0.3] } };

/** A whole Darkroom, and a real browser that looks at its gallery. */
export class GalleryPage {
  readonly darkroom = new DarkroomProcess();
  /** What must not happen on any page: script errors, refused content, requests to other hosts. */
  trouble: string[] = [];
  /** Where the page is looked at: at Darkroom itself, or at something in between. */
  origin = '';
  private ready: ReadyFile | undefined;
  private browser: Browser | undefined;
  private context: BrowserContext | undefined;
  private opened: Page | undefined;

  async start(): Promise<void> {
    this.ready = await this.darkroom.start();
    this.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  }

  /** A fresh visitor, and a vendor at which nothing goes wrong. */
  async visit(options: BrowserContextOptions = {}): Promise<void> {
    await this.context?.close();
    await this.faults(quick);
    this.trouble = [];
    this.origin = this.target.intake;
    this.context = await this.browser?.newContext({
      viewport: { width: 1280, height: 900 },
      colorScheme: 'light',
      ...options,
    });
    this.opened = await this.context?.newPage();
    this.page.setDefaultTimeout(15_000);
    this.page.on('pageerror', (error) => this.trouble.push(`error: ${error.message}`));
    this.page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.trouble.push(message.text());
    });
    this.page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== this.origin)
        this.trouble.push(`foreign request: ${request.url()}`);
    });
  }

  /** Ends the visit. @returns what must not have happened */
  async leave(): Promise<readonly string[]> {
    await this.context?.close();
    this.context = undefined;
    return this.trouble;
  }

  async dispose(): Promise<void> {
    await this.browser?.close();
    await this.darkroom.dispose();
  }

  get target(): ReadyFile {
    if (!this.ready) throw new Error('not started');
    return this.ready;
  }

  get page(): Page {
    if (!this.opened) throw new Error('nobody visits');
    return this.opened;
  }

  async faults(faults: Record<string, unknown>): Promise<void> {
    await setFaults(this.target, faults);
  }

  async open(path = '/'): Promise<void> {
    await this.page.goto(new URL(path, this.origin).href);
    await this.page.getByText('Live', { exact: true }).waitFor();
  }

  /** The card of a prompt. */
  card(prompt: string): Locator {
    return this.page.locator(`article[aria-label=${JSON.stringify(prompt)}]`);
  }

  /** The card once it has this status. */
  async ended(prompt: string, status: string, timeout = 15_000): Promise<Locator> {
    const shown = this.page.locator(`article[aria-label=${JSON.stringify(prompt)}][data-status="${status}"]`);
    await shown.waitFor({ timeout });
    return shown;
  }

  async ask(prompt: string, model = 'sim/standard'): Promise<void> {
    await this.page.getByLabel('What should be in the picture?').fill(prompt);
    await this.page.getByLabel('Model').selectOption(model);
    await this.page.getByRole('button', { name: 'Generate' }).click();
  }

  /** As another client of the same tenant. @returns the generation's id */
  async askElsewhere(prompt: string, more: Record<string, unknown> = {}): Promise<string> {
    const id = await tryCreate(this.target, randomUUID(), { prompt, size: '512x512', ...more });
    if (id === undefined) throw new Error('not accepted');
    return id;
  }

  /** Waits on an expression of the page. By asking again from outside: the page's policy lets nothing be evaluated within it. */
  async holds(expression: string): Promise<void> {
    await until(expression, 15, async () =>
      (await this.page.evaluate(expression)) === true ? true : undefined,
    );
  }

  /** How many a filter says there are, once it says so. */
  async counts(filter: string, n: number): Promise<void> {
    await this.page.locator(`[data-count="${filter}"]`).getByText(String(n), { exact: true }).waitFor();
  }
}

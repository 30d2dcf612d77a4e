import { createHash, randomUUID } from 'node:crypto';
import { AxeBuilder } from '@axe-core/playwright';
import type { ReadyFile } from '@darkroom/local';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { getBytes, getGeneration, readLedger, setFaults, tryCreate } from '../faults/client.js';
import { DarkroomProcess } from '../faults/darkroom-process.js';

/** Jobs so short that nobody waits for them. */
const quick = { job: { seconds: [0.1, 0.3] } };

const darkroom = new DarkroomProcess();
let target: ReadyFile & { simulator: string };
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What must not happen on any page: script errors, refused content, requests to other hosts. */
let trouble: string[];

beforeAll(async () => {
  const ready = await darkroom.start();
  if (!ready.simulator) throw new Error('no simulator');
  target = { ...ready, simulator: ready.simulator };
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});

afterAll(async () => {
  await browser?.close();
  await darkroom.dispose();
});

beforeEach(async () => {
  await setFaults(target, quick);
  trouble = [];
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) trouble.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== target.intake) {
      trouble.push(`foreign request: ${request.url()}`);
    }
  });
});

afterEach(async () => {
  await context.close();
  expect(trouble).toEqual([]);
});

/** The card of a prompt. */
function card(prompt: string): Locator {
  return page.locator(`article[aria-label=${JSON.stringify(prompt)}]`);
}

async function ended(prompt: string, status: string, timeout = 15_000): Promise<Locator> {
  const shown = page.locator(`article[aria-label=${JSON.stringify(prompt)}][data-status="${status}"]`);
  await shown.waitFor({ timeout });
  return shown;
}

async function open(): Promise<void> {
  await page.goto(target.intake);
  await page.getByText('Live', { exact: true }).waitFor();
}

async function ask(prompt: string, model = 'sim/standard'): Promise<void> {
  await page.getByLabel('What should be in the picture?').fill(prompt);
  await page.getByLabel('Model').selectOption(model);
  await page.getByRole('button', { name: 'Generate' }).click();
}

async function createElsewhere(prompt: string, model = 'sim/standard'): Promise<string> {
  const id = await tryCreate(target, randomUUID(), { prompt, model, size: '512x512' });
  if (id === undefined) throw new Error('not accepted');
  return id;
}

describe('the gallery', () => {
  it('takes a wish by keyboard alone and shows the verified picture', async () => {
    await open();
    await page.getByLabel('What should be in the picture?').focus();
    await page.keyboard.type('a red bicycle in the rain');
    for (const control of ['Model', 'Size', 'Pictures']) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement?.labels?.[0]?.textContent')).toBe(control);
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const done = await ended('a red bicycle in the rain', 'succeeded');
    const picture = done.getByRole('img', { name: 'a red bicycle in the rain' });
    await page.waitForFunction('document.querySelector("article img")?.naturalWidth > 0');
    expect(await picture.getAttribute('width')).toBe('1024');

    const id = (await done.getAttribute('data-id')) ?? '';
    const [artifact] = (await getGeneration(target, id)).artifacts;
    const download = page.waitForEvent('download');
    await done.getByRole('link', { name: /Download/ }).click();
    const stream = await (await download).createReadStream();
    const hash = createHash('sha256');
    for await (const chunk of stream) hash.update(chunk);
    expect(hash.digest('hex')).toBe(artifact?.sha256);
    const bytes = await getBytes(target, artifact?.content_url ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact?.sha256);
  });

  it('shows what is asked for elsewhere, live', async () => {
    await open();
    await createElsewhere('from another client');
    await (await ended('from another client', 'succeeded')).getByRole('img').waitFor();
  });

  it('tells what a wish waits for and since when, and cancels it', async () => {
    await setFaults(target, { submit: { status: { 503: 1 }, retry_after: '4' } });
    await open();
    await ask('in a busy hour');
    const waiting = card('in a busy hour');
    await waiting.getByText(/at capacity|last try|having trouble/).waitFor();
    await waiting.getByText(/Waiting for \d+ s/).waitFor();
    await waiting.getByRole('button', { name: /Cancel/ }).click();
    const canceled = await ended('in a busy hour', 'canceled');
    await canceled.getByText('It cost nothing.').waitFor();
    expect(
      (await readLedger(target)).filter((line) => line.prompt === 'in a busy hour' && line.accepted),
    ).toEqual([]);
  });

  it('shows a failure with its code, and that it cost money', async () => {
    await setFaults(target, { ...quick, job: { seconds: [0.1, 0.1], moderate: 1 } });
    await open();
    await ask('something refused');
    const failed = await ended('something refused', 'failed');
    await failed.getByText('content_rejected').waitFor();
    await failed.getByText('It cost money.').waitFor();
  });

  it('says honestly that nobody knows, and asks for a person in the end', async () => {
    await setFaults(target, { ...quick, submit: { drop_reply: 1 } });
    await open();
    await ask('a lost reply', 'sim/blind');
    await card('a lost reply')
      .getByText(/answer was lost/)
      .waitFor();
    await card('a lost reply')
      .getByText(/A person has to decide/)
      .waitFor({ timeout: 45_000 });
    const lines = (await readLedger(target)).filter((line) => line.prompt === 'a lost reply');
    expect(lines).toHaveLength(1);
  });

  it('asks once, although the answer to the click was lost', async () => {
    await open();
    let lost = 0;
    const keys = new Set<string | undefined>();
    await page.route('**/v1/generations', async (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      if (lost++ > 0) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await ask('clicked once');
    await ended('clicked once', 'succeeded');
    expect(lost).toBe(2);
    expect(keys.size).toBe(1);
    expect(await card('clicked once').count()).toBe(1);
    expect((await readLedger(target)).filter((line) => line.prompt === 'clicked once')).toHaveLength(1);
  });

  it('goes on without the live feed', async () => {
    await page.route('**/v1/events', (route) => route.abort());
    await page.goto(target.intake);
    await page.getByText(/Connection lost/).waitFor();
    await createElsewhere('without the feed');
    await ended('without the feed', 'succeeded');
  });

  it('asks for a key where the session is over', async () => {
    await open();
    await createElsewhere('behind a key');
    await ended('behind a key', 'succeeded');
    await context.clearCookies();
    await page.route('**/v1/events', (route) => route.abort());
    await page.route(target.intake, (route) => route.abort());
    await page.evaluate('window.dispatchEvent(new Event("visibilitychange"))');
    await page.getByLabel('Your API key').waitFor({ timeout: 40_000 });
    await page.getByLabel('Your API key').fill('dk_test_wrong');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('This key was not accepted.').waitFor();
    await page.getByLabel('Your API key').fill(target.demo_key);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByLabel('What should be in the picture?').waitFor();
    await card('behind a key').waitFor();
  });

  it('shows a hostile prompt as text', async () => {
    const prompt = '<img src=x onerror=alert(1)><script>alert(2)</script> \u202egnirts';
    await open();
    await ask(prompt);
    const shown = page.locator('article[data-status="succeeded"]', { hasText: '<script>alert(2)</script>' });
    await shown.waitFor();
    expect(await page.locator('article script, article img[src="x"]').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'is readable for everybody, %s, also at 320 pixels',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await open();
      await page.locator('article').first().waitFor();
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      }
    },
  );
});

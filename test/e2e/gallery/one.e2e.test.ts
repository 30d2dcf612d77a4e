import { createHash } from 'node:crypto';
import type { Download } from 'playwright-core';
import { getGeneration, readLedger } from '../../faults/client.js';
import { GalleryPage } from './gallery-page.js';

const gallery = new GalleryPage();

beforeAll(() => gallery.start());
afterAll(() => gallery.dispose());
beforeEach(() => gallery.visit());
afterEach(async () => expect(await gallery.leave()).toEqual([]));

const heading = (name: string) => gallery.page.getByRole('heading', { level: 1, name });
const status = (word: string) => gallery.page.locator(`main article[data-status="${word}"]`);

async function hashOf(download: Download): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await download.createReadStream()) hash.update(chunk);
  return hash.digest('hex');
}

/** Asks elsewhere for something that the vendor refuses to draw. */
async function failed(prompt: string, more: Record<string, unknown> = {}): Promise<string> {
  await gallery.faults({ job: { seconds: [0.1, 0.1], moderate: 1 } });
  const id = await gallery.askElsewhere(prompt, more);
  await gallery.open(`/generations/${id}`);
  await status('failed').waitFor();
  await gallery.faults({ job: { seconds: [0.1, 0.1] } });
  return id;
}

describe('the page of one generation', () => {
  it('has an address that can be opened and loaded again, and hands over the very bytes', async () => {
    const id = await gallery.askElsewhere('a lighthouse at dusk');
    await gallery.open(`/generations/${id}`);
    await status('succeeded').waitFor();
    await gallery.page.reload();
    await heading('a lighthouse at dusk').waitFor();
    expect(await gallery.page.title()).toBe('a lighthouse at dusk · Darkroom');

    const [artifact] = (await getGeneration(gallery.target, id)).artifacts;
    await gallery.page.getByText(artifact?.sha256 ?? '').waitFor();
    await gallery.holds('document.querySelector("article img")?.naturalWidth === 512');
    const download = gallery.page.waitForEvent('download');
    await gallery.page.getByRole('link', { name: 'Download: a lighthouse at dusk' }).click();
    expect(await hashOf(await download)).toBe(artifact?.sha256);
    expect((await download).suggestedFilename()).toMatch(/^art_\w+\.png$/);
  });

  it('tells what happens while it happens', async () => {
    await gallery.faults({ job: { seconds: [2, 2] } });
    const id = await gallery.askElsewhere('followed from the start');
    await gallery.open(`/generations/${id}`);
    const steps = gallery.page.getByRole('list', { name: 'Status' });
    await steps.locator('[aria-current="step"]', { hasText: 'Processing' }).waitFor();
    await status('succeeded').waitFor();
    for (const text of [
      'Asked for, and stored.',
      /^The provider took the job/,
      /^Picture 1 verified and stored: 512 × 512, \d+ kB\.$/,
    ])
      await gallery.page.getByText(text).waitFor();
    expect(await steps.locator('[aria-current]').count()).toBe(0);
  });

  it('says so where there is none', async () => {
    for (const path of [
      '/generations/gen_00000000000000000000000000',
      '/generations/%00',
      '/generations/x',
    ]) {
      await gallery.open(path);
      await heading('There is no such generation.').waitFor();
    }
  });

  it('is reached and left by keyboard alone, and the gallery is found where it was left', async () => {
    for (let n = 0; n < 7; n += 1) await gallery.askElsewhere(`number ${n}`);
    await gallery.open();
    await gallery.page.setViewportSize({ width: 700, height: 500 });
    for (let n = 0; n < 7; n += 1) await gallery.ended(`number ${n}`, 'succeeded');
    const link = (await gallery.ended('number 0', 'succeeded')).getByRole('link', {
      name: 'number 0',
      exact: true,
    });
    await gallery.page.getByLabel('What should be in the picture?').focus();
    const focused = () => gallery.page.evaluate('document.activeElement.textContent');
    for (let presses = 0; (await focused()) !== 'number 0'; presses += 1) {
      expect(presses).toBeLessThan(60);
      await gallery.page.keyboard.press('Tab');
    }
    const before = await gallery.page.evaluate('scrollY');
    expect(before).toBeGreaterThan(0);
    await gallery.page.keyboard.press('Enter');
    await heading('number 0').waitFor();
    await gallery.holds('document.activeElement.tagName === "H1" && scrollY === 0');
    await gallery.page.goBack();
    await link.waitFor();
    expect(await focused()).toBe('number 0');
    expect(await gallery.page.evaluate('scrollY')).toBe(before);
    await gallery.page.goForward();
    await heading('number 0').waitFor();
  });

  it('cancels', async () => {
    await gallery.faults({ job: { seconds: [50, 60] } });
    const id = await gallery.askElsewhere('no longer wanted');
    await gallery.open(`/generations/${id}`);
    await gallery.page.getByRole('button', { name: 'Cancel: no longer wanted' }).click();
    await status('canceled').waitFor();
    await gallery.page.getByText('Cancel asked for.').waitFor();
  });
});

describe('trying again', () => {
  it('is a new request with a key of its own and what was asked for, once for a double click', async () => {
    const wish = {
      model: 'sim/reject',
      size: '640x512',
      count: 2,
      output_format: 'webp',
      metadata: { order: 'o-17' },
    };
    const first = await failed('refused at first', wish);
    const posts: { key: string | undefined; body: unknown }[] = [];
    await gallery.page.route('**/v1/generations', async (route) => {
      posts.push({
        key: route.request().headers()['idempotency-key'],
        body: route.request().postDataJSON(),
      });
      // The answer to the first is lost: it is asked for again under the same key.
      if (posts.length > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await gallery.page.getByRole('button', { name: 'Try again: refused at first' }).dblclick();
    await status('succeeded').waitFor();
    expect(posts.map(({ body }) => body)).toEqual([{ prompt: 'refused at first', ...wish }, posts[0]?.body]);
    expect(new Set(posts.map(({ key }) => key)).size).toBe(1);

    const second = new URL(gallery.page.url()).pathname.split('/').at(-1) ?? '';
    expect(second).not.toBe(first);
    expect((await getGeneration(gallery.target, first)).status).toBe('failed');
    expect((await getGeneration(gallery.target, second)).artifacts).toHaveLength(2);
    const bill = (await readLedger(gallery.target)).filter(({ prompt }) => prompt === 'refused at first');
    expect(bill.map(({ accepted }) => accepted)).toEqual([true, true]);
  });

  it('is offered by the card too, which says then where the new one is', async () => {
    await failed('refused on a card');
    await gallery.open('/?show=failed');
    const card = gallery.card('refused on a card');
    await card.getByRole('button', { name: 'Try again: refused on a card' }).click();
    await card.getByRole('link', { name: 'See the new try' }).click();
    await status('succeeded').waitFor();
  });
});

describe('erasing', () => {
  it('asks first, and takes prompt and picture for good', async () => {
    const id = await gallery.askElsewhere('a secret wish');
    await gallery.open(`/generations/${id}`);
    await status('succeeded').waitFor();
    const [artifact] = (await getGeneration(gallery.target, id)).artifacts;
    const dialog = gallery.page.getByRole('dialog', { name: 'Erase this for good?' });
    const ask = async (): Promise<void> => {
      await gallery.page.getByRole('button', { name: 'Erase …' }).press('Enter');
      await dialog.waitFor();
      // The harmless answer has the focus.
      expect(await gallery.page.evaluate('document.activeElement.textContent')).toBe('Keep it');
    };
    await ask();
    await gallery.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await ask();
    await gallery.page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect((await getGeneration(gallery.target, id)).prompt).toBe('a secret wish');

    await ask();
    await gallery.page.keyboard.press('Tab');
    await gallery.page.keyboard.press('Enter');
    await heading('Erased').waitFor();
    await gallery.page.getByText('Prompt and pictures erased.').waitFor();
    expect(await gallery.page.getByRole('img', { name: /secret/ }).count()).toBe(0);
    expect(await getGeneration(gallery.target, id)).toMatchObject({ prompt: null, artifacts: [] });
    const picture = await gallery.page.request.get(
      new URL(artifact?.content_url ?? '', gallery.target.intake).href,
    );
    expect(picture.status()).toBe(410);

    await gallery.open();
    await gallery.page.locator(`article[data-id="${id}"]`, { hasText: 'Erased' }).waitFor();
    expect(await gallery.page.getByText('a secret wish').count()).toBe(0);
  });
});

import { createHash } from 'node:crypto';
import { statusGlossary } from '@darkroom/domain';
import { getBytes, getGeneration, readLedger } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { GalleryPage, quick } from './gallery-page.js';

const gallery = new GalleryPage();

beforeAll(() => gallery.start());
afterAll(() => gallery.dispose());
beforeEach(() => gallery.visit());
afterEach(async () => expect(await gallery.leave()).toEqual([]));

describe('asking in the gallery', () => {
  it('takes a wish by keyboard alone and shows the verified picture', async () => {
    await gallery.open();
    await gallery.page.getByLabel('What should be in the picture?').focus();
    await gallery.page.keyboard.type('a red bicycle in the rain');
    for (const control of ['Model', 'Size', 'Pictures']) {
      await gallery.page.keyboard.press('Tab');
      expect(await gallery.page.evaluate('document.activeElement?.labels?.[0]?.textContent')).toBe(control);
    }
    await gallery.page.keyboard.press('Tab');
    await gallery.page.keyboard.press('Enter');
    const done = await gallery.ended('a red bicycle in the rain', 'succeeded');
    const picture = done.getByRole('img', { name: 'a red bicycle in the rain' });
    await gallery.holds('document.querySelector("article img")?.naturalWidth > 0');
    expect(await picture.getAttribute('width')).toBe('1024');

    const id = (await done.getAttribute('data-id')) ?? '';
    const [artifact] = (await getGeneration(gallery.target, id)).artifacts;
    const download = gallery.page.waitForEvent('download');
    await done.getByRole('link', { name: /Download/ }).click();
    const stream = await (await download).createReadStream();
    const hash = createHash('sha256');
    for await (const chunk of stream) hash.update(chunk);
    expect(hash.digest('hex')).toBe(artifact?.sha256);
    const bytes = await getBytes(gallery.target, artifact?.content_url ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact?.sha256);
  });

  it('shows what is asked for elsewhere, live', async () => {
    await gallery.open();
    await gallery.askElsewhere('from another client');
    await (await gallery.ended('from another client', 'succeeded')).getByRole('img').waitFor();
  });

  it('tells what a wish waits for and since when, and cancels it', async () => {
    await gallery.faults({ submit: { status: { 503: 1 }, retry_after: '4' } });
    await gallery.open();
    await gallery.ask('in a busy hour');
    const waiting = gallery.card('in a busy hour');
    await waiting
      .getByText(`${statusGlossary.retry_scheduled}.`)
      .or(waiting.getByText(`${statusGlossary.provider_capacity}.`))
      .waitFor();
    await waiting.getByText(/Next try in \d s/).waitFor();
    await waiting.getByText(/Waiting for \d+ s/).waitFor();
    await waiting.getByRole('button', { name: /Cancel/ }).click();
    const canceled = await gallery.ended('in a busy hour', 'canceled');
    await canceled.getByText('It cost nothing.').waitFor();
    expect(
      (await readLedger(gallery.target)).filter((line) => line.prompt === 'in a busy hour' && line.accepted),
    ).toEqual([]);
  });

  it('shows a failure with its code, and that it cost money', async () => {
    await gallery.faults({ ...quick, job: { seconds: [0.1, 0.1], moderate: 1 } });
    await gallery.open();
    await gallery.ask('something refused');
    const failed = await gallery.ended('something refused', 'failed');
    await failed.getByText('content_rejected').waitFor();
    await failed.getByText('It cost money.').waitFor();
  });

  it('says honestly that nobody knows, and asks for a person in the end', async () => {
    await gallery.faults({ ...quick, submit: { drop_reply: 1 } });
    await gallery.open();
    await gallery.ask('a lost reply', 'sim/blind');
    await gallery.card('a lost reply').getByText(statusGlossary.confirming_with_provider).waitFor();
    await gallery.card('a lost reply').getByText(statusGlossary.needs_attention).waitFor({ timeout: 45_000 });
    const lines = (await readLedger(gallery.target)).filter((line) => line.prompt === 'a lost reply');
    expect(lines).toHaveLength(1);
  });

  it('asks once, although the answer to the click was lost', async () => {
    await gallery.open();
    let lost = 0;
    const keys = new Set<string | undefined>();
    await gallery.page.route('**/v1/generations', async (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      if (lost++ > 0) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await gallery.ask('clicked once');
    await gallery.ended('clicked once', 'succeeded');
    // The live feed may have shown the picture before the page asks again.
    await until('asked again', 20, async () => (lost === 2 ? true : undefined));
    expect(keys.size).toBe(1);
    expect(await gallery.card('clicked once').count()).toBe(1);
    expect((await readLedger(gallery.target)).filter((line) => line.prompt === 'clicked once')).toHaveLength(
      1,
    );
  });

  it('goes on without the live feed', async () => {
    await gallery.page.route('**/v1/events', (route) => route.abort());
    await gallery.page.goto(gallery.target.intake);
    await gallery.page.getByText(/Connection lost/).waitFor();
    await gallery.askElsewhere('without the feed');
    await gallery.ended('without the feed', 'succeeded');
  });

  it('asks for a key where the session is over', async () => {
    await gallery.open();
    await gallery.askElsewhere('behind a key');
    await gallery.ended('behind a key', 'succeeded');
    await gallery.page.context().clearCookies();
    await gallery.page.route('**/v1/events', (route) => route.abort());
    await gallery.page.route(gallery.target.intake, (route) => route.abort());
    await gallery.page.evaluate('window.dispatchEvent(new Event("visibilitychange"))');
    await gallery.page.getByLabel('Your API key').waitFor({ timeout: 40_000 });
    await gallery.page.getByLabel('Your API key').fill('dk_test_wrong');
    await gallery.page.getByRole('button', { name: 'Open' }).click();
    await gallery.page.getByText('This key was not accepted.').waitFor();
    await gallery.page.getByLabel('Your API key').fill(gallery.target.demo_key);
    await gallery.page.getByRole('button', { name: 'Open' }).click();
    await gallery.page.getByLabel('What should be in the picture?').waitFor();
    await gallery.card('behind a key').waitFor();
  });

  it('shows a hostile prompt as text', async () => {
    const prompt = '<img src=x onerror=alert(1)><script>alert(2)</script> \u202egnirts';
    await gallery.open();
    await gallery.ask(prompt);
    const shown = gallery.page.locator('article[data-status="succeeded"]', {
      hasText: '<script>alert(2)</script>',
    });
    await shown.waitFor();
    expect(await gallery.page.locator('article script, article img[src="x"]').count()).toBe(0);
  });
});

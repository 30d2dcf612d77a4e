import { statusGlossary } from '@darkroom/domain';
import { readLedger } from '../../faults/client.js';
import { CutLine } from './cut-line.js';
import { GalleryPage } from './gallery-page.js';

const gallery = new GalleryPage();

beforeAll(() => gallery.start());
afterAll(() => gallery.dispose());
beforeEach(() => gallery.visit());
afterEach(async () => expect(await gallery.leave()).toEqual([]));

const faultsNow = async (): Promise<unknown> =>
  (await fetch(`${gallery.target.simulator}/admin/faults`)).json();

describe('breaking the vendor from the page', () => {
  const button = () => gallery.page.getByRole('button', { name: /^Break it/ });
  const choice = (name: string) => gallery.page.getByRole('radio', { name: new RegExp(`^${name}`) });

  it('causes what was chosen, by keyboard, and puts it right again', async () => {
    await gallery.faults({});
    await gallery.open();
    await button().press('Enter');
    expect(await button().getAttribute('aria-expanded')).toBe('true');
    expect(await choice('All is well').isChecked()).toBe(true);
    await choice('All is well').focus();
    await gallery.page.keyboard.press('ArrowUp');
    await button().getByText('Down').waitFor();
    expect(await faultsNow()).toMatchObject({ submit: { status: { 503: 1 } }, poll: { status: { 503: 1 } } });

    await gallery.ask('while it is down');
    const waiting = gallery.card('while it is down');
    await waiting
      .getByText(`${statusGlossary.retry_scheduled}.`)
      .or(waiting.getByText(`${statusGlossary.provider_capacity}.`))
      .or(waiting.getByText(statusGlossary.provider_outage))
      .waitFor();
    await gallery.page.reload();
    await button().getByText('Down').waitFor();
    await button().click();
    await choice('All is well').check();
    await button().getByText('Down').waitFor({ state: 'detached' });
    await gallery.ended('while it is down', 'succeeded', 45_000);
    const bill = (await readLedger(gallery.target)).filter(({ prompt }) => prompt === 'while it is down');
    expect(bill.filter(({ charged_micros }) => charged_micros > 0)).toHaveLength(1);
  });

  it('shows pictures of a vendor that damages every second download, whole', async () => {
    await gallery.open();
    await button().click();
    await choice('Corrupt pictures').check();
    await button().getByText('Corrupt pictures').waitFor();
    const wishes = [1, 2, 3, 4].map((n) => `damaged on the way ${n}`);
    for (const wish of wishes) await gallery.ask(wish);
    for (const wish of wishes) await gallery.ended(wish, 'succeeded', 45_000);
    await gallery.holds(
      '[...document.querySelectorAll("article img")].filter((one) => one.complete && one.naturalWidth > 0).length >= 4',
    );
  });

  it('says so where the simulator was told something else', async () => {
    await gallery.faults({ submit: { hang: 0.01 } });
    await gallery.open();
    await button().getByText('Something else').waitFor();
  });

  it('is not offered to the session of another key', async () => {
    await gallery.page.route('**/demo/vendor', (route) => route.fulfill({ status: 404, json: {} }));
    await gallery.open();
    await gallery.page.getByRole('button', { name: 'Generate' }).waitFor();
    expect(await button().count()).toBe(0);
  });
});

describe('an open page', () => {
  it('outlives a killed server: it says so, and shows what it missed', async () => {
    await gallery.open();
    await gallery.askElsewhere('before the crash');
    await gallery.ended('before the crash', 'succeeded');
    await gallery.darkroom.kill();
    await gallery.page.getByText('Connection lost, trying again …').waitFor();
    await gallery.card('before the crash').waitFor();
    const again = await gallery.darkroom.start();
    expect(again.intake).toBe(gallery.target.intake);
    await gallery.askElsewhere('after the crash');
    await gallery.page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
    // What the killed one held is free within 15 s; the picture takes its time after that.
    await gallery.ended('after the crash', 'succeeded', 30_000);
    expect(await gallery.page.getByRole('alert').count()).toBe(0);
    await gallery.page.reload();
    await gallery.ended('before the crash', 'succeeded');
  });

  it('opened in a bad moment gets well by itself', async () => {
    const id = await gallery.askElsewhere('there all the time');
    await gallery.page.route('**/v1/**', (route) => route.abort());
    await gallery.page.goto(new URL(`/generations/${id}`, gallery.target.intake).href);
    await gallery.page.getByRole('alert').getByText('Darkroom cannot be reached.').waitFor();
    await gallery.page.unroute('**/v1/**');
    await gallery.page.getByRole('heading', { name: 'there all the time' }).waitFor();
    await gallery.page.getByText('Live', { exact: true }).waitFor();
  });

  it('resumes after its stream was cut, without missing what happened meanwhile', async () => {
    const line = await CutLine.to(gallery.target.intake);
    gallery.origin = line.url;
    await gallery.open();
    line.cut();
    await gallery.page.getByText('Connection lost, trying again …').waitFor();
    const id = await gallery.askElsewhere('while nobody listened');
    await line.mend();
    await gallery.ended('while nobody listened', 'succeeded', 30_000);
    await gallery.page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
    line.cut();
    expect(await gallery.page.locator(`article[data-id="${id}"]`).count()).toBe(1);
  });
});

import { GalleryPage } from './gallery-page.js';

const gallery = new GalleryPage();

beforeAll(() => gallery.start());
afterAll(() => gallery.dispose());
beforeEach(() => gallery.visit());
afterEach(async () => expect(await gallery.leave()).toEqual([]));

const filter = (name: string) => gallery.page.getByRole('link', { name: new RegExp(`^${name}`) });
const prompts = async (): Promise<(string | null)[]> =>
  gallery.page
    .locator('article')
    .evaluateAll((cards) => cards.map((card) => card.getAttribute('aria-label')));

describe('the filters', () => {
  it('count and cut what there is, live; each has an address', async () => {
    await gallery.open();
    await gallery.counts('all', 0);
    await gallery.askElsewhere('one that works');
    await gallery.ended('one that works', 'succeeded');
    await gallery.faults({ job: { seconds: [0.1, 0.1], moderate: 1 } });
    await gallery.askElsewhere('one that fails');
    await gallery.ended('one that fails', 'failed');
    await gallery.faults({ job: { seconds: [50, 60] } });
    await gallery.askElsewhere('one that waits');
    await gallery.card('one that waits').waitFor();
    for (const [name, n] of Object.entries({ all: 3, open: 1, succeeded: 1, failed: 1, canceled: 0 }))
      await gallery.counts(name, n);

    await filter('Failed').press('Enter');
    await gallery.page.waitForURL('**/?show=failed');
    expect(await filter('Failed').getAttribute('aria-current')).toBe('page');
    await gallery.ended('one that fails', 'failed');
    expect(await prompts()).toEqual(['one that fails']);
    await gallery.page.reload();
    await gallery.ended('one that fails', 'failed');
    expect(await prompts()).toEqual(['one that fails']);

    await filter('In progress').click();
    await gallery.card('one that waits').waitFor();
    expect(await prompts()).toEqual(['one that waits']);
    await gallery.page.getByRole('button', { name: 'Cancel: one that waits' }).click();
    await gallery.page.getByText('Nothing is in progress.').waitFor();
    await gallery.counts('open', 0);
    await gallery.counts('canceled', 1);
    await gallery.page.goBack();
    await gallery.ended('one that fails', 'failed');
    await gallery.page.goto(`${gallery.target.intake}/?show=nonsense`);
    await gallery.ended('one that waits', 'canceled');
    expect(await prompts()).toEqual(['one that waits', 'one that fails', 'one that works']);
  });

  it('read further down where there is more than a page, and have no gap above what another list brought', async () => {
    const old = Array.from({ length: 26 }, (_, n) => `old ${n}`);
    for (const prompt of old) await gallery.askElsewhere(prompt);
    await gallery.open('/?show=failed');
    await gallery.ended('one that fails', 'failed');
    await gallery.counts('succeeded', 27);
    await filter('All').click();
    await gallery.ended('old 25', 'succeeded');
    // What is known from the other list lies below this one's first page.
    expect(await prompts()).toEqual(old.toReversed().slice(0, 24));
    await gallery.page.getByRole('button', { name: 'Show older ones' }).click();
    await gallery.ended('one that works', 'succeeded');
    expect(await prompts()).toHaveLength(29);
  });
});

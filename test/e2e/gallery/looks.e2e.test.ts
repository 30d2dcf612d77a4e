import { AxeBuilder } from '@axe-core/playwright';
import { GalleryPage } from './gallery-page.js';

const gallery = new GalleryPage();

beforeAll(() => gallery.start());
afterAll(() => gallery.dispose());
beforeEach(() => gallery.visit());
afterEach(async () => expect(await gallery.leave()).toEqual([]));

/** Each state is looked through four times. */
const patience = 400_000;

/** Nobody is shut out of what is shown now: in both themes, wide and at 320 pixels, and nothing sticks out. */
async function isForEverybody(): Promise<void> {
  const { page } = gallery;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${colorScheme} ${width} ${id}: ${nodes[0]?.html}`);
      expect(found).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  }
}

describe('for everybody', () => {
  it(
    'empty',
    async () => {
      await gallery.open();
      await gallery.page.getByRole('heading', { name: 'No pictures yet' }).waitFor();
      await isForEverybody();
      await gallery.page.getByRole('button', { name: 'a lighthouse at dusk' }).click();
      expect(await gallery.page.getByLabel('What should be in the picture?').inputValue()).toBe(
        'a lighthouse at dusk',
      );
      await gallery.page.getByRole('button', { name: 'Generate' }).click();
      await gallery.ended('a lighthouse at dusk', 'succeeded');
    },
    patience,
  );

  it(
    'filled, with what waits and what failed, and the panel open',
    async () => {
      await gallery.askElsewhere('four seasons', { count: 4 });
      await gallery.askElsewhere('w'.repeat(3_000));
      await gallery.open();
      await gallery.ended('four seasons', 'succeeded');
      await gallery.ended('w'.repeat(3_000), 'succeeded');
      await gallery.faults({ job: { seconds: [0.1, 0.1], moderate: 1 } });
      await gallery.askElsewhere('refused');
      await gallery.ended('refused', 'failed');
      await gallery.faults({ job: { seconds: [50, 60] } });
      await gallery.askElsewhere('slow');
      await gallery
        .card('slow')
        .getByText(/The provider reports/)
        .waitFor();
      await gallery.faults({ submit: { status: { 429: 1 }, retry_after: '60' } });
      await gallery.askElsewhere('turned away');
      await gallery
        .card('turned away')
        .getByText(/Next try in/)
        .waitFor();
      await gallery.page.getByRole('button', { name: /^Break it/ }).click();
      await isForEverybody();
    },
    patience,
  );

  it.each(['four seasons', 'w'.repeat(3_000), 'refused', 'slow'])(
    'one of them (%#)',
    async (prompt) => {
      await gallery.open();
      await gallery.card(prompt).locator('h2 a').click();
      await gallery.page.getByRole('heading', { level: 1, name: prompt }).waitFor();
      await gallery.page.getByText('Asked for, and stored.').waitFor();
      // A long text is folded, so that what can be done stays in sight.
      const unfold = gallery.page.getByRole('button', { name: 'Show all of it' });
      expect(await unfold.count()).toBe(prompt.length > 480 ? 1 : 0);
      await isForEverybody();
    },
    patience,
  );

  it(
    'being asked whether to erase, and erased',
    async () => {
      await gallery.open();
      await gallery.card('four seasons').locator('h2 a').click();
      await gallery.page.getByRole('button', { name: 'Erase …' }).click();
      await gallery.page.getByRole('dialog').waitFor();
      await isForEverybody();
      await gallery.page.getByRole('button', { name: 'Erase for good' }).click();
      await gallery.page.getByRole('heading', { level: 1, name: 'Erased' }).waitFor();
      await isForEverybody();
    },
    patience,
  );

  it(
    'failing: Darkroom cannot be reached',
    async () => {
      await gallery.open();
      await gallery.page.route('**/v1/**', (route) => route.abort());
      await gallery.page.reload();
      await gallery.page.getByRole('alert').getByText('Darkroom cannot be reached.').waitFor();
      await isForEverybody();
      await gallery.page.getByRole('button', { name: 'Try now' }).click();
      await gallery.page.unroute('**/v1/**');
      await gallery.card('refused').waitFor();
      await gallery.ask('opened in a bad moment');
      await gallery.card('opened in a bad moment').waitFor();
    },
    patience,
  );

  it(
    'without a session',
    async () => {
      await gallery.page.route('**/v1/**', (route) =>
        route.fulfill({ status: 401, contentType: 'application/problem+json', json: { title: 'No.' } }),
      );
      await gallery.page.goto(gallery.target.intake);
      await gallery.page.getByLabel('Your API key').waitFor();
      await isForEverybody();
    },
    patience,
  );
});

it('has a policy that keeps other hosts, and scripts that are not its own, away', async () => {
  const answer = await gallery.page.goto(gallery.target.intake);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  await gallery.open();
  expect(gallery.trouble).toEqual([]);
  // The guard is seen to work: what is tried here by hand is refused, and told by the browser.
  const tried = await gallery.page.evaluate(`(async () => {
    const refused = [];
    document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
    await fetch('http://localhost:1/').catch(() => undefined);
    await new Promise((done) => { const one = new Image(); one.onerror = done; one.src = 'http://localhost:1/x.png'; });
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    while (refused.length < 3) await new Promise((done) => setTimeout(done, 10));
    return { refused, ran: globalThis.ran === true };
  })()`);
  expect(tried).toEqual({ refused: ['connect-src', 'img-src', 'script-src-elem'], ran: false });
  gallery.trouble = [];
});

import { runwareProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { printedBy } from '../testing/own-process.js';

let double: VendorDouble;
beforeAll(async () => {
  double = await startDouble(runwareProtocol());
});
afterAll(() => double.stop());
beforeEach(() => double.control({ job: { seconds: 0.2 } }));

/** What a program says that uses the vendor's own client, which makes one call and waits for the picture. */
const said = (program: string): Promise<string> =>
  printedBy(`
    import { createRunware } from '@runware/ai-sdk-provider';
    import { generateImage } from 'ai';
    globalThis.AI_SDK_LOG_WARNINGS = false;
    const runware = createRunware({ apiKey: 'key', baseURL: '${double.url}/v1' });
    const model = runware.image('runware:100@1', { outputFormat: 'WEBP', includeCost: true });
    const draw = (maxRetries, task = {}) => generateImage({
      model, maxRetries, prompt: 'a boat', size: '512x768', seed: 7, providerOptions: { runware: task },
    });
    const tell = (text) => process.stdout.write(text);
    ${program}`);

describe("the vendor's own client reads the double", () => {
  it('submits, and reads the picture and its price', async () => {
    const read = await said(`
      const { image, warnings } = await draw(0);
      const [{ cost }] = JSON.parse(warnings.at(-1).message.replace('Response data: ', ''));
      tell(image.mediaType + ' ' + cost);`);
    expect(read).toBe('image/webp 0.0013');
    expect(double.book.bill.at(-1)).toMatchObject({
      order: { width: 512, height: 768, seed: 7, format: 'webp' },
    });
  });

  it('is told that an id was used', async () => {
    const read = await said(`
      const taskUUID = crypto.randomUUID();
      await draw(0, { taskUUID });
      const error = await draw(0, { taskUUID }).catch((error) => error);
      tell(error.statusCode + ' ' + JSON.parse(error.responseBody).errors[0].code);`);
    expect(read).toBe('400 conflictTaskUUID');
  });

  it('gives each try an id of its own: when the answer is lost it submits again by itself, and pays again', async () => {
    double.control({ submit: { mishap: 'accept-then-drop', times: 1 } });
    const before = double.book.bill.length;
    expect(await said(`tell((await draw(2)).image.mediaType);`)).toBe('image/webp');
    expect(double.book.bill.length - before).toBe(2);
  });
});

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isFinal } from '@darkroom/domain';
import type { ObjectStore, PutObject } from '@darkroom/platform';
import { type RawServer, startRawServer } from '@darkroom/platform/testing';
import sharp from 'sharp';
import { ArtifactUnderTest } from './testing/artifact-under-test.js';
import { picture } from './testing/pictures.js';
import type { LoadedGeneration } from './use-cases/load-generation.js';

let artifact: ArtifactUnderTest;
let server: RawServer;
let png: Buffer;
/** What the server answers, by path. */
let answers: Record<string, ((socket: Socket, nth: number) => void) | undefined>;
const asked: Record<string, number> = {};

const ended = ({ state }: LoadedGeneration): boolean => isFinal(state.phase);
const whole = (body: Buffer, type = 'image/png'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\ncontent-type: ${type}\r\nconnection: close\r\n\r\n`,
    ),
    body,
  ]);
const good = (socket: Socket): void => void socket.end(whole(png));
const status = (code: number) => (socket: Socket) =>
  void socket.end(`HTTP/1.1 ${code} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
const dripping = (socket: Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n');
  const timer = setInterval(() => socket.write(Buffer.alloc(4_096)), 10);
  socket.once('close', () => clearInterval(timer));
};
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const link = (path: string) => ({ url: server.url + path });
const start = async (...more: Parameters<ArtifactUnderTest['start']>) =>
  artifact.start({ allowedHosts: [{ account: 'sim', origin: server.url }], ...more[0] }, more[1]);

beforeAll(async () => {
  artifact = await ArtifactUnderTest.create();
  png = await picture('png');
});
afterAll(async () => artifact.drop());
beforeEach(async () => {
  answers = { '/good': good };
  server = await startRawServer((socket, head) => {
    const path = head.split(' ')[1] ?? '';
    asked[path] = (asked[path] ?? 0) + 1;
    (answers[path] ?? status(404))(socket, asked[path]);
  });
});
afterEach(async () => {
  await artifact.stopServices();
  await server.stop();
  for (const path of Object.keys(asked)) delete asked[path];
  expect(await readdir(join(artifact.dataDir, 'incoming'))).toEqual([]);
});

/** Counts what is really stored under image keys. */
const counting = (objects: ObjectStore): { readonly objects: ObjectStore; readonly puts: string[] } => {
  const puts: string[] = [];
  const put = async (object: PutObject): Promise<'stored' | 'exists'> => {
    const outcome = await objects.put(object);
    if (object.key.endsWith('.png')) puts.push(outcome);
    return outcome;
  };
  return { objects: { ...objects, put }, puts };
};

describe('storing outputs', () => {
  it('stores what a link brings, verified, with its preview, and completes the generation', async () => {
    await start();
    const declared = { sha256: sha256(png), bytes: String(png.length), mediaType: 'image/jpeg' };
    const generation = await artifact.produced({ links: [link('/good')], outputs: [declared] });
    const [stored, completed, ...rest] = await artifact.until(generation, ended);
    expect(rest).toEqual([]);
    if (stored?.type !== 'ArtifactStored') throw new Error(stored?.type);
    const key = `artifacts/${generation}/1-0-${sha256(png)}`;
    expect(stored.data).toMatchObject({
      run: 1,
      attempt: 1,
      index: 0,
      storageKey: `${key}.png`,
      thumbnailKey: `${key}.thumbnail.webp`,
      mediaType: 'image/png',
      declaredMediaType: 'image/jpeg',
      width: 320,
      height: 200,
      bytes: String(png.length),
      sha256: sha256(png),
    });
    expect(stored.metadata).toMatchObject({ tenant: 'acme', actor: 'service:artifact' });
    expect(completed).toMatchObject({
      type: 'GenerationCompleted',
      data: { stored: 1, charge: 'CHARGE_CERTAIN' },
    });
    const kept = await artifact.objects.get(stored.data.storageKey);
    expect(kept && (await buffer(kept)).equals(png)).toBe(true);
    const thumbnail = await artifact.objects.get(stored.data.thumbnailKey);
    expect(thumbnail && (await sharp(await buffer(thumbnail)).metadata()).format).toBe('webp');
    expect(await artifact.job(generation)).toEqual({ phase: 'ended', due: null, held: false });
  });

  it('stores several outputs, staged ones too', async () => {
    await start();
    const key = 'staging/several/1';
    await artifact.objects.put({
      key,
      body: png,
      bytes: png.length,
      sha256: sha256(png),
      contentType: 'application/octet-stream',
    });
    const links = [link('/good'), { stagingKey: key }, link('/good')];
    const generation = await artifact.produced({ links });
    const events = await artifact.until(generation, ended);
    expect(events.map(({ type }) => type)).toEqual([
      'ArtifactStored',
      'ArtifactStored',
      'ArtifactStored',
      'GenerationCompleted',
    ]);
  });

  it('asks for a fresh link when one has run out, and goes on with it', async () => {
    await start();
    const generation = await artifact.produced({ links: [link('/gone')] });
    answers['/gone'] = status(403);
    const [rejected] = await artifact.until(generation, ({ state }) => state.outputs[0]?.needsLink === true);
    expect(rejected).toMatchObject({
      type: 'ArtifactRejected',
      data: { index: 0, reason: 'REJECTION_REASON_LINK_EXPIRED', givenUp: false },
    });
    await artifact.refresh(generation, 0, 1, link('/good'));
    const events = await artifact.until(generation, ended);
    expect(events.map(({ type }) => type)).toEqual([
      'ArtifactRejected',
      'OutputsRefreshed',
      'ArtifactStored',
      'GenerationCompleted',
    ]);
  });

  it('gives an output up after three fresh links; what was stored is kept', async () => {
    await start();
    answers['/page'] = (socket) => socket.end(whole(Buffer.from('<!doctype html>')));
    const generation = await artifact.produced({ links: [link('/page'), link('/good')] });
    for (const refresh of [1, 2, 3]) {
      await artifact.until(generation, ({ state }) => state.outputs[0]?.needsLink === true);
      await artifact.refresh(generation, 0, refresh, link('/page'));
    }
    const events = await artifact.until(generation, ended);
    const { state } = await artifact.load(generation);
    expect(events.at(-2)).toMatchObject({
      type: 'ArtifactRejected',
      data: { reason: 'REJECTION_REASON_NOT_AN_IMAGE', givenUp: true },
    });
    expect(state.phase).toBe('failed');
    expect(state.error?.code).toBe('ERROR_CODE_ARTIFACT_UNRECOVERABLE');
    expect(state.charge).toBe('CHARGE_CERTAIN');
    expect(state.outputs.map((output) => output.status)).toEqual(['given_up', 'stored']);
  });

  it('is content with enough', async () => {
    await start();
    const generation = await artifact.produced({ links: [{}, link('/good')], minCount: 1 });
    await artifact.until(generation, ended);
    const { state, events } = await artifact.load(generation);
    expect(state.phase).toBe('succeeded');
    expect(events.find(({ type }) => type === 'ArtifactRejected')?.data).toMatchObject({
      reason: 'REJECTION_REASON_NOT_PRODUCED',
      givenUp: true,
    });
  });

  it('takes what comes at the second try: a 502, then the picture', async () => {
    await start();
    answers['/flaky'] = (socket, nth) => (nth === 1 ? status(502)(socket) : good(socket));
    const generation = await artifact.produced({ links: [link('/flaky')] });
    const events = await artifact.until(generation, ended);
    expect(events.map(({ type }) => type)).toEqual(['ArtifactStored', 'GenerationCompleted']);
  });

  it('waits for a server that is in trouble longer than one look, its place free meanwhile', async () => {
    await start({ concurrency: 1, limits: { ...artifact.limits, linkPatienceMs: 60_000 } });
    answers['/sick'] = (socket, nth) => (nth <= 4 ? status(503)(socket) : good(socket));
    const sick = await artifact.produced({ links: [link('/sick'), link('/good')] });
    await expectSoon(async () => (await artifact.job(sick))?.held === false && asked['/sick'] === 3);
    const well = await artifact.produced({ links: [link('/good')] });
    await artifact.until(well, ended);
    expect((await artifact.load(sick)).state.phase).toBe('storing');
    const events = await artifact.until(sick, ended);
    expect(events.map(({ type }) => type)).toEqual([
      'ArtifactStored',
      'ArtifactStored',
      'GenerationCompleted',
    ]);
    expect(asked['/sick']).toBe(5);
  });

  it('asks for a fresh link when its server stays in trouble', async () => {
    await start({ limits: { ...artifact.limits, linkPatienceMs: 1_500 } });
    answers['/sick'] = status(503);
    const generation = await artifact.produced({ links: [link('/sick')] });
    const [rejected] = await artifact.until(generation, ({ state }) => state.outputs[0]?.needsLink === true);
    expect(rejected).toMatchObject({ data: { reason: 'REJECTION_REASON_DOWNLOAD_FAILED', givenUp: false } });
    expect(asked['/sick']).toBeGreaterThan(3);
  });

  it('ends at the deadline, in the middle of a download, and keeps what is stored', async () => {
    await start();
    answers['/drip'] = dripping;
    const generation = await artifact.produced({
      links: [link('/drip'), link('/good')],
      deadlineMs: 700,
    });
    await artifact.until(generation, ended);
    const { state } = await artifact.load(generation);
    expect([state.phase, state.error?.code]).toEqual(['failed', 'ERROR_CODE_DEADLINE_EXCEEDED']);
    expect(state.outputs.map((output) => output.status)).toEqual(['pending', 'stored']);
  });

  it('ends when a person orders it, while a fresh link is waited for', async () => {
    await start();
    const generation = await artifact.produced({ links: [link('/gone')] });
    await artifact.until(generation, ({ state }) => state.outputs[0]?.needsLink === true);
    await artifact.append(generation, 'exists', [
      artifact.event('FailureOrdered', { run: 1, reason: 'the client gave up' }),
    ]);
    await artifact.until(generation, ended);
    expect((await artifact.load(generation)).state.error?.code).toBe('ERROR_CODE_FAILED_BY_OPERATOR');
  });

  it('ends when a person orders it, in the middle of a download', async () => {
    await start();
    answers['/drip'] = dripping;
    const generation = await artifact.produced({ links: [link('/drip')] });
    await expectSoon(() => asked['/drip'] === 1);
    await artifact.append(generation, 'exists', [
      artifact.event('FailureOrdered', { run: 1, reason: 'the client gave up' }),
    ]);
    await artifact.until(generation, ended);
    expect((await artifact.load(generation)).state.error?.code).toBe('ERROR_CODE_FAILED_BY_OPERATOR');
    expect(asked['/drip']).toBe(1);
  });

  it('sleeps until the deadline while a fresh link is waited for', async () => {
    await start();
    const generation = await artifact.produced({ links: [link('/gone')], deadlineMs: 3_600_000 });
    const { state } = await artifact.load(generation);
    await artifact.until(generation, ({ state: { outputs } }) => outputs[0]?.needsLink === true);
    await expectSoon(async () => (await artifact.job(generation))?.held === false);
    expect((await artifact.job(generation))?.due).toEqual(new Date(state.deadline));
  });
});

describe('crashes and take-overs', () => {
  it('killed after the put and before the event: one event, one object', async () => {
    const { objects, puts } = counting(artifact.objects);
    let crashes = 0;
    const at = (line: number): void => {
      if (line === 13 && (crashes += 1) === 1) throw new Error('killed');
    };
    await start({}, { objects, at });
    const generation = await artifact.produced({ links: [link('/good')] });
    const events = await artifact.until(generation, ended);
    expect(events.map(({ type }) => type)).toEqual(['ArtifactStored', 'GenerationCompleted']);
    expect(puts).toEqual(['stored', 'exists']);
  });

  it('killed after a link died and before the event: rejected once', async () => {
    let crashes = 0;
    const at = (line: number): void => {
      if (line === 14 && (crashes += 1) === 1) throw new Error('killed');
    };
    await start({}, { at });
    const generation = await artifact.produced({ links: [link('/gone')] });
    const events = await artifact.until(generation, ({ state }) => state.outputs[0]?.needsLink === true);
    expect(events.map(({ type }) => type)).toEqual(['ArtifactRejected']);
    expect(crashes).toBe(2);
  });

  it('a holder that stood still finds its lease gone and appends nothing', async () => {
    const { objects, puts } = counting(artifact.objects);
    let wakeUp = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wakeUp = resolve));
    let sleepers = 0;
    const at = async (line: number): Promise<void> => {
      if (line === 13 && (sleepers += 1) === 1) await asleep;
    };
    await start({}, { objects, at });
    const generation = await artifact.produced({ links: [link('/good')] });
    await expectSoon(() => sleepers === 1);
    await artifact.database.sql`UPDATE artifact.jobs SET due_at = now() WHERE generation = ${generation}`;
    const before = await artifact.until(generation, ended);
    wakeUp();
    await artifact.stopServices();
    const { events } = await artifact.load(generation);
    expect(events.slice(4).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(puts).toEqual(['stored', 'exists']);
  });

  it('stopped in the middle of a download it hands the job back at once', async () => {
    answers['/later'] = (socket, nth) => (nth === 1 ? dripping(socket) : good(socket));
    const first = await start({ leaseSeconds: 600 });
    const generation = await artifact.produced({ links: [link('/later')] });
    await expectSoon(() => asked['/later'] === 1);
    await first.stop();
    expect((await artifact.job(generation))?.held).toBe(false);
    await start({ leaseSeconds: 600 });
    await artifact.until(generation, ended);
  });

  it('two services store everything once', async () => {
    const { objects, puts } = counting(artifact.objects);
    await start({}, { objects });
    await start({}, { objects });
    const generations = await Promise.all(
      Array.from({ length: 12 }, async () => artifact.produced({ links: [link('/good'), link('/good')] })),
    );
    for (const generation of generations) {
      const events = await artifact.until(generation, ended);
      expect(events.map(({ type }) => type)).toEqual([
        'ArtifactStored',
        'ArtifactStored',
        'GenerationCompleted',
      ]);
    }
    expect(puts.filter((outcome) => outcome === 'stored')).toHaveLength(24);
  });

  it('waits for an object store that is away', async () => {
    let away = 3;
    const put = async (object: PutObject): Promise<'stored' | 'exists'> => {
      if ((away -= 1) >= 0) throw new Error('the object store is away');
      return artifact.objects.put(object);
    };
    await start({}, { objects: { ...artifact.objects, put } });
    const generation = await artifact.produced({ links: [link('/good')] });
    const events = await artifact.until(generation, ended);
    expect(events.map(({ type }) => type)).toEqual(['ArtifactStored', 'GenerationCompleted']);
  });
});

async function expectSoon(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('not within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

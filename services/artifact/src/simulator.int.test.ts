import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '@darkroom/domain';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import { z } from 'zod';
import type { OutputLimits } from './policy/limits.js';
import { ArtifactUnderTest } from './testing/artifact-under-test.js';
import type { LoadedGeneration } from './use-cases/load-generation.js';

const job = z.object({
  id: z.string(),
  status: z.string(),
  outputs: z
    .array(z.object({ url: z.string(), sha256: z.string(), bytes: z.number() }))
    .nullish()
    .transform((outputs) => outputs ?? []),
});
type Job = z.output<typeof job>;

let artifact: ArtifactUnderTest;
let simulator: RunningSimulator;

beforeAll(async () => {
  artifact = await ArtifactUnderTest.create();
  simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    dataDir: join(artifact.dataDir, 'simulator'),
  });
});
afterAll(async () => {
  await artifact.stopServices();
  await simulator.stop();
  await artifact.drop();
});
afterEach(async () => faults({}));

const start = async (limits: Partial<OutputLimits>): Promise<unknown> =>
  artifact.start({
    allowedHosts: [{ account: 'sim', origin: simulator.url }],
    // What the endless fault may cost a test.
    limits: { ...artifact.limits, maxBytes: 4_000_000, ...limits },
  });

const call = async (method: string, path: string, body?: object): Promise<unknown> => {
  const answer = await fetch(simulator.url + path, {
    method,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${answer.status} for ${path}`);
  return answer.json();
};
const faults = async (output: object): Promise<unknown> =>
  call('PUT', '/admin/faults', { output, job: { seconds: [0, 0] }, seed: 3 });

const finishedJob = async (count: number, format: string): Promise<Job> => {
  const request = {
    model: 'standard',
    prompt: 'a red bicycle',
    width: 256,
    height: 256,
    count,
    seed: 7,
    format,
  };
  const { id } = job.pick({ id: true }).parse(await call('POST', '/v1/jobs', request));
  for (;;) {
    const read = job.parse(await call('GET', `/v1/jobs/${id}`));
    if (read.status === 'succeeded') return read;
    await pause(10);
  }
};

/** Plays the gateway: whenever a fresh link is asked for, the vendor gives one. */
const untilEnded = async (generation: string, { id }: Job): Promise<LoadedGeneration> => {
  for (;;) {
    await artifact.until(
      generation,
      ({ state }) => isFinal(state.phase) || state.outputs.some((output) => output.needsLink),
    );
    const loaded = await artifact.load(generation);
    if (isFinal(loaded.state.phase)) return loaded;
    for (const { index, refreshes } of loaded.state.outputs.filter((output) => output.needsLink)) {
      const url = job.parse(await call('GET', `/v1/jobs/${id}`)).outputs[index]?.url ?? '';
      await artifact.refresh(generation, index, refreshes + 1, { url });
    }
  }
};

const run = async (count: number, format: string, output: object): Promise<LoadedGeneration> => {
  const made = await finishedJob(count, format);
  await faults(output);
  const generation = await artifact.produced({
    links: made.outputs.map(({ url }) => ({ url })),
    outputs: made.outputs.map(({ sha256, bytes }) => ({ sha256, bytes: String(bytes) })),
  });
  return untilEnded(generation, made);
};

const isGivenUp = async (fault: string, reasons: readonly string[]): Promise<void> => {
  const { state, events } = await run(1, 'png', { [fault]: 1 });
  expect([state.phase, state.error?.code]).toEqual(['failed', 'ERROR_CODE_ARTIFACT_UNRECOVERABLE']);
  const rejections = events.flatMap((event) => (event.type === 'ArtifactRejected' ? [event.data] : []));
  expect(rejections.map(({ givenUp }) => givenUp)).toEqual([false, false, false, true]);
  const allowed = reasons.map((reason) => `REJECTION_REASON_${reason}`);
  for (const { reason } of rejections) expect(allowed).toContain(reason);
};

describe('what the simulator draws', () => {
  // Generous: the simulator, which draws, and the service share this thread.
  beforeAll(async () => start({ idleTimeoutMs: 10_000, rateGraceMs: 10_000 }));
  afterAll(async () => artifact.stopServices());

  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
  ])('is stored as %s', async (format, mediaType) => {
    const { state } = await run(3, format, {});
    expect(state.phase).toBe('succeeded');
    expect(state.outputs.map(({ artifact: stored }) => [stored?.mediaType, stored?.width])).toEqual([
      [mediaType, 256],
      [mediaType, 256],
      [mediaType, 256],
    ]);
  });

  it.each([
    ['truncate', ['TRUNCATED']],
    ['corrupt', ['CHECKSUM_MISMATCH']],
    ['html', ['TRUNCATED', 'CHECKSUM_MISMATCH']],
    ['redirect_private', ['ADDRESS_REFUSED']],
    ['bomb', ['TOO_LARGE', 'TRUNCATED', 'CHECKSUM_MISMATCH', 'PIXEL_LIMIT']],
    ['endless', ['TOO_LARGE']],
    ['expired', ['LINK_EXPIRED']],
  ])('is given up where every download is bad: %s', isGivenUp);

  it('is taken by its bytes where the type is wrong', async () => {
    const { state } = await run(2, 'png', { wrong_type: 1 });
    expect(state.outputs.map(({ artifact: stored }) => stored?.mediaType)).toEqual([
      'image/png',
      'image/png',
    ]);
  });

  it('gets through when a third of all downloads are bad', async () => {
    const bad = { truncate: 0.06, corrupt: 0.06, html: 0.06, expired: 0.06, endless: 0.03, bomb: 0.03 };
    const runs = Array.from({ length: 6 }, async () => finishedJob(4, 'png'));
    const made = await Promise.all(runs);
    await faults({ ...bad, status: { 500: 0.05 } });
    const ends = await Promise.all(
      made.map(async (one) => {
        const generation = await artifact.produced({
          links: one.outputs.map(({ url }) => ({ url })),
          outputs: one.outputs.map(({ sha256, bytes }) => ({ sha256, bytes: String(bytes) })),
        });
        return untilEnded(generation, one);
      }),
    );
    expect(ends.map(({ state }) => state.phase)).toEqual(ends.map(() => 'succeeded'));
  });
});

describe('what trickles', () => {
  beforeAll(async () => start({ minBytesPerSecond: 1_000, rateGraceMs: 200, idleTimeoutMs: 400 }));
  afterAll(async () => artifact.stopServices());

  it('is given up where every download is slow', async () => isGivenUp('slow', ['DOWNLOAD_FAILED']));
});

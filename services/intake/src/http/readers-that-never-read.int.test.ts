import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { z } from 'zod';
import { openStream } from '../testing/open-stream.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';
import { until } from '../testing/until.js';

/** More than a kernel buffers for a reader that takes nothing (seen: 4 MB). */
const events = 600;
const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, '€'.repeat(512)]));
const whole = events * 16 * 512 * 3;
const readers = 40;

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake({ heartbeatMs: 200, stuckAfterMs: 2_000 });
  for (let made = 0; made < events; made += 50)
    await Promise.all(Array.from({ length: 50 }, () => intake.create({ prompt: 'x', metadata })));
  await until('the feed', async () => {
    const [row] = await intake.database.superuser`select count(*)::int as n from read_models.feed_v1`;
    return row?.['n'] === events ? true : undefined;
  });
});
afterAll(() => intake.stop());

/** Asks for all events and never reads a byte of them. */
async function neverReading(): Promise<Socket> {
  const { hostname, port } = new URL(intake.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  // It is cut in the middle of something: that is how it should end.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = ['GET /v1/events?after= HTTP/1.1', 'host: x', `authorization: Bearer ${intake.key}`];
  socket.write(`${[...head, 'accept: text/event-stream'].join('\r\n')}\r\n\r\n`);
  return socket;
}

/** Who does not read hears of its end only by sending, and sending must not keep its stream alive. */
const isCut = (socket: Socket): boolean => {
  if (!socket.destroyed) socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
  return socket.destroyed;
};

/** The engine's own, which is not there unless it is asked for. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'));
}

describe('readers that never read', () => {
  it('are cut, cost no memory to speak of, and hold nobody else up', async () => {
    const kept = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    // A queue without a bound would hold all of it, for each of them.
    const bound = (readers * whole) / 4;
    const collect = garbageCollector();
    collect();
    const before = kept();
    const stuck = await Promise.all(Array.from({ length: readers }, () => neverReading()));
    const watched = await openStream(intake.url, '/v1/events', { authorization: `Bearer ${intake.key}` });
    await watched.message(({ id }) => id !== undefined);
    let most = 0;
    while (stuck.filter((socket) => !isCut(socket)).length > 0) {
      const id = await intake.create();
      await watched.message(({ data }) => data?.includes(id) ?? false);
      // What is only not collected yet is not kept.
      if (kept() - before > bound) collect();
      most = Math.max(most, kept() - before);
    }
    watched.close();
    expect(most).toBeLessThan(bound);
  });

  it('lose their stream with their key, however long they may be stuck', async () => {
    await intake.restart({ stuckAfterMs: 600_000 });
    const stuck = await Promise.all(Array.from({ length: 3 }, () => neverReading()));
    // Until it is full, so that the stream waits for its reader and not for events.
    const full = await openStream(intake.url, '/v1/events?after=', { authorization: `Bearer ${intake.key}` });
    await until('all of it', async () => (full.text().length > events * 16 * 512 ? true : undefined));
    await intake.database.superuser`update intake.api_keys set expires_at = clock_timestamp()`;
    const begun = performance.now();
    for (const socket of stuck) await until('the cut', async () => isCut(socket) || undefined);
    await full.ended;
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

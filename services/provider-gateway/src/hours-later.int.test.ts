import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, startTelemetry } from '@darkroom/platform';
import { OtlpReceiver } from '@darkroom/platform/testing';
import { startSimulator } from '@darkroom/simulator';
import { GatewayUnderTest } from './testing/gateway-under-test.js';

const hour = 3_600_000;
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

it('a submit that the vendor wanted hours later is in the trace of the request, with its true wait', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-hours-later-'));
  const collector = await OtlpReceiver.start();
  const simulator = await startSimulator({ host: '127.0.0.1', port: 0, dataDir });
  const gateway = await GatewayUnderTest.create();
  const logger = createLogger({ service: 'test', level: 'silent' });
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;
  try {
    const telemetry = startTelemetry({ service: 'provider-gateway', endpoint: collector.url, logger });
    simulator.setFaults({ submit: { status: { 429: 1 }, retry_after: '7200' } });
    await gateway.start(simulator.url);
    const id = await gateway.request('standard', { traceparent, deadlineMs: 24 * hour });
    await gateway.when('to be tried again', id, ({ phase }) => phase === 'waiting');
    // A process that was restarted since knows of the wait by the log alone.
    await gateway.stopServices();

    simulator.setFaults({});
    ahead = 3 * hour;
    // The clock of the database cannot be moved: what it counts to is.
    await gateway.database.superuser`UPDATE gateway.jobs SET due_at = due_at - interval '3 hours'`;
    await gateway.database
      .superuser`UPDATE gateway.account_gates SET not_before = not_before - interval '3 hours'`;
    await gateway.start(simulator.url);
    await gateway.when('accepted', id, ({ phase }) => phase === 'processing');
    await gateway.stopServices();
    await telemetry.stop();

    const own = collector.spans.filter((span) => span.attributes['darkroom.generation.id'] === id);
    expect(new Set(own.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(own.filter(({ name }) => name === 'submit')).toHaveLength(2);
    const waits = own
      .filter(({ name }) => name === 'queue wait')
      .map((span) => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6);
    expect(Math.max(...waits)).toBeGreaterThan(2.9 * hour);
    expect(own.length).toBeLessThanOrEqual(60);
  } finally {
    Date.now = now;
    await gateway.drop();
    await simulator.stop();
    await collector.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

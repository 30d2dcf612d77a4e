import { about, turnsOutToBeAbout } from '../telemetry/about.js';
import { createLogger } from './logger.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const lines: string[] = [];
const log = (logPrompts = false) =>
  createLogger({
    service: 'test',
    level: 'trace',
    logPrompts,
    destination: { write: (line) => void lines.push(line) },
  });
const last = (): unknown => JSON.parse(lines.at(-1) ?? '');

describe('a log line', () => {
  it('says what the work is about that writes it, also after a pause, and nothing outside of it', async () => {
    const logger = log();
    await about({ traceparent, generation: 'g1' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      logger.info({ generation: 'g1' }, 'in');
    });
    expect(last()).toMatchObject({ trace_id: traceId, generation: 'g1' });
    expect(lines.at(-1)?.match(/"generation"/g)).toHaveLength(1);
    logger.info('out');
    expect(last()).not.toHaveProperty('trace_id');
    expect(last()).not.toHaveProperty('generation');
  });

  it('says what the work turned out to be about', async () => {
    const logger = log();
    await about({ traceparent }, async () => {
      turnsOutToBeAbout({ generation: 'g2' });
      await Promise.resolve();
      about({ traceparent: null }, () => logger.info('in'));
    });
    expect(last()).toMatchObject({ trace_id: traceId, generation: 'g2' });
  });

  it('tells prompts only where that was asked for, and secrets never', () => {
    const facts = {
      request: { prompt: 'a canary' },
      authorization: 'Bearer canary',
      account: { secret: 'canary' },
    };
    log().info(facts, 'in');
    expect(lines.at(-1)).not.toContain('canary');
    log(true).info(facts, 'in');
    expect(last()).toMatchObject({ request: { prompt: 'a canary' } });
    expect(lines.at(-1)?.match(/canary/g)).toHaveLength(1);
  });
});

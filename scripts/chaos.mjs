import { parseArgs } from 'node:util';
import { refuse, run } from './installed.mjs';

/** A long run of everything being broken under load: npm run test:chaos -- --minutes 5 --seed 7 [--bus kafka|postgres] [--per-second 4] [--drain-seconds 60] */
const options = {
  minutes: { type: 'string', default: '5' },
  seed: { type: 'string', default: '7' },
  bus: { type: 'string', default: 'kafka,postgres' },
  'per-second': { type: 'string', default: '4' },
  'drain-seconds': { type: 'string', default: '60' },
};
let values;
try {
  ({ values } = parseArgs({ options }));
} catch (error) {
  refuse(
    `${error.message}; usage: npm run test:chaos -- --minutes N --seed S [--bus kafka|postgres] [--per-second N] [--drain-seconds N]`,
  );
}
const { minutes, seed, bus } = values;
for (const [name, text] of Object.entries(values).filter(([name]) => name !== 'bus'))
  if (!(Number(text) > 0)) refuse(`--${name} must be a number above 0`);
if (!/^(kafka|postgres)(,(kafka|postgres))?$/.test(bus)) refuse('--bus must be kafka or postgres');
process.exitCode = run(process.execPath, ['scripts/test.mjs', 'test/faults/chaos/chaos.e2e'], {
  env: {
    ...process.env,
    CHAOS_SECONDS: String(Number(minutes) * 60),
    CHAOS_SEED: seed,
    CHAOS_BUS: bus,
    CHAOS_PER_SECOND: values['per-second'],
    CHAOS_DRAIN_SECONDS: values['drain-seconds'],
  },
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startTwoTenants, type TwoTenants } from '../testing/two-tenants.js';

/** The same requests for the same document; another number makes others. */
const seed = Number(process.env['DARKROOM_REQUESTS_SEED'] ?? 7);
const run = promisify(execFile);
const installer = fileURLToPath(new URL('../../../../scripts/schemathesis.mjs', import.meta.url));

/** What this reads of Schemathesis' own report. */
const reportSchema = z.looseObject({
  complete: z.boolean(),
  operations: z.looseObject({ total: z.int(), tested: z.int(), errored: z.int() }),
  test_cases: z.looseObject({
    generated: z.int(),
    with_failures: z.int(),
    without_checks: z.int(),
    errored: z.int(),
  }),
  failures: z.array(z.unknown()),
});

let world: TwoTenants;
let folder: string;
beforeAll(async () => {
  world = await startTwoTenants();
  folder = mkdtempSync(join(tmpdir(), 'darkroom-generated-requests-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.intake.stop();
});

/** What cannot be said in a schema, and what real things there are to ask for. */
const settings = (): string => `
seed = ${seed}
continue-on-failure = true

[generation]
max-examples = 50
database = "none"
# Refused with a 422 that names the field, which no schema can say; it has tests of its own.
allow-x00 = false

[[operations]]
# \`model\` must exist, \`min_count\` be at most \`count\`.
include-operation-id = "createGeneration"
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]

[[operations]]
# A cursor is one that we gave.
include-operation-id = "listGenerations"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]

[[operations]]
# The same, and a stream that has no end by itself.
include-operation-id = "followEvents"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]
max-stream-events = 1
request-timeout = 0.3

[[operations]]
# Until another request erases it.
include-operation-id = ["getArtifact", "getArtifactContent", "getArtifactThumbnail"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 410]
parameters = { id = "${world.owned.artifact}" }
`;

it('finds no answer that the document does not name, and none that is our own fault, in a thousand requests', async () => {
  const config = join(folder, 'schemathesis.toml');
  const report = join(folder, 'report.json');
  writeFileSync(config, settings());
  const { stdout: python } = await run(process.execPath, [installer]);
  const args = ['-m', 'schemathesis.cli', '--config-file', config, 'run', '--no-color', '--warnings', 'off'];
  const target = [
    '--header',
    `Authorization: Bearer ${world.intake.key}`,
    `${world.intake.url}/openapi.json`,
  ];
  const done = await run(
    python.trim(),
    [...args, '--report', 'json', '--report-json-path', report, ...target],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout?: string; stderr?: string }) => error);
  const found = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  if (found.failures.length > 0) process.stderr.write(done.stdout ?? '');
  const { operations, test_cases: cases } = found;
  process.stderr.write(`seed ${seed}: ${cases.generated} requests, ${operations.tested} calls\n`);
  expect(found.failures).toEqual([]);
  expect(cases).toMatchObject({ with_failures: 0, errored: 0 });
  expect(operations).toMatchObject({ tested: operations.total, errored: 0 });
  expect(cases.generated - cases.without_checks).toBeGreaterThanOrEqual(1_000);
  expect(found.complete).toBe(true);
}, 600_000);

import { randomUUID } from 'node:crypto';
import { answered } from './testing/answered.js';
import type { CapabilitySheet } from './capability-sheet.js';
import type {
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  ProviderAdapter,
  SubmitInput,
  VendorAnswer,
} from './provider-adapter.js';
import { adapterFor, knownModels, knownAdapters } from './registry.js';
import { mostOutputs } from './usable-outputs.js';

/*
 * What holds of every adapter, whatever its vendor. Who adds one sees here what is missing; what the vendor's answers mean is for the
 * adapter's own contract tests.
 */

const now = 1_800_000_000_000;
const webhookUrl = 'https://darkroom.example/v1/provider-webhooks/x/token-of-the-attempt';
const credential = 'canary-credential';

const models = knownAdapters().flatMap((adapter) =>
  Object.entries(adapter.models).map(([model, sheet]): [string, ProviderAdapter, CapabilitySheet] => [
    `${adapter.vendor}/${model}`,
    adapter,
    sheet,
  ]),
);

function inputFor({ model, limits }: CapabilitySheet): SubmitInput {
  const step = limits.sideStep ?? 1;
  const side = Math.ceil(limits.minSide / step) * step;
  const [width = side, height = side] = limits.sizes?.[0]?.split('x').map(Number) ?? [];
  return {
    model,
    prompt: 'canary-prompt',
    width,
    height,
    count: 1,
    seed: 424_242,
    format: limits.formats[0] ?? 'png',
    reference: randomUUID(),
    deadlineSeconds: 600,
  };
}

const answer = (status: number, body: string, type = 'application/json'): VendorAnswer =>
  answered(status, body, { 'content-type': type });

const html = '<!doctype html><title>Bad gateway</title>';
const statuses = [
  200, 201, 202, 204, 301, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429, 499, 500,
  502, 503, 504, 529,
];
/** Said by something in between, by a vendor that is broken, or by nobody. */
const nonsense = [
  '',
  html,
  'null',
  '[]',
  '7',
  '"x"',
  '{',
  '{}',
  '{"id":',
  '{"id":7,"status":7}',
  '[[[]]]',
  // As something in between says it.
  '{"status":"error","message":"x"}',
  '{"status":"failed"}',
  '{"message":"x"}',
  '\u0000',
  '{"a":1,"a":2}',
  `{"error":${'['.repeat(200)}`,
];
const everyNonsense = statuses.flatMap((status) => nonsense.map((body) => answer(status, body)));

it('has each vendor once, and every model under its name', () => {
  const vendors = knownAdapters().map(({ vendor }) => vendor);
  expect(new Set(vendors).size).toBe(vendors.length);
  for (const vendor of vendors) expect(adapterFor(vendor)?.vendor).toBe(vendor);
  expect(knownModels()).toEqual(models.map(([name]) => name));
});

describe.each(models)('%s', (_name, adapter, sheet) => {
  const input = inputFor(sheet);
  const lost: LostSubmit = { ...input, startedAt: now, names: () => undefined };
  const asked = { model: sheet.model, jobId: 'job-1' };

  it('has a sheet that says one thing', () => {
    expect(sheet.vendor).toBe(adapter.vendor);
    expect(adapter.models[sheet.model]).toBe(sheet);
    const isKeyed = sheet.submit === 'keyed-replay' || sheet.submit === 'keyed-reject';
    // A key is for who takes keys; blind is who can be asked for nothing by which a submit is known.
    if (!isKeyed) expect(sheet.keyScope).toBeNull();
    if (sheet.submit === 'lookup') expect(adapter.lookup(lost)).toBeDefined();
    if (sheet.submit === 'blind' || sheet.submit === 'keyed-replay')
      expect(adapter.lookup(lost)).toBeUndefined();
    if (sheet.absence === 'proof') expect(adapter.lookup(lost)).toBeDefined();
    expect(adapter.poll(sheet.model, 'job-1') === undefined).toBe(sheet.poll === 'none');
    expect(adapter.cancel(sheet.model, 'job-1') === undefined).toBe(sheet.cancel === 'never');
    // Who cannot be asked tells the end with the answer, or by webhook.
    if (sheet.poll === 'none' && !adapter.webhooksDecide) expect(sheet.result).toBe('inline');
  });

  it('has times, limits and a price that make sense', () => {
    const { limits, price, usualSeconds } = sheet;
    for (const seconds of [sheet.sendBySeconds, sheet.submitTimeoutSeconds, sheet.graceSeconds])
      expect(seconds).toBeGreaterThan(0);
    expect(sheet.submitTimeoutSeconds).toBeGreaterThanOrEqual(sheet.sendBySeconds);
    expect(usualSeconds.p95).toBeGreaterThanOrEqual(usualSeconds.p50);
    // What has no answer before it is done must be waited for.
    if (sheet.poll === 'none' && !sheet.takesWebhook)
      expect(sheet.submitTimeoutSeconds).toBeGreaterThan(usualSeconds.p95);
    expect(limits.maxSide).toBeGreaterThanOrEqual(limits.minSide);
    expect(limits.formats.length).toBeGreaterThan(0);
    expect(limits.maxCount).toBeGreaterThan(0);
    // More are not read.
    expect(limits.maxCount).toBeLessThanOrEqual(mostOutputs);
    for (const size of limits.sizes ?? []) {
      expect(size).toMatch(/^\d+x\d+$/);
      for (const side of size.split('x').map(Number)) {
        expect(side).toBeGreaterThanOrEqual(limits.minSide);
        expect(side).toBeLessThanOrEqual(limits.maxSide);
      }
    }
    expect(Number.isSafeInteger(price.microsPerImage)).toBe(true);
    expect(price.currency).toMatch(/^[A-Z]{3}$/);
    expect(sheet.accountLimits.concurrent).toBeGreaterThan(0);
  });

  it('builds the same bytes for the same input, and no credential into them', () => {
    const request = adapter.submit(input);
    expect(adapter.submit({ ...input })).toEqual(request);
    expect(request.path.startsWith('/')).toBe(true);
    const sent = JSON.stringify(request);
    expect(sent).toContain('canary-prompt');
    expect(sent).not.toContain(credential);
    if (sheet.takesSeed) expect(sent).toContain('424242');
    if (sheet.submit === 'keyed-replay' || sheet.submit === 'keyed-reject')
      expect(sent).toContain(input.reference);
    if (adapter.needsNoCredential) expect(adapter.authorize('')).toEqual({});
    const said = JSON.stringify(adapter.authorize(credential));
    // As it is, or as Basic has it.
    expect(said.replace(btoa(credential), credential)).toContain(credential);
  });

  it('asks for a webhook where the model takes one and there is an address, and never else', () => {
    const withOne = JSON.stringify(adapter.submit({ ...input, webhookUrl, webhookSecret: 'canary-secret' }));
    expect(withOne.includes('token-of-the-attempt')).toBe(sheet.takesWebhook);
    expect(withOne.includes('canary-secret')).toBe(
      sheet.takesWebhook && adapter.webhookSecretPerAttempt === true,
    );
    expect(JSON.stringify(adapter.submit(input))).not.toContain('webhook');
  });

  it('takes no nonsense for a job, and none for a refusal', () => {
    for (const given of everyNonsense)
      expect([
        given.status,
        Buffer.from(given.body).toString(),
        adapter.readSubmit(sheet.model, given, now).kind,
      ]).toEqual([given.status, Buffer.from(given.body).toString(), 'unreadable']);
  });

  it('takes no nonsense for the end of a job, or for proof that there is none', () => {
    // Its word for a cancel that was heard.
    const isCog = adapter.vendor === 'cog';
    // That a job goes on under a word that nobody knows ends nothing.
    const proves = (said: PollAnswer | LookupAnswer): boolean =>
      said.kind === 'job'
        ? said.state.kind !== 'open' || said.state.statusKnown
        : ['not_found', 'found', 'absent', 'page'].includes(said.kind);
    for (const given of everyNonsense) {
      const said = [
        ...(adapter.poll(sheet.model, 'job-1') ? [adapter.readPoll(given, asked, now)] : []),
        ...(adapter.cancel(sheet.model, 'job-1') && !(isCog && Buffer.from(given.body).toString() === '{}')
          ? [adapter.readCancel(given, asked, now)]
          : []),
        ...(adapter.lookup(lost) ? [adapter.readLookup(given, lost, now)] : []),
      ];
      expect([given.status, Buffer.from(given.body).toString(), said.filter(proves)]).toEqual([
        given.status,
        Buffer.from(given.body).toString(),
        [],
      ]);
    }
  });

  it('believes no webhook of a stranger', () => {
    for (const body of [...nonsense, '{"id":"job-1","status":"succeeded"}'])
      for (const headers of [
        {},
        { authorization: 'Bearer x', 'webhook-signature': 'v1,x', 'x-bfl-signature': 'sha256=00' },
      ])
        expect(adapter.verifyWebhook({ headers, rawBody: Buffer.from(body) }, ['whsec_AAAA'], now).kind).toBe(
          'refused',
        );
    for (const body of nonsense) expect(adapter.readNotification(Buffer.from(body))).toBeUndefined();
    if (adapter.webhooksDecide) expect(adapter.isWebhookSecret?.('short')).toBe(false);
  });
});

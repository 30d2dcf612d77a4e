import { encodeEvent } from '@darkroom/contract';
import type { Money } from '@darkroom/domain';
import type { JobState, SubmitAnswer, VendorError } from '../provider-adapter.js';

const of = { run: 1, attempt: 1 };
const bill = (cost: Money = { micros: '0', currency: 'USD' }) => ({
  charge: 'CHARGE_CERTAIN' as const,
  cost,
});
const known = <T>(name: string, value: T | null | undefined): Record<string, T> =>
  value === null || value === undefined ? {} : { [name]: value };

/** What a text may be at most, by what it is. */
const longest: Readonly<Record<string, number>> = {
  jobId: 200,
  jobUrl: 4_096,
  url: 4_096,
  vendorCode: 100,
  vendorMessage: 500,
  vendorStatus: 60,
  sha256: 64,
  notificationId: 300,
};

/** That every text in it is short, and has nothing that breaks a database, a log or a terminal. */
export function expectClean(said: unknown, name = ''): void {
  if (typeof said === 'string') {
    if (/[\p{Cc}\p{Surrogate}]/u.test(said)) throw new Error(`${name} is not clean: ${JSON.stringify(said)}`);
    if (name === 'mediaType' && !/^([a-z]+\/[a-z0-9.+-]{1,80})?$/.test(said))
      throw new Error(`${JSON.stringify(said)} is no media type`);
    const most = longest[name] ?? 1_000;
    if (said.length > most) throw new Error(`${name} has ${said.length} characters, and may have ${most}`);
  } else if (typeof said === 'object' && said !== null && !(said instanceof Uint8Array))
    for (const [key, value] of Object.entries(said)) expectClean(value, key);
}

/** That what was read can be written into the events that are made of it. */
export function expectWritable(said: JobState | SubmitAnswer): void {
  expectClean(said);
  switch (said.kind) {
    case 'accepted':
      encodeEvent('SubmissionAccepted', {
        ...of,
        ...bill(said.cost),
        vendorJobId: said.jobId,
        ...known('queuePosition', said.queuePosition),
        ...known('vendorJobUrl', said.jobUrl),
      });
      break;
    case 'open':
      expect(['queued', 'running']).toContain(said.stage);
      encodeEvent('ProgressReported', {
        ...of,
        vendorStatus: said.vendorStatus,
        ...known('percent', said.percent),
        ...known('queuePosition', said.queuePosition),
      });
      break;
    case 'produced':
      encodeEvent('OutputsProduced', {
        ...of,
        ...bill(said.cost),
        outputs: said.outputs.map(({ index, sha256, bytes, mediaType }) => ({
          index,
          sha256,
          bytes: String(bytes),
          mediaType,
        })),
        links: said.outputs.flatMap(({ index, source }) =>
          source.kind === 'link' ? [{ index, url: source.url, stagingKey: '' }] : [],
        ),
      });
      for (const { source } of said.outputs) if (source.kind === 'link') expectToLead(source.url);
      break;
    case 'failed':
      encodeFailure(said.end, said);
      break;
    case 'refused':
      expect([null, ...Array.from({ length: 301 }, (_, nth) => nth)]).toContain(said.retryAfterSeconds);
      encodeFailure('ATTEMPT_END_REFUSED', said);
      break;
    case 'ended':
      expectWritable(said.state);
      break;
    default:
  }
}

/** Somewhere, whatever the account's own address is. */
function expectToLead(link: string): void {
  for (const base of ['http://host.example/', 'https://host.example/'])
    if (!URL.canParse(link, base)) throw new Error(`${link} leads nowhere from ${base}`);
}

function encodeFailure(
  end: 'ATTEMPT_END_REFUSED' | Extract<JobState, { kind: 'failed' }>['end'],
  { failureClass, vendorCode, vendorMessage }: Omit<VendorError, 'retryAfterSeconds'>,
): void {
  encodeEvent('AttemptFailed', {
    ...of,
    ...bill(),
    end,
    failureClass,
    vendorCode,
    vendorMessage,
    retryRule: '',
    nextModel: '',
  });
}

import { generationEventTypes, isTenantVisible } from '@darkroom/contract';
import { isFinal as isFinalPhase, openQuestions } from '@darkroom/domain';
import type { RecordedEvent } from '@darkroom/event-store';
import { fromPublicId } from '@darkroom/platform';
import { chargeWord, foldDetail, statusOf } from '@darkroom/read-models';
import { isSettled, settledByVendor } from '../client.js';
import type { Finding } from '../judge.js';
import type { Evidence, Folded, VendorJob } from './evidence.js';

const admitsCharge = new Set(['CHARGE_POSSIBLE', 'CHARGE_CERTAIN']);
const finalEvents = new Set(['GenerationCompleted', 'GenerationFailed', 'GenerationCanceled']);

const ofGenerations = new Set<string>(generationEventTypes);
const isOfGeneration = ({ type }: RecordedEvent): boolean => ofGenerations.has(type);

/** Groups the log by generation and folds each. */
export function foldAll(events: readonly RecordedEvent[]): Map<string, Folded> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const known = streams.get(event.stream);
    if (known) known.push(event);
    else streams.set(event.stream, [event]);
  }
  return new Map(
    [...streams].flatMap(([id, own]): [string, Folded][] => {
      const first = own[0];
      // Provider accounts have streams too.
      if (first === undefined || !isOfGeneration(first)) return [];
      const prompt = first.type === 'GenerationRequested' ? first.data.prompt : undefined;
      const inOrder = own.toSorted((a, b) => a.version - b.version);
      try {
        return [
          [id, { id, events: own, prompt, state: foldDetail(undefined, inOrder)?.state, error: undefined }],
        ];
      } catch (error) {
        return [[id, { id, events: own, prompt, state: undefined, error }]];
      }
    }),
  );
}

/** Nothing acknowledged is lost, nothing is there that nobody asked for, and one key is one generation. */
export function judgeRequests({ requests }: Evidence, folded: ReadonlyMap<string, Folded>): Finding[] {
  const findings: Finding[] = [];
  const asked = new Map(requests.map((request) => [request.prompt, request]));
  for (const { key, prompt, tries } of requests) {
    const ids = new Set(tries.flatMap(({ id }) => id ?? []));
    if (ids.size > 1) findings.push(`lost: ${key} was acknowledged as ${[...ids].join(' and ')}`);
    if (ids.size === 0) findings.push(`lost: ${key} was never acknowledged`);
    for (const id of ids) {
      const there = folded.get(fromPublicId('gen', id) ?? '');
      if (there === undefined) findings.push(`lost: ${id} was acknowledged and is not in the store`);
      else if (there.prompt !== prompt) findings.push(`lost: ${id} is of another request`);
    }
  }
  const seen = new Map<string, string>();
  for (const { id, prompt = '' } of folded.values()) {
    if (!asked.has(prompt)) findings.push(`phantom: ${id} was never asked for`);
    const other = seen.get(prompt);
    if (other !== undefined) findings.push(`phantom: ${id} and ${other} are of one key`);
    seen.set(prompt, id);
  }
  return findings;
}

/** Versions without gaps, in the order of the log, legal by the table of transitions, and one end for each run. */
export function judgeStreams(folded: ReadonlyMap<string, Folded>): Finding[] {
  const findings: Finding[] = [];
  for (const { id, events, error } of folded.values()) {
    const versions = events.map(({ version }) => version);
    if (versions.some((version, n) => version !== n + 1))
      findings.push(`stream: versions of ${id} are ${versions.join(' ')}`);
    if (error !== undefined) findings.push(`stream: ${id} is not legal: ${wordsOf(error)}`);
    const ends = new Map<number, number>();
    for (const { type, data } of events)
      if (finalEvents.has(type) && 'run' in data) ends.set(data.run, (ends.get(data.run) ?? 0) + 1);
    for (const [run, count] of ends)
      if (count > 1) findings.push(`stream: run ${run} of ${id} ended ${count} times`);
  }
  return findings;
}

/** Jest's realm has an Error of its own. */
const wordsOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown';

/** Every generation has ended, or waits for a person where the vendor itself cannot settle it. */
export function judgeEnded({ resources }: Evidence, folded: ReadonlyMap<string, Folded>): Finding[] {
  const findings: Finding[] = [];
  for (const { id, state } of folded.values()) {
    if (state === undefined || isFinalPhase(state.phase)) continue;
    const model = state.attempts.at(-1)?.model ?? state.requested.model;
    if (settledByVendor.has(model) || openQuestions(state).length === 0)
      findings.push(`open: ${id} (${model}) has not ended: ${state.phase}`);
  }
  for (const resource of resources.values())
    if (!isSettled(resource)) findings.push(`open: ${resource.id} is shown as ${resource.status}`);
  return findings;
}

/** The vendor's own bill, against what the log says of each attempt: nobody paid twice, and no charge is hidden. */
export function judgeCharges(
  { ledger, vendorJobs }: Evidence,
  folded: ReadonlyMap<string, Folded>,
): Finding[] {
  const findings: Finding[] = [];
  const paid = new Map<string, (typeof ledger)[number][]>();
  for (const line of ledger)
    if (line.accepted && !line.replay)
      paid.set(line.prompt ?? '', [...(paid.get(line.prompt ?? '') ?? []), line]);
  // Each attempt has a reference of its own, where the model takes one.
  const named = new Map<string, number>();
  for (const { reference, accepted, replay } of ledger)
    if (accepted && !replay && reference) named.set(reference, (named.get(reference) ?? 0) + 1);
  for (const [reference, times] of named)
    if (times > 1) findings.push(`charge: attempt ${reference} was accepted ${times} times`);
  const byPrompt = new Map([...folded.values()].map((one) => [one.prompt ?? '', one]));
  for (const [prompt, lines] of paid) {
    const paidFor = byPrompt.get(prompt);
    const state = paidFor?.state;
    if (paidFor === undefined || state === undefined) {
      findings.push(`charge: "${prompt}" was paid for and is in no stream`);
      continue;
    }
    const { id } = paidFor;
    // A submit that came to nothing at the vendor was not accepted; each that was belongs to an attempt of its own.
    if (lines.length > state.attempts.length)
      findings.push(
        `charge: ${id} has ${state.attempts.length} attempts, the vendor accepted ${lines.length}`,
      );
    if (
      lines.length > 1 &&
      !isExplained(
        state.attempts,
        lines.map(({ job_id }) => vendorJobs.get(job_id ?? '')),
      )
    )
      findings.push(`charge: ${id} was accepted ${lines.length} times, and nothing explains the second`);
    const micros = lines.reduce((sum, { charged_micros }) => sum + charged_micros, 0);
    const told = paidFor.events.findLast(({ type }) => finalEvents.has(type));
    if (micros > 0 && told !== undefined && 'charge' in told.data && told.data.charge === 'CHARGE_NONE')
      findings.push(`charge: ${id} was told as not charged, the vendor charged ${micros}`);
    if (micros > 0 && isFinalPhase(state.phase) && !admitsCharge.has(state.charge ?? ''))
      findings.push(`charge: ${id} ended as ${state.charge ?? 'nothing'}, the vendor charged ${micros}`);
    if (micros > 0 && state.phase === 'succeeded' && state.charge !== 'CHARGE_CERTAIN')
      findings.push(`charge: ${id} succeeded as ${state.charge ?? 'nothing'}, the vendor charged ${micros}`);
    const model = lines[0]?.model ?? '';
    const current = state.attempts.find(({ number }) => number === state.current)?.vendorJobId;
    for (const { job_id, reference, key } of lines) {
      const isOrphan = state.orphans.some(({ vendorJobId }) => vendorJobId === job_id);
      const isKnown = isOrphan || state.attempts.some(({ vendorJobId }) => vendorJobId === job_id);
      if (!isFinalPhase(state.phase)) continue;
      // A run that is canceled, or at its deadline, does not wait for ever: what could not be asked in time stays an open question.
      if (openQuestions(state).some((attempt) => attempt.reference === (reference ?? key))) continue;
      // One whose answer was lost, of a model that tells nothing afterwards, nobody can know of.
      const canBeKnown = isKnown || settledByVendor.has(`sim/${model}`);
      if (
        canBeKnown &&
        vendorJobs.get(job_id ?? '')?.status === 'succeeded' &&
        job_id !== current &&
        !isOrphan
      )
        findings.push(
          `charge: job ${job_id ?? ''} (${model}) of ${id} has images, and is neither current nor an orphan`,
        );
      if (canBeKnown && !isKnown)
        findings.push(
          `charge: job ${job_id ?? ''} (${model}) of ${id} was paid for, and is neither its attempt's nor an orphan`,
        );
    }
  }
  return findings;
}

type Attempts = NonNullable<Folded['state']>['attempts'];

/** A second one is in order where the vendor itself says that those before came to nothing; of jobs that it does not show, the log. */
function isExplained(attempts: Attempts, jobs: readonly (VendorJob | undefined)[]): boolean {
  const shown = jobs.filter((job) => job !== undefined);
  const inVain = shown.filter(({ status }) => status === 'failed' || status === 'canceled').length;
  const byTheLog = attempts.filter(({ status }) => status === 'failed' || status === 'abandoned').length;
  const hidden = jobs.length - shown.length;
  return jobs.length <= inVain + Math.min(hidden, byTheLog) + 1;
}

/** Every event is on the topic, its first occurrences in order for each key, and nothing personal with it. */
export function judgeTopic({ topic, events, requests }: Evidence): Finding[] {
  if (topic === undefined) return [];
  const findings: Finding[] = [];
  const first = new Map<string, number[]>();
  const ids = new Set<string>();
  for (const { key, headers } of topic) {
    const id = headers['ce_id'] ?? '';
    if (ids.has(id)) continue;
    ids.add(id);
    const versions = first.get(key ?? '') ?? [];
    versions.push(Number(headers['ce_sequence']));
    first.set(key ?? '', versions);
  }
  const missing = events.filter(({ id }) => !ids.has(id));
  if (missing.length > 0)
    findings.push(`topic: ${missing.length} events are missing, the first is ${missing[0]?.id ?? ''}`);
  const stored = new Set(events.map(({ id }) => id));
  for (const id of ids) if (!stored.has(id)) findings.push(`topic: ${id} is not in the store`);
  for (const [key, versions] of first)
    if (versions.some((version, n) => version !== n + 1))
      findings.push(`topic: ${key} came as ${versions.join(' ')}`);
  const begins = commonBeginning(requests.map(({ prompt }) => prompt));
  if (begins === '') return [...findings, 'topic: nothing that all prompts begin with could be looked for'];
  const leaked = topic.filter(({ value, headers }) =>
    [value ?? '', ...Object.values(headers)].some((told) => told.includes(begins)),
  );
  if (leaked.length > 0) findings.push(`topic: prompts are in ${leaked.length} records`);
  return findings;
}

/** What all of them begin with: one look for it instead of one for each. */
function commonBeginning([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/** What readers get is what the log folds to, and the feed has each event that is for tenants once, in order. */
export function judgeProjections(
  { details, feed, events, regresses, notFound }: Evidence,
  folded: ReadonlyMap<string, Folded>,
): Finding[] {
  const findings: Finding[] = [];
  for (const { id, events: own, state } of folded.values()) {
    if (state === undefined) continue;
    const row = details.get(id);
    if (row === undefined) findings.push(`projection: ${id} has no row`);
    else if (!isSame(row, foldDetail(undefined, own)))
      findings.push(`projection: ${id} is at version ${row.version} of ${own.length}, or another fold`);
  }
  const expected = events.filter(({ type }) => isTenantVisible(type)).map(({ id }) => id);
  const shown = feed.map(({ event }) => event);
  if (new Set(shown).size !== shown.length) findings.push('feed: an event is shown twice');
  const missing = new Set(expected).size - new Set(shown).size;
  if (missing !== 0) findings.push(`feed: ${missing} events are missing`);
  else if (shown.some((id, n) => id !== expected[n])) findings.push('feed: not in the order of the log');
  for (const id of new Set(notFound)) findings.push(`reader: ${id} was acknowledged, and then not found`);
  for (const { id, before, seen } of regresses)
    findings.push(`reader: ${id} was seen at ${seen.join('.')} after ${before.join('.')}`);
  return findings;
}

/** Each status is counted as often as the log folds to it; an image is found by its id, in the generation that stored it and in no other. */
export function judgeIndexes(
  { counts, imageRows, details }: Pick<Evidence, 'counts' | 'imageRows' | 'details'>,
  folded: ReadonlyMap<string, Folded>,
): Finding[] {
  const findings: Finding[] = [];
  const expected = new Map<string, number>();
  const storedBy = new Map<string, string>();
  for (const { id, events, state } of folded.values()) {
    for (const { type, data } of events) if (type === 'ArtifactStored') storedBy.set(data.artifactId, id);
    if (state === undefined) continue;
    const place = `${statusOf(state.phase)} of ${details.get(id)?.tenant ?? 'nobody'}`;
    expected.set(place, (expected.get(place) ?? 0) + 1);
    for (const { artifact } of state.outputs)
      if (artifact !== null && imageRows.get(artifact.id) !== id)
        findings.push(`projection: image ${artifact.id} of ${id} is not found by its id`);
  }
  for (const [image, generation] of imageRows)
    if (storedBy.get(image) !== generation)
      findings.push(`projection: image ${image} is found in ${generation}, which never stored it`);
  const counted = new Map(counts.map(({ tenant, status, n }) => [`${status} of ${tenant}`, n]));
  for (const place of new Set([...expected.keys(), ...counted.keys()]))
    if (expected.get(place) !== counted.get(place))
      findings.push(
        `projection: ${counted.get(place) ?? 0} are counted as ${place}, there are ${expected.get(place) ?? 0}`,
      );
  return findings;
}

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

/** JSON of the database has its keys in another order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, inOrder(one)]),
  );
}

/** What clients were shown last is what the log folds to. */
export function judgeShown({ resources }: Evidence, folded: ReadonlyMap<string, Folded>): Finding[] {
  const findings: Finding[] = [];
  for (const shown of resources.values()) {
    const state = folded.get(fromPublicId('gen', shown.id) ?? '')?.state;
    // What goes on while it is looked at is shown as it was.
    if (state === undefined || !isFinalPhase(state.phase)) continue;
    const { id, status, run, version, artifacts, error } = shown;
    if (status !== statusOf(state.phase)) findings.push(`shown: ${id} as ${status}, it is ${state.phase}`);
    if (run !== state.run || version > state.version)
      findings.push(`shown: ${id} at ${run}.${version}, it is at ${state.run}.${state.version}`);
    const stored = state.outputs.flatMap(({ artifact }) => artifact?.sha256 ?? []);
    if (artifacts.map(({ sha256 }) => sha256).join() !== stored.join())
      findings.push(`shown: ${id} with ${artifacts.length} images, ${stored.length} are stored, or others`);
    if (error !== null && error.charge !== chargeWord(state.charge ?? 'CHARGE_POSSIBLE'))
      findings.push(`shown: ${id} as charged ${error.charge}, it is ${state.charge ?? 'unknown'}`);
  }
  return findings;
}

/** Stored bytes are those that were recorded, those that are served, and those that the vendor made. */
export function judgeImages(
  { objects, served, pictures }: Evidence,
  folded: ReadonlyMap<string, Folded>,
): Finding[] {
  const findings: Finding[] = [];
  for (const { id, state } of folded.values()) {
    if (state?.phase === 'succeeded' && !state.outputs.some(({ status }) => status === 'stored'))
      findings.push(`image: ${id} succeeded without one`);
    const jobId = state?.attempts.find(({ number }) => number === state.current)?.vendorJobId;
    for (const { index, artifact } of state?.outputs ?? []) {
      if (artifact === null) continue;
      const { sha256, bytes } = artifact;
      const stored = objects.get(artifact.storageKey);
      if (stored?.sha256 !== sha256 || String(stored.bytes) !== bytes)
        findings.push(
          `image: ${id}/${index} is recorded as ${sha256}, stored is ${stored?.sha256 ?? 'nothing'}`,
        );
      const shown = served.get(artifact.id);
      if (shown?.sha256 !== sha256)
        findings.push(
          `image: ${id}/${index} is recorded as ${sha256}, served is ${shown?.sha256 ?? 'nothing'}`,
        );
      if (pictures.get(jobId ?? '')?.[index] !== sha256)
        findings.push(`image: ${id}/${index} is not what the vendor made`);
    }
  }
  return findings;
}

/** Everything against everything; an empty list is a pass. */
export function judgeRun(evidence: Evidence): Finding[] {
  const folded = foldAll(evidence.events);
  return [
    ...judgeRequests(evidence, folded),
    ...judgeStreams(folded),
    ...judgeEnded(evidence, folded),
    ...judgeCharges(evidence, folded),
    ...judgeTopic(evidence),
    ...judgeProjections(evidence, folded),
    ...judgeIndexes(evidence, folded),
    ...judgeShown(evidence, folded),
    ...judgeImages(evidence, folded),
  ];
}

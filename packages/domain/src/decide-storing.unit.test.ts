import type { Command } from './commands.js';
import { decide } from './decide.js';
import { planArtifact } from './plan-artifact.js';
import { planGateway } from './plan-gateway.js';
import type { GenerationState } from './state.js';
import {
  accepted,
  aGeneration,
  carryOut,
  deadline,
  eventsOf,
  heard,
  produced,
  refusalOf,
  start,
  storedArtifact,
  submit,
} from './testing/a-generation.js';
import { contracts } from './testing/contracts.js';

const now = start + 2_000;
const made = (count: number, minCount = 1): GenerationState =>
  carryOut(aGeneration({ minCount }), submit(), heard(accepted()), heard(produced('job-1', count)));
const store = (index: number): Command => ({
  type: 'store-artifact',
  now,
  artifact: storedArtifact(1, index),
});
const reject = (index: number): Command => ({
  type: 'reject-artifact',
  now,
  attempt: 1,
  index,
  reason: 'REJECTION_REASON_LINK_EXPIRED',
  detail: '',
});
const refresh = (index: number, url: string | null = 'https://cdn.example/again'): Command => ({
  type: 'refresh-output',
  attempt: 1,
  index,
  link: url === null ? null : { index, url, stagingKey: '', expiresAt: '2026-01-01T01:00:00Z' },
});
const order = (state: GenerationState): Command => ({
  type: 'fail',
  now,
  reason: '',
  expectedDecisionVersion: state.decisionVersion,
});
const types = (state: GenerationState, command: Command): string[] =>
  eventsOf(state, command).map(({ type }) => type);

describe('storing', () => {
  it('ends with the last image, in one append', () => {
    const one = carryOut(made(2), store(0));
    expect(one.phase).toBe('storing');
    expect(types(one, store(1))).toEqual(['ArtifactStored', 'GenerationCompleted']);
    expect(carryOut(one, store(1))).toMatchObject({ phase: 'succeeded', charge: 'CHARGE_CERTAIN' });
  });

  it('stores each image once', () => {
    expect(refusalOf(carryOut(made(2), store(0)), store(0))).toBe('nothing_new');
    expect(refusalOf(made(1), store(1))).toBe('nothing_new');
  });

  it('asks for a fresh link three times, and then gives the image up', () => {
    let state = carryOut(made(2), store(0));
    for (let again = 0; again < 3; again += 1) {
      state = carryOut(state, reject(1));
      expect(refusalOf(state, reject(1))).toBe('nothing_new');
      expect(planArtifact(state, now)).toEqual({ do: 'nothing', due: deadline });
      expect(planGateway(state, now, () => contracts.lookup)).toMatchObject({
        do: 'refresh-links',
        indexes: [1],
      });
      state = carryOut(state, refresh(1));
      expect(planArtifact(state, now)).toMatchObject({ do: 'store', outputs: [{ index: 1 }] });
    }
    expect(types(state, reject(1))).toEqual(['ArtifactRejected', 'GenerationCompleted']);
  });

  it('gives an image up that has no link any more', () => {
    const state = carryOut(made(1), reject(0), refresh(0, null));
    expect(carryOut(state, reject(0))).toMatchObject({
      phase: 'failed',
      error: { code: 'ERROR_CODE_ARTIFACT_UNRECOVERABLE' },
      charge: 'CHARGE_CERTAIN',
    });
  });

  it('says that the vendor gave fewer than are enough', () => {
    const state = carryOut(made(1, 2), store(0));
    expect(state).toMatchObject({ phase: 'failed', error: { code: 'ERROR_CODE_INCOMPLETE_OUTPUTS' } });
    const none = made(0);
    expect(planArtifact(none, now)).toEqual({ do: 'conclude' });
    expect(carryOut(none, { type: 'conclude-storing', now })).toMatchObject({ phase: 'failed' });
  });

  it('asks the same question at the deadline', () => {
    const conclude: Command = { type: 'conclude-storing', now: deadline };
    expect(planArtifact(made(2), deadline)).toEqual({ do: 'conclude' });
    expect(carryOut(made(2), conclude)).toMatchObject({ error: { code: 'ERROR_CODE_DEADLINE_EXCEEDED' } });
    expect(carryOut(made(2), store(0), conclude).phase).toBe('succeeded');
    expect(refusalOf(made(2), { type: 'conclude-storing', now })).toBe('nothing_new');
  });

  it('fails as ordered, unless everything is there', () => {
    const state = made(2);
    const ordered = carryOut(state, order(state));
    expect(planArtifact(ordered, now)).toEqual({ do: 'conclude' });
    expect(carryOut(ordered, { type: 'conclude-storing', now })).toMatchObject({
      phase: 'failed',
      error: { code: 'ERROR_CODE_FAILED_BY_OPERATOR' },
    });
  });

  it('is too late for a cancellation', () => {
    expect(decide({ type: 'cancel', now, by: 'REQUESTER_CLIENT', reason: '' }, made(2))).toEqual({
      kind: 'refused',
      reason: 'too_late',
    });
  });
});

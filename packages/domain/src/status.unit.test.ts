import { phases } from './state.js';
import { describeStatus, statusGlossary, statusOfPhase } from './status.js';
import {
  accepted,
  aGeneration,
  carryOut,
  heard,
  lost,
  minute,
  produced,
  start,
  submit,
} from './testing/a-generation.js';

const fresh = aGeneration();
const submitting = carryOut(fresh, submit());
const processing = carryOut(submitting, heard(accepted()));
const unresolved = carryOut(submitting, heard(lost));
const storing = carryOut(processing, heard(produced()));
const refusedBy = (
  failureClass: 'FAILURE_CLASS_RATE_LIMITED' | 'FAILURE_CLASS_UNAUTHORIZED' | 'FAILURE_CLASS_NETWORK',
) =>
  carryOut(
    submitting,
    heard(
      { kind: 'refused', failureClass, vendorCode: '', vendorMessage: '', retryAfterSeconds: null },
      { now: start },
    ),
  );
const cancel = { type: 'cancel', now: start + 1_000, by: 'REQUESTER_CLIENT', reason: '' } as const;

describe('how a generation stands, in words', () => {
  it('has a word for every phase', () => {
    expect(Object.keys(statusOfPhase).sort()).toEqual([...phases].sort());
  });

  it.each([
    ['just asked for', fresh, start, 'queued', undefined],
    ['no place for a while', fresh, start + 3_000, 'queued', 'waiting_for_slot'],
    ['being sent', submitting, start, 'processing', 'submitting'],
    ['answer lost', unresolved, start + 10_000, 'processing', 'confirming_with_provider'],
    ['answer lost for long', unresolved, start + 5 * minute, 'processing', 'needs_attention'],
    ['running', processing, start, 'processing', undefined],
    ['asked to cancel', carryOut(processing, cancel), start, 'processing', 'canceling'],
    ['asked to cancel while being sent', carryOut(submitting, cancel), start, 'processing', 'canceling'],
    ['provider is busy', refusedBy('FAILURE_CLASS_RATE_LIMITED'), start, 'queued', 'provider_capacity'],
    ['account is paused', refusedBy('FAILURE_CLASS_UNAUTHORIZED'), start, 'queued', 'provider_paused'],
    ['next try later', refusedBy('FAILURE_CLASS_NETWORK'), start, 'queued', 'retry_scheduled'],
    ['images are fetched', storing, start, 'verifying', undefined],
  ])('%s', (_what, state, now, status, code) => {
    const described = describeStatus(state, now);
    expect(described.status).toBe(status);
    expect(described.reason?.code).toBe(code);
    if (described.reason !== null)
      expect(described.reason.message).toContain(statusGlossary[described.reason.code]);
  });

  it('says until when', () => {
    expect(describeStatus(unresolved, start + 10_000).reason?.until).toBe(start + 121_000);
    const paused = describeStatus(refusedBy('FAILURE_CLASS_UNAUTHORIZED'), start + 10_000).reason;
    expect(paused).toMatchObject({ until: start + minute, message: statusGlossary.provider_paused });
    const later = describeStatus(refusedBy('FAILURE_CLASS_NETWORK'), start).reason;
    expect(later?.message).toMatch(/next try in 1 s\.$/);
  });

  it('says that an image is fetched again', () => {
    const reason = 'REJECTION_REASON_TRUNCATED';
    const again = carryOut(storing, {
      type: 'reject-artifact',
      now: start,
      attempt: 1,
      index: 0,
      reason,
      detail: '',
    });
    expect(describeStatus(again, start).reason?.code).toBe('fetching_again');
  });
});

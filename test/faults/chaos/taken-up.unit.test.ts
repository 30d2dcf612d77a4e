import { takenUp } from './taken-up.js';

const second = 1_000;
const event = (stream: string, type: string, at: number) => ({
  stream,
  type,
  recordedAt: new Date(at * second),
});
const kill = (process: string, at: number) => ({ process, at: at * second });

describe('work that a killed gateway had in hand', () => {
  it('lies until the next event of its stream', () => {
    const events = [
      event('a', 'SubmissionStarted', 1),
      event('b', 'GenerationCompleted', 1),
      event('c', 'SubmissionAccepted', 1),
      event('a', 'SubmissionOutcomeUnknown', 14),
      event('c', 'OutputsProduced', 27),
      event('c', 'ArtifactStored', 30),
    ];
    expect(takenUp(events, [kill('provider-gateway', 2), kill('artifact', 28), kill('intake', 2)])).toEqual({
      submits: { held: 1, median: 12, max: 12, late: 0 },
      jobs: { held: 1, median: 25, max: 25, late: 1 },
    });
  });

  it('is late when nobody ever took it up', () => {
    const { submits } = takenUp([event('a', 'SubmissionStarted', 1)], [kill('provider-gateway', 2)]);
    expect(submits).toEqual({ held: 1, median: null, max: null, late: 1 });
  });

  it('is none of what came after the kill', () => {
    const { submits } = takenUp([event('a', 'SubmissionStarted', 3)], [kill('provider-gateway', 2)]);
    expect(submits).toEqual({ held: 0, median: null, max: null, late: 0 });
  });
});

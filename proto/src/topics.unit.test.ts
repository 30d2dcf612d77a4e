import { eventSchemas, generationEventTypes, isEventType, providerEventTypes } from './event-shape.js';
import { topicOf, topics } from './topics.js';

describe('topics of the contract', () => {
  it('carry every event type, each in one place', () => {
    for (const type of generationEventTypes) expect(topicOf(type).name).toBe('generation.events');
    for (const type of providerEventTypes) expect(topicOf(type).name).toBe('provider.events');
    const carried = Object.keys(eventSchemas).filter(isEventType).map(topicOf);
    expect(new Set(carried).size).toBe(topics().length);
  });

  it('keep the source of truth of every reader for ever', () => {
    expect(topics().map(({ retentionMs, cleanupPolicy }) => [retentionMs, cleanupPolicy])).toEqual([
      [-1, 'delete'],
      [-1, 'delete'],
    ]);
  });
});

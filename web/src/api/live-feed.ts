import { useEffect, useState } from 'react';
import { feedMessageSchema } from './schemas.js';

/** Event types that tenants see; a named SSE message reaches only listeners of its name. */
const eventTypes = [
  'GenerationRequested',
  'SubmissionStarted',
  'SubmissionAccepted',
  'SubmissionOutcomeUnknown',
  'SubmissionResolved',
  'ProgressReported',
  'AttemptFailed',
  'AttemptAbandoned',
  'OutputsProduced',
  'ArtifactStored',
  'ArtifactRejected',
  'GenerationCompleted',
  'GenerationFailed',
  'GenerationCanceled',
  'CancellationRequested',
  'DeadlineExtended',
  'RetryOrdered',
  'OrphanAdopted',
  'PersonalDataErased',
];

export type FeedState = 'connecting' | 'live' | 'lost';

/**
 * Follows the tenant's events while the page is open. The browser reconnects by itself and resumes after the last message.
 * @param onEvent the id of a generation that something happened to
 * @param onResume the connection is there (again): what was missed before the first message must be fetched
 */
export function useLiveFeed(
  onEvent: (generation: string) => void,
  onResume: () => void,
  enabled: boolean,
): FeedState {
  const [state, setState] = useState<FeedState>('connecting');
  useEffect(() => {
    if (!enabled) return undefined;
    const source = new EventSource('/v1/events');
    const heard = (message: MessageEvent<string>): void => {
      const parsed = feedMessageSchema.safeParse(safeJson(message.data));
      if (parsed.success) onEvent(parsed.data.generation);
      else onResume();
    };
    source.addEventListener('open', () => {
      setState('live');
      onResume();
    });
    source.addEventListener('error', () => setState('lost'));
    source.addEventListener('message', heard);
    for (const type of eventTypes) source.addEventListener(type, heard);
    return () => source.close();
  }, [onEvent, onResume, enabled]);
  return state;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

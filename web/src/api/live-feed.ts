import { useEffect, useState } from 'react';
import { feedMessageSchema } from './schemas.js';

export type FeedState = 'connecting' | 'live' | 'lost';

/** After the browser has given up on a stream (an answer other than 200), it is opened anew after so long. */
const reopenAfter = 5_000;

/**
 * Follows the tenant's events while the page is open. After a cut the browser reconnects by itself and resumes after the
 * last message.
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
    let source: EventSource | undefined;
    let reopening: number | undefined;
    const open = (): void => {
      source = new EventSource('/v1/events');
      source.addEventListener('open', () => {
        setState('live');
        onResume();
      });
      source.addEventListener('error', () => {
        setState('lost');
        if (source?.readyState === EventSource.CLOSED) reopening = window.setTimeout(open, reopenAfter);
      });
      source.addEventListener('message', (message: MessageEvent<string>) => {
        const event = feedMessageSchema.safeParse(safeJson(message.data));
        if (event.success) onEvent(event.data.generation);
      });
      // Where the server no longer has what was missed, everything shown is read again.
      source.addEventListener('resync', onResume);
    };
    open();
    return () => {
      window.clearTimeout(reopening);
      source?.close();
    };
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

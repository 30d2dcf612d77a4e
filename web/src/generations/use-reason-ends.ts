import { useEffect } from 'react';
import type { Generation } from '../api/schemas.js';

/** The server's clock may be a little behind. */
const slack = 300;
const longest = 3_600_000;

/** Some reasons end by time alone, without an event: asks again for a generation when its reason's time has come. */
export function useReasonEnds(generations: readonly Generation[], refresh: (id: string) => void): void {
  useEffect(() => {
    const now = Date.now();
    const timers = generations.flatMap(({ id, status_reason: reason }) => {
      const left = reason?.until ? Date.parse(reason.until) - now : 0;
      return left > 0 ? [window.setTimeout(() => refresh(id), Math.min(left + slack, longest))] : [];
    });
    return () => timers.forEach((timer) => window.clearTimeout(timer));
  }, [generations, refresh]);
}

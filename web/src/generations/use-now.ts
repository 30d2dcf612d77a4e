import { useEffect, useState } from 'react';

/** The present time in epoch milliseconds: every second while something on the page counts, else twice a minute. */
export function useNow(counting: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), counting ? 1_000 : 30_000);
    return () => clearInterval(timer);
  }, [counting]);
  return now;
}

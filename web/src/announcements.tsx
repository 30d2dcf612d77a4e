import { useEffect, useRef, useState } from 'react';
import type { Generation } from './api/schemas.js';
import { isFinal, nameOf, wordsOf } from './generations/words.js';
import type { ShownGenerations } from './generations/shown-generations.js';

/** Reads out what ended while the page was open; one voice for all cards. */
export function Announcements({ seen }: { seen: ShownGenerations }) {
  const before = useRef<ShownGenerations>(new Map());
  const [text, setText] = useState('');
  useEffect(() => {
    const ended = [...seen.values()].filter((one) => isFinal(one) && wasOpen(before.current.get(one.id)));
    before.current = seen;
    if (ended.length > 0) setText(ended.map((one) => `${wordsOf(one.status)}: ${nameOf(one)}.`).join(' '));
  }, [seen]);
  return (
    <p className="sr-only" role="status" aria-label="What ended">
      {text}
    </p>
  );
}

const wasOpen = (known: Generation | undefined): boolean => known !== undefined && !isFinal(known);

import { type Ref, useState } from 'react';
import type { Generation } from '../api/schemas.js';
import { nameOf } from '../generations/words.js';

/** From so many characters on, a prompt is text to read and no title. */
const title = 160;
const foldedFrom = 480;

/** What was asked for, whole; a long text is folded first, so that what can be done stays in sight. */
export function Prompt({
  generation,
  heading,
}: {
  generation: Generation;
  heading: Ref<HTMLHeadingElement>;
}) {
  const [unfolded, setUnfolded] = useState(false);
  const name = nameOf(generation);
  const long = name.length > foldedFrom;
  const look =
    name.length > title ? 'whitespace-pre-wrap' : 'text-2xl font-semibold tracking-tight text-balance';
  return (
    <>
      <h1
        id="title"
        ref={heading}
        tabIndex={-1}
        className={`leading-snug break-words ${look} ${long && !unfolded ? 'line-clamp-6' : ''}`}
        dir="auto"
      >
        {name}
      </h1>
      {long && (
        <button
          type="button"
          className="self-start text-sm font-medium underline"
          aria-expanded={unfolded}
          aria-controls="title"
          onClick={() => setUnfolded(!unfolded)}
        >
          {unfolded ? 'Show less' : 'Show all of it'}
        </button>
      )}
    </>
  );
}

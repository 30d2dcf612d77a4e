import type { Generation } from '../api/schemas.js';
import { absorb, inOrder, renewLinks, within } from './shown-generations.js';

const at = (minute: number): string => `2026-11-24T10:${String(minute).padStart(2, '0')}:00.000Z`;

function generation(id: string, changes: Partial<Generation> = {}): Generation {
  return {
    id,
    run: 1,
    version: 1,
    status: 'queued',
    status_reason: null,
    prompt: 'a red boat',
    model: 'sim/standard',
    requested: { size: '512x512', count: 1, seed: 7, output_format: 'png' },
    attempts: 0,
    created_at: at(0),
    updated_at: at(0),
    finished_at: null,
    artifacts: [],
    error: null,
    cost: { currency: null, estimated_micros: null, actual_micros: null },
    metadata: {},
    links: {},
    ...changes,
  };
}

const shown = (...all: Generation[]) => absorb(new Map(), all);

it('never goes back, neither in version nor in run, whatever answer comes late', () => {
  const now = shown(generation('a', { run: 2, version: 9, status: 'processing' }));
  for (const late of [generation('a', { run: 2, version: 8 }), generation('a', { run: 1, version: 12 })])
    expect(absorb(now, [late]).get('a')).toMatchObject({ run: 2, version: 9, status: 'processing' });
});

it('takes over what time alone has changed of an open one, and leaves a finished one as it is', () => {
  const reason = { code: 'needs_attention', message: '' };
  const open = shown(generation('a', { status: 'processing' }));
  const later = generation('a', { status: 'processing', status_reason: reason });
  expect(absorb(open, [later]).get('a')?.status_reason).toEqual(reason);

  const done = generation('b', { status: 'succeeded' });
  const again = generation('b', { status: 'succeeded' });
  expect(absorb(shown(done), [again]).get('b')).toBe(done);
  expect(renewLinks(shown(done), again).get('b')).toBe(again);
  expect(renewLinks(shown(generation('b', { version: 2 })), again).get('b')?.version).toBe(2);
});

it('is the newest first, and by id where the time is the same', () => {
  const all = shown(
    generation('a', { created_at: at(1) }),
    generation('c', { created_at: at(1) }),
    generation('b', { created_at: at(2) }),
  );
  expect(inOrder(all).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
});

it('reaches down as far as the list that is shown, however deep another one was read', () => {
  const ordered = inOrder(
    shown(
      generation('new', { created_at: at(9) }),
      generation('last', { created_at: at(5), status: 'failed' }),
      generation('deep', { created_at: at(1), status: 'failed' }),
    ),
  );
  const ids = (...query: [Parameters<typeof within>[1], Generation | undefined]) =>
    within(ordered, ...query).map(({ id }) => id);
  expect(ids(undefined, ordered[1])).toEqual(['new', 'last']);
  expect(ids(undefined, undefined)).toEqual(['new', 'last', 'deep']);
  expect(ids(['failed'], undefined)).toEqual(['last', 'deep']);
});

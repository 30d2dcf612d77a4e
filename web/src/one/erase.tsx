import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { eraseContent } from '../api/client.js';
import type { Generation } from '../api/schemas.js';

/** Erases prompt and pictures, after having asked: nothing brings them back. */
export function EraseButton({ generation, onErased }: { generation: Generation; onErased: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const erase = useMutation({
    mutationFn: async () => eraseContent(generation.id),
    onSuccess: () => {
      dialog.current?.close();
      onErased();
    },
  });
  const pictures = generation.artifacts.length;
  return (
    <>
      <button type="button" className="button" onClick={() => dialog.current?.showModal()}>
        Erase …
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="erase-title"
        aria-describedby="erase-text"
        className="panel text-ink m-auto w-[min(28rem,calc(100vw-2rem))] p-6"
        onClose={() => erase.reset()}
      >
        <div className="flex flex-col gap-4">
          <h2 id="erase-title" className="text-lg font-semibold">
            Erase this for good?
          </h2>
          <p id="erase-text" className="text-muted">
            {lost(pictures)} That there was a request, when, and what it cost stays on record.
          </p>
          {erase.error && (
            <p role="alert" className="text-alarm text-sm">
              {erase.error.message}
            </p>
          )}
          <div className="flex flex-wrap justify-end gap-2">
            {/* The harmless answer comes first, and has the focus. */}
            <button type="button" className="button" onClick={() => dialog.current?.close()}>
              Keep it
            </button>
            <button
              type="button"
              className="button button-primary"
              disabled={erase.isPending}
              onClick={() => erase.mutate()}
            >
              {erase.isPending ? 'Erasing …' : 'Erase for good'}
            </button>
          </div>
        </div>
      </dialog>
    </>
  );
}

/** What nobody can bring back. */
function lost(pictures: number): string {
  if (pictures === 0) return 'The prompt will be removed from Darkroom, and nobody can bring it back.';
  const them = pictures === 1 ? 'its picture' : `its ${pictures} pictures`;
  return `The prompt and ${them} will be removed from Darkroom, and nobody can bring them back.`;
}

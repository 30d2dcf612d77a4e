import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { openSession } from '../api/client.js';

/** Asks for an API key where no session is open. */
export function KeyForm({ onOpened }: { onOpened: () => void }) {
  const [key, setKey] = useState('');
  const open = useMutation({ mutationFn: async () => openSession(key.trim()), onSuccess: onOpened });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    open.mutate();
  };
  return (
    <form onSubmit={submit} className="panel mx-auto w-full max-w-lg p-6">
      <h1 className="text-lg font-semibold">Open your gallery</h1>
      <label htmlFor="api-key" className="mt-3 block font-medium">
        Your API key
      </label>
      <p className="text-muted text-sm" id="api-key-help">
        It is exchanged for a session and not kept in this page.
      </p>
      <div className="mt-4 flex flex-wrap gap-3">
        <input
          id="api-key"
          type="password"
          autoComplete="off"
          required
          value={key}
          aria-describedby="api-key-help"
          onChange={(event) => setKey(event.target.value)}
          className="control min-h-11 min-w-0 flex-1"
        />
        <button type="submit" disabled={open.isPending} className="button button-primary min-h-11 px-6">
          Open
        </button>
      </div>
      {open.error && (
        <p role="alert" className="text-alarm mt-3 text-sm">
          {open.error.message}
        </p>
      )}
    </form>
  );
}

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
    <form onSubmit={submit} className="rounded-xl bg-white p-4 shadow-sm dark:bg-stone-900">
      <label htmlFor="api-key" className="font-medium">
        Your API key
      </label>
      <div className="mt-1 flex flex-wrap gap-3">
        <input
          id="api-key"
          type="password"
          autoComplete="off"
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
          className="min-w-0 flex-1 rounded-md border border-stone-400 bg-white px-3 py-2 dark:border-stone-600 dark:bg-stone-900"
        />
        <button
          type="submit"
          disabled={open.isPending}
          className="rounded-md bg-red-800 px-5 py-2 font-medium text-white hover:bg-red-900"
        >
          Open
        </button>
      </div>
      {open.error && (
        <p role="alert" className="mt-3 text-sm text-red-800 dark:text-red-300">
          {open.error.message}
        </p>
      )}
    </form>
  );
}

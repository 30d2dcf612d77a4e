import { useEffect, useState } from 'react';
import { BreakIcon } from '../ui/icons.js';
import type { VendorTroubles } from './use-troubles.js';

/** Opens the panel, and says what is wrong at the vendor now. */
export function VendorButton({
  troubles,
  open,
  onToggle,
}: {
  troubles: VendorTroubles;
  open: boolean;
  onToggle: () => void;
}) {
  const now = troubles.troubles.find(({ id }) => id === troubles.current);
  const broken = now?.id !== 'none';
  return (
    <button type="button" className="button" aria-expanded={open} aria-controls="vendor" onClick={onToggle}>
      <BreakIcon />
      Break it
      {broken && (
        <span className="bg-failed text-paper rounded-full px-2 text-xs leading-5">
          {now?.title ?? 'Something else'}
        </span>
      )}
    </button>
  );
}

/** What goes wrong at the demo's vendor, to be chosen. */
export function VendorPanel({ troubles }: { troubles: VendorTroubles }) {
  // The choice shows at once; what the vendor was told last has the last word.
  const [chosen, setChosen] = useState(troubles.current);
  useEffect(() => setChosen(troubles.current), [troubles.current, troubles.error]);
  const choose = (id: string): void => {
    setChosen(id);
    troubles.cause(id);
  };
  return (
    <section id="vendor" aria-labelledby="vendor-title" className="panel border-control p-5">
      <h2 id="vendor-title" className="font-semibold">
        Break the vendor
      </h2>
      <p className="text-muted max-w-prose text-sm">
        The vendor of this demo is a simulator. Choose what goes wrong there, ask for pictures, and see what
        you are told. No request is paid twice, whatever you choose.
      </p>
      <fieldset className="mt-4 grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
        <legend className="sr-only">What goes wrong</legend>
        {troubles.troubles.map(({ id, title, description }) => (
          <label
            key={id}
            className="border-line has-checked:border-safelight has-checked:bg-sunken has-focus-visible:outline-safelight flex cursor-pointer gap-3 rounded-xl border p-3 has-focus-visible:outline-3"
          >
            <input
              type="radio"
              name="trouble"
              value={id}
              checked={chosen === id}
              onChange={() => choose(id)}
              className="accent-safelight mt-1 size-4 shrink-0 outline-none"
            />
            <span>
              <span className="block font-medium">{title}</span>
              <span className="text-muted block text-sm">{description}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {troubles.current === null && (
        <p className="mt-3 text-sm">Something else was set at the simulator itself.</p>
      )}
      {troubles.error && (
        <p role="alert" className="text-alarm mt-3 text-sm">
          {troubles.error.message}
        </p>
      )}
    </section>
  );
}

/** The list could not be read: says why, and that it is tried again. */
export function Unreachable({
  error,
  onTryNow,
  alone,
}: {
  error: Error;
  onTryNow: () => void;
  /** There is nothing else to see. */
  alone: boolean;
}) {
  return (
    <div
      className={`panel border-failed flex flex-wrap items-center gap-x-4 gap-y-3 ${alone ? 'flex-col px-4 py-14 text-center' : 'justify-between px-4 py-3'}`}
    >
      <div role="alert">
        <p className={alone ? 'text-lg font-medium' : 'font-medium'}>{error.message}</p>
        <p className="text-muted text-sm">
          {alone
            ? 'What Darkroom has accepted is kept. This page tries again by itself.'
            : 'What is shown may be out of date. This page tries again by itself.'}
        </p>
      </div>
      <button type="button" className="button" onClick={onTryNow}>
        Try now
      </button>
    </div>
  );
}

/** How a client wants a stream, by its Accept header; undefined where it names neither. */
export function acceptedStream(accept: string | undefined): 'sse' | 'ndjson' | undefined {
  const types = (accept ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  if (types.includes('text/event-stream')) return 'sse';
  if (types.some((type) => type === 'application/x-ndjson' || type === 'application/ndjson')) return 'ndjson';
  return undefined;
}

/** An answer that cannot be read: what stands on the wire, and whether the socket is cut in the middle of it. */
export interface SpoiltAnswer {
  status: number;
  contentType: string;
  body: Buffer;
  cut: boolean;
}

const json = 'application/json; charset=utf-8';

function whole(status: number, contentType: string, body: string): SpoiltAnswer {
  return { status, contentType, body: Buffer.from(body), cut: false };
}

/** The ways in which the answer to an accepted submit is unreadable; `at` in [0, 1) picks one. */
export function malformedAnswer(jobId: string, at: number): SpoiltAnswer {
  const good = JSON.stringify({ id: jobId, status: 'queued', queue_position: 0 });
  const ways: (() => SpoiltAnswer)[] = [
    () => whole(201, json, good.slice(0, good.length / 2)),
    () => whole(201, json, JSON.stringify({ id: null, status: 'queued' })),
    () => whole(201, json, JSON.stringify({ status: 'queued' })),
    () => whole(201, json, JSON.stringify({ id: `job_\0${jobId}`, status: 'queued' })),
    () => whole(201, json, JSON.stringify({ id: 'j'.repeat(1_000_000), status: 'queued' })),
    () => whole(200, 'text/html', '<html><body>Welcome to the login page</body></html>'),
    () => whole(201, json, ''),
    () => whole(201, json, '['.repeat(100_000)),
    () => whole(200, json, JSON.stringify({ error: { code: 'internal_error', message: 'with status 200' } })),
    () => ({ status: 201, contentType: json, body: Buffer.from(good), cut: true }),
  ];
  const way = ways[Math.floor(at * ways.length)] ?? ways[0];
  if (!way) throw new Error('no way to spoil an answer');
  return way();
}

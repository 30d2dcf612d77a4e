import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { faultsSchema, noFaults } from './faults.js';
import { refusal } from './refusal.js';
import type { LedgerLine } from './vendor-book.js';
import { refuse, type Vendor } from './vendor-routes.js';

function* ndjson(lines: readonly LedgerLine[]): Generator<string> {
  const step = 500;
  for (let start = 0; start < lines.length; start += step) {
    yield lines
      .slice(start, start + step)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
  }
}

/** The desk of whoever runs the experiment: the bill, and what shall go wrong. No key. */
export function adminRoutes(
  app: FastifyInstance,
  { book, pictures }: Pick<Vendor, 'book' | 'pictures'>,
): void {
  app.get('/admin/ledger', (_request, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(ndjson(book.ledger), { objectMode: false })),
  );

  // Every job, also one whose model shows none to its customers: what it stands at, and what its pictures hash to.
  app.get<{ Params: { id: string } }>('/admin/jobs/:id', async (request, reply) => {
    const job = book.job(request.params.id);
    if (!job) return refuse(reply, refusal(404));
    const { status } = book.view(job, Date.now());
    const made = status === 'succeeded' ? await pictures.all(job) : [];
    return reply.send({ id: job.id, model: job.model, status, sha256s: made.map(({ sha256 }) => sha256) });
  });

  app.get('/admin/faults', (_request, reply) => reply.send(book.faults));

  app.put('/admin/faults', (request, reply) => {
    let body: unknown;
    try {
      body = JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    } catch {
      return refuse(reply, refusal(400, { message: 'The body is not JSON' }));
    }
    const faults = faultsSchema.safeParse(body);
    if (!faults.success) {
      const message = faults.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      return refuse(reply, refusal(422, { message }));
    }
    book.setFaults(faults.data);
    return reply.send(book.faults);
  });

  app.post('/admin/reset', (_request, reply) => {
    book.setFaults(noFaults);
    return reply.send(book.faults);
  });
}

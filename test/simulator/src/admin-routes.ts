import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { faultsSchema, noFaults } from './faults.js';
import { refusal } from './refusal.js';
import type { LedgerLine, VendorBook } from './vendor-book.js';
import { refuse } from './vendor-routes.js';

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
export function adminRoutes(app: FastifyInstance, book: VendorBook): void {
  app.get('/admin/ledger', (_request, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(ndjson(book.ledger), { objectMode: false })),
  );

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

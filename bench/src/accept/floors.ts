// What intake is measured against: fastify alone, with one INSERT a request, and with INSERTs that collect while one is in flight.
import { randomUUID } from 'node:crypto';
import { arrayOf, openDatabase } from '@darkroom/event-store';
import Fastify, { type FastifyRequest } from 'fastify';

interface Row {
  readonly id: string;
  readonly key: string;
  readonly body: string;
}

const sql = openDatabase(process.argv[2] ?? '', { max: 20 });
await sql`CREATE TABLE IF NOT EXISTS public.one_by_one (id uuid PRIMARY KEY, key text NOT NULL, body jsonb NOT NULL)`;
await sql`CREATE TABLE IF NOT EXISTS public.batched (id uuid PRIMARY KEY, key text NOT NULL, body jsonb NOT NULL)`;

const rowOf = (request: FastifyRequest): Row => ({
  id: randomUUID(),
  key: String(request.headers['idempotency-key']),
  body: JSON.stringify(request.body),
});
const answer = (id: string): object => ({
  data: { id, status: 'queued', created_at: new Date().toISOString() },
});

let queue: { readonly row: Row; readonly done: () => void; readonly failed: (error: unknown) => void }[] = [];
let isSending = false;

async function send(): Promise<void> {
  isSending = true;
  await Promise.resolve();
  while (queue.length > 0) {
    const batch = queue.splice(0, 256);
    try {
      await sql`
        INSERT INTO public.batched
        SELECT * FROM unnest(${arrayOf(batch.map(({ row }) => row.id))}::uuid[],
                             ${arrayOf(batch.map(({ row }) => row.key))}::text[],
                             ${arrayOf(batch.map(({ row }) => row.body))}::jsonb[])`;
      for (const { done } of batch) done();
    } catch (error) {
      for (const { failed } of batch) failed(error);
    }
  }
  isSending = false;
}

const app = Fastify();
app.post('/bare', async (_request, reply) => reply.code(202).send(answer(randomUUID())));
app.post('/insert', async (request, reply) => {
  const { id, key, body } = rowOf(request);
  await sql`INSERT INTO public.one_by_one VALUES (${id}, ${key}, ${body}::text::jsonb)`;
  return reply.code(202).send(answer(id));
});
app.post('/batched', async (request, reply) => {
  const row = rowOf(request);
  await new Promise<void>((done, failed) => {
    queue.push({ row, done, failed });
    if (!isSending) void send();
  });
  return reply.code(202).send(answer(row.id));
});
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);

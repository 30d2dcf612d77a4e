import { z } from 'zod';
import { readGraph } from '../comfyui/graph.js';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

const requestSchema = z.strictObject({
  workflow: z.unknown(),
  extra_data: z.record(z.string(), z.unknown()).optional(),
});

/** A text that is kept with a job, which the cloud does not take. */
const listedSchema = requestSchema.extend({ metadata: z.string().optional() });

const refused = (status: number, code: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: { error: { code, message: code.replaceAll('_', ' '), details: null } },
});

const codes: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  402: 'insufficient_credits',
  403: 'forbidden',
  404: 'not_found',
  422: 'invalid_workflow',
  429: 'rate_limited',
  500: 'upstream_error',
  503: 'upstream_unreachable',
};

export interface ComfyOptions {
  /** As Comfy's own proxy in front of a ComfyUI of one's own: it lists its jobs, and wants neither key nor money. */
  readonly hasList?: boolean;
}

/** Comfy API v2: each key for one use. Its cloud has no list of jobs. */
export function comfyProtocol({ hasList = false }: ComfyOptions = {}): VendorProtocol {
  /** Used, whatever came of it. */
  const keys = new Set<string>();
  return {
    name: hasList ? 'comfy-proxy' : 'comfy',
    // It runs whatever graph it is given.
    words: { rejected: null, ...(hasList ? { outOfCredit: null, badKey: null } : {}) },
    isSubmit: ({ method, path }) => method === 'POST' && path === '/api/v2/jobs',
    isPoll: ({ method, path }) => method === 'GET' && path.startsWith('/api/v2/jobs/'),
    refuse: (status, reason) =>
      status === 502
        ? { status, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' }
        : refused(status, reason ?? codes[status] ?? 'unknown'),
    handle: (call, world) => handle(call, world, keys, hasList),
  };
}

async function handle(call: Call, world: DoubleWorld, keys: Set<string>, hasList: boolean): Promise<Reply> {
  const { method, path, headers, query } = call;
  if (method === 'GET' && path === '/files/view') return view(query, world);
  if (!hasList && !/^Bearer \S+$/.test(headers.authorization ?? '')) return refused(401, 'unauthorized');
  if (method === 'POST' && path === '/api/v2/jobs')
    return submit(call, world, keys, hasList ? listedSchema : requestSchema);
  if (method === 'GET' && path === '/api/v2/jobs' && hasList) return list(query, world);
  const [, of = '', nth = ''] = /^\/api\/v2\/assets\/([^/.]+)\.(\d+)\/content$/.exec(path) ?? [];
  if (of !== '') return view(new URLSearchParams({ job: of, index: nth }), world);
  const [, id, verb] = /^\/api\/v2\/jobs\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
  const job = id === undefined ? undefined : world.book.job(id);
  if (job === undefined) return refused(404, 'not_found');
  if (verb !== undefined && method === 'POST') {
    if (world.book.controls.cancel === 'refused') return refused(500, 'upstream_error');
    world.book.cancel(job);
    return { status: 200, body: jobOf(job, world) };
  }
  job.polls += 1;
  if (job.polls <= world.book.controls.answers.notFoundFirst) return refused(404, 'not_found');
  return { status: 200, body: jobOf(job, world) };
}

/** The newest first, and no next page. */
function list(query: URLSearchParams, world: DoubleWorld): Reply {
  const { book } = world;
  const limit = Number(query.get('limit') ?? 100);
  const shown = book
    .all()
    .filter(({ acceptedAt }) => Date.now() - acceptedAt >= book.controls.list.lagSeconds * 1_000);
  return {
    status: 200,
    body: {
      jobs: shown
        .slice(0, limit)
        .map((job) => ({ ...jobOf(job, world), metadata: job.asked['metadata'] ?? null })),
      truncated: shown.length > limit,
    },
  };
}

function submit(
  { body, headers }: Call,
  world: DoubleWorld,
  keys: Set<string>,
  schema: typeof requestSchema | typeof listedSchema,
): Reply {
  const { book } = world;
  const key = String(headers['idempotency-key'] ?? '');
  if (key !== '' && keys.has(key)) return refused(422, 'idempotency_key_reuse');
  let asked: z.infer<typeof listedSchema>;
  try {
    asked = schema.parse(JSON.parse(body.toString()));
  } catch {
    return refused(422, 'invalid_request');
  }
  const graph = readGraph(asked.workflow);
  if (!graph.ok) return refused(422, 'invalid_workflow');
  const { limit } = book.controls;
  if (limit.concurrent !== undefined && book.open >= limit.concurrent)
    return refused(429, 'queue_full', { 'retry-after': '1' });
  if (key !== '') keys.add(key);
  const job = book.accept({
    model: 'graph',
    asked: { key, metadata: asked.metadata },
    order: graph.order,
    webhook: null,
  });
  return { status: 201, taken: job, body: jobOf(job, world) };
}

const words = {
  queued: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  moderated: 'failed',
  canceled: 'canceled',
  aborted: 'expired',
} as const;

function jobOf(job: DoubleJob, { book }: DoubleWorld): Record<string, unknown> {
  const { answers, job: control } = book.controls;
  const status = book.statusOf(job);
  const isOpen = status === 'queued' || status === 'running';
  const count = job.end === 'nothing' ? 0 : job.order.count;
  const self = `/api/v2/jobs/${job.id}`;
  return {
    id: job.id,
    status: isOpen && control.word !== undefined ? control.word : words[status],
    created_at: new Date(job.acceptedAt).toISOString(),
    queue_position: status === 'queued' ? 1 : null,
    progress: status === 'running' ? { value: 0.42, nodes_done: 3, nodes_total: 7 } : null,
    outputs:
      status === 'succeeded'
        ? Array.from({ length: count }, (_, index) => ({
            node_id: '9',
            name: `${index}.png`,
            type: 'image',
            content_type: 'image/png',
            id: `${job.id}.${index}`,
            hash: null,
            // Relative to the host, and good for who has it.
            url: `/files/view?job=${job.id}&index=${index}`,
            url_expires_at: new Date(Date.now() + 3_600_000).toISOString(),
            job_id: job.id,
          }))
        : [],
    error:
      status === 'failed' || status === 'moderated'
        ? { code: 'execution_error', message: control.error ?? 'the sampler raised', node_id: '3' }
        : null,
    urls: { self, events: `${self}/events`, cancel: `${self}/cancel` },
    ...(answers.oddTypes ? { queue_position: 'first', progress: 'half', error: 17 } : {}),
    ...(answers.extraFields ? { tier: 'new' } : {}),
  };
}

function view(query: URLSearchParams, { book }: DoubleWorld): Reply {
  const job = book.job(query.get('job') ?? '');
  const index = Number(query.get('index') ?? -1);
  return job !== undefined && index >= 0 && index < job.order.count
    ? { status: 200, picture: { job, index } }
    : refused(404, 'not_found');
}

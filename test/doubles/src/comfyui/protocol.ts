import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';
import { readGraph } from './graph.js';

const requestSchema = z.object({
  prompt: z.unknown(),
  prompt_id: z.string().optional(),
  client_id: z.string().optional(),
});

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const refused = (type: string, nodeErrors: object = {}): Reply => ({
  status: 400,
  body: {
    error: { type, message: type.replaceAll('_', ' '), details: '', extra_info: {} },
    node_errors: nodeErrors,
  },
});

export interface ComfyuiOptions {
  /** Older servers give each prompt an id of their own, or cannot cancel by it. */
  readonly isOld?: boolean;
}

/** ComfyUI's HTTP API. A prompt's id may be named; the same again is queued and run again. */
export function comfyuiProtocol({ isOld = false }: ComfyuiOptions = {}): VendorProtocol {
  return {
    name: 'comfyui',
    // One's own, which draws whatever it is asked for; where a prompt stands tells how.
    words: { busy: null, outOfCredit: null, badKey: null, rejected: null, hasStatusWords: false },
    isSubmit: ({ method, path }) => method === 'POST' && pathOf(path) === '/prompt',
    isPoll: ({ method, path }) => method === 'GET' && /^\/(queue|history\/)/.test(pathOf(path)),
    refuse: (status, reason) =>
      status === 400
        ? refused(reason ?? 'prompt_outputs_failed_validation')
        : {
            status,
            headers: { 'content-type': 'text/plain' },
            body: `${status}: Server got itself in trouble`,
          },
    handle: (call, world) => handle(call, world, isOld),
  };
}

/** Every route is there twice. */
const pathOf = (path: string): string => path.replace(/^\/api(?=\/(prompt|queue|history|view)\b)/, '');

function handle(call: Call, world: DoubleWorld, isOld: boolean): Reply {
  const path = pathOf(call.path);
  const { method, query } = call;
  if (method === 'POST' && path === '/prompt') return submit(call, world, isOld);
  if (method === 'GET' && path === '/queue') return { status: 200, body: queueOf(world) };
  const [, asked] = /^\/history\/([^/]+)$/.exec(path) ?? [];
  if (method === 'GET' && asked !== undefined) return { status: 200, body: historyOf(asked, world) };
  const [, canceled] = /^\/api\/jobs\/([^/]+)\/cancel$/.exec(path) ?? [];
  if (method === 'POST' && canceled !== undefined && !isOld) return cancel(canceled, world);
  if (method === 'GET' && path === '/view') return view(query, world);
  return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404: Not Found' };
}

function submit({ body }: Call, { book }: DoubleWorld, isOld: boolean): Reply {
  let asked: z.infer<typeof requestSchema>;
  try {
    asked = requestSchema.parse(JSON.parse(body.toString()));
  } catch {
    return refused('no_prompt');
  }
  const { prompt, prompt_id } = asked;
  if (!isOld && prompt_id !== undefined && !uuid.test(prompt_id)) return refused('invalid_prompt_id');
  const graph = readGraph(prompt);
  if (!graph.ok) return refused(graph.type, graph.nodeErrors);
  const job = book.accept({
    ...(prompt_id === undefined || isOld ? {} : { id: prompt_id }),
    model: 'graph',
    asked: { prompt },
    order: graph.order,
    webhook: null,
  });
  const odd = book.controls.answers.oddTypes;
  return {
    status: 200,
    taken: job,
    body: { prompt_id: job.id, number: odd ? '12' : book.bill.length, node_errors: odd ? null : {} },
  };
}

const jobsThat = ({ book }: DoubleWorld, is: 'queued' | 'running'): DoubleJob[] =>
  book
    .all()
    .toReversed()
    .filter((job) => book.statusOf(job) === is && job.polls >= book.controls.answers.notFoundFirst);

function queueOf(world: DoubleWorld): object {
  const entries = (is: 'queued' | 'running'): unknown[] =>
    jobsThat(world, is).map((job, at) => [at, job.id, job.asked['prompt'], { client_id: 'x' }, ['9']]);
  return {
    queue_running: entries('running'),
    queue_pending: entries('queued'),
    ...(world.book.controls.answers.extraFields ? { queue_paused: false } : {}),
  };
}

function historyOf(id: string, { book }: DoubleWorld): object {
  const job = book.job(id);
  if (job === undefined) return {};
  job.polls += 1;
  if (job.polls <= book.controls.answers.notFoundFirst || !book.isEnded(job)) return {};
  const status = book.statusOf(job);
  // What is taken from the queue before it ran leaves nothing behind.
  const startsAt = job.acceptedAt + (job.endsAt - job.acceptedAt) / 10;
  if (status === 'canceled' && (job.canceledAt ?? 0) < startsAt) return {};
  const images = Array.from({ length: job.end === 'nothing' ? 0 : job.order.count }, (_, index) => ({
    filename: `${job.id}_${String(index).padStart(5, '0')}_.png`,
    subfolder: '',
    type: 'output',
  }));
  const isGood = status === 'succeeded';
  const { error = 'the sampler raised' } = book.controls.job;
  const messages = [
    ['execution_start', { prompt_id: id, timestamp: 1 }],
    ...(status === 'canceled' ? [['execution_interrupted', { prompt_id: id, node_id: '3' }]] : []),
    ...(status === 'failed' || status === 'moderated'
      ? [
          [
            'execution_error',
            {
              prompt_id: id,
              exception_type: error === 'out of memory' ? 'torch.OutOfMemoryError' : 'RuntimeError',
              exception_message: error,
            },
          ],
        ]
      : []),
  ];
  return {
    [id]: {
      prompt: [1, id, job.asked['prompt'], {}, ['9']],
      outputs: isGood
        ? { '8': { images: [{ filename: 'p.png', subfolder: '', type: 'temp' }] }, '9': { images } }
        : {},
      status: { status_str: isGood ? 'success' : 'error', completed: isGood, messages },
      meta: book.controls.answers.oddTypes ? 17 : {},
    },
  };
}

function cancel(id: string, { book }: DoubleWorld): Reply {
  if (book.controls.cancel === 'refused') return { status: 500, body: '500: Internal Server Error' };
  const job = book.job(id);
  const cancelled = job !== undefined && !book.isEnded(job);
  if (cancelled) book.cancel(job);
  return { status: 200, body: { cancelled } };
}

function view(query: URLSearchParams, { book }: DoubleWorld): Reply {
  const [, id = '', index = ''] = /^(.+)_(\d{5})_\.png$/.exec(query.get('filename') ?? '') ?? [];
  const job = book.job(id);
  if (job === undefined || query.get('type') !== 'output' || Number(index) >= job.order.count)
    return { status: 404, body: '' };
  return { status: 200, picture: { job, index: Number(index) } };
}

import { bflWebhook, cogWebhook, falWebhook, standardWebhook, unsigned } from './genuine-webhooks.js';
import { base64, link, specimenJob, type Specimens } from './specimen.js';
import { specimensAtOnce } from './specimens-at-once.js';
import { simulatorSpecimens } from './specimens-simulator.js';

const predictionWords = {
  starting: 'open',
  processing: 'open',
  succeeded: 'produced',
  failed: 'failed',
  canceled: 'canceled',
} as const;

const prediction = (status: string, output: readonly unknown[]) => ({
  id: specimenJob,
  status,
  output,
  logs: ' 50%|',
  error: 'it failed',
});

const replicate: Specimens = {
  vendor: 'replicate',
  accepted: (id) => ({ id, status: 'starting' }),
  source: link,
  picture: (source) => source,
  list: true,
  told: (word, output) => [prediction(word, output)],
  words: { ...predictionWords, aborted: 'canceled' },
  refusals: [
    { status: 422, body: { title: 'Input validation failed', detail: 'no such size', status: 422 } },
  ],
  webhook: { body: prediction('succeeded', [link('a')]), deliver: standardWebhook },
};

const cog: Specimens = {
  vendor: 'cog',
  accepted: (id) => ({ id, status: 'starting' }),
  source: (name) => `data:image/png;base64,${base64(name)}`,
  picture: (source) => source,
  list: true,
  told: (word, output) => [prediction(word, output)],
  words: predictionWords,
  refusals: [
    {
      status: 422,
      body: { detail: [{ loc: ['body', 'input'], msg: 'no such size', type: 'value_error', ctx: 7 }] },
    },
    { status: 409, body: { error: 'At capacity', status: 'failed' } },
  ],
  webhook: { body: prediction('succeeded', []), deliver: cogWebhook },
};

const fal: Specimens = {
  vendor: 'fal',
  accepted: (id) => ({ request_id: id, queue_position: 3 }),
  source: link,
  picture: (source) => ({ url: source, content_type: 'image/png', file_size: 7 }),
  list: true,
  told: (word, images) => [
    { status: word, request_id: specimenJob, queue_position: 3, logs: [{ message: ' 50%|' }] },
    { images, has_nsfw_concepts: [] },
  ],
  words: { IN_QUEUE: 'open', IN_PROGRESS: 'open', COMPLETED: 'produced' },
  refusals: [
    {
      status: 422,
      body: { detail: [{ msg: 'no such size', type: 'value_error' }], error_type: 'bad_request' },
    },
    { status: 403, body: { detail: 'no', error_type: 'auth_error' } },
  ],
  webhook: {
    body: { request_id: specimenJob, status: 'OK', payload: { images: [{ url: link('a') }] } },
    deliver: falWebhook,
  },
};

/** It names its failures by a type, and in a sentence the status. */
const falFailed: Specimens = {
  ...fal,
  told: (word) => [
    {
      status: word,
      request_id: specimenJob,
      error: 'Invalid status code: 422',
      error_type: 'internal_error',
    },
  ],
  list: false,
  words: { COMPLETED: 'failed' },
  webhook: {
    body: {
      request_id: specimenJob,
      status: 'ERROR',
      payload: { detail: [{ msg: 'it failed', type: 'value_error' }] },
      error: 'Invalid status code: 422',
    },
    deliver: falWebhook,
  },
};

const bflTask = (status: string, sample: unknown) => ({
  id: specimenJob,
  status,
  progress: 0.5,
  result: { sample },
  details: 'it failed',
});

const bfl: Specimens = {
  vendor: 'bfl',
  accepted: (id) => ({ id, polling_url: 'https://api.eu.bfl.ai/v1/get_result?id=job-1', cost: 3 }),
  source: link,
  picture: (source) => source,
  list: false,
  told: (word, [sample]) => [bflTask(word, sample)],
  words: {
    Pending: 'open',
    Reasoning: 'open',
    Generating: 'open',
    Ready: 'produced',
    'Request Moderated': 'failed',
    'Content Moderated': 'failed',
    Error: 'failed',
    Failed: 'failed',
  },
  refusals: [
    { status: 422, body: { detail: [{ loc: ['body', 'width'], msg: 'no such size' }] } },
    { status: 402, body: { error: 'no credits', message: 'no credits are left' } },
  ],
  webhook: { body: bflTask('Ready', link('a')), deliver: bflWebhook },
};

const comfy: Specimens = {
  vendor: 'comfy',
  accepted: (id) => ({ id, status: 'queued', queue_position: 3 }),
  source: link,
  picture: (source) => ({ type: 'image', url: source, content_type: 'image/png', size_bytes: 7 }),
  list: true,
  told: (word, outputs) => [
    {
      id: specimenJob,
      status: word,
      queue_position: 3,
      progress: { value: 0.5 },
      outputs,
      error: { code: 'execution_error', message: 'it failed' },
    },
  ],
  words: {
    queued: 'open',
    running: 'open',
    canceling: 'open',
    succeeded: 'produced',
    failed: 'failed',
    canceled: 'canceled',
  },
  refusals: [{ status: 422, body: { error: { code: 'invalid_workflow', message: 'no such node' } } }],
};

const comfyProxy: Specimens = {
  ...comfy,
  vendor: 'comfy-proxy',
  source: (name) => `/api/v2/view?filename=${name}.png`,
  picture: (source) => ({ type: 'image', url: source }),
};

const comfyui: Specimens = {
  vendor: 'comfyui',
  accepted: (id) => ({ prompt_id: id, number: 3, node_errors: {} }),
  source: (name) => `${name}.png`,
  picture: (source) => ({ filename: source, subfolder: '', type: 'output' }),
  list: true,
  told: (word, images) => [
    { queue_running: [], queue_pending: [] },
    {
      [specimenJob]: {
        outputs: { 9: { images } },
        status: {
          status_str: word,
          completed: true,
          messages: [['execution_error', { exception_message: 'it failed', exception_type: 'RuntimeError' }]],
        },
      },
    },
  ],
  words: { success: 'produced', error: 'failed' },
  refusals: [
    {
      status: 400,
      body: {
        error: { type: 'prompt_no_outputs', message: 'no outputs', details: '' },
        node_errors: { 9: { errors: ['no such node'] } },
      },
    },
  ],
};

const runwareTask = (status: string, imageURL: unknown) => ({
  taskType: 'imageInference',
  taskUUID: specimenJob,
  status,
  progress: 50,
  imageURL,
  cost: 0.0013,
  NSFWContent: false,
  error: { code: 'inferenceError', message: 'it failed' },
});

const runware: Specimens = {
  vendor: 'runware',
  accepted: (taskUUID) => ({ data: [{ taskType: 'imageInference', taskUUID }] }),
  source: link,
  picture: (source) => source,
  list: true,
  told: (word, pictures) => [{ data: pictures.map((picture) => runwareTask(word, picture)) }],
  words: { pending: 'open', processing: 'open', success: 'produced', error: 'failed' },
  refusals: [
    { status: 400, body: { errors: [{ code: 'invalidWidth', message: 'no such size', taskUUID: 'job-1' }] } },
  ],
  webhook: { body: { data: [runwareTask('success', link('a'))] }, deliver: unsigned },
};

/** A failure may stand beside the tasks instead. */
const runwareFailed: Specimens = {
  ...runware,
  list: false,
  told: (word) => [
    { errors: [{ code: 'taskFailed', message: 'it failed', taskUUID: specimenJob, status: word }] },
  ],
  words: { error: 'failed' },
};

const standing = {
  done: true,
  faulted: false,
  finished: 1,
  queue_position: 3,
  is_possible: true,
};

const horde: Specimens = {
  vendor: 'horde',
  accepted: (id) => ({ id, kudos: 12 }),
  source: link,
  picture: (source) => ({ img: source, state: 'ok', censored: false, gen_metadata: [] }),
  list: true,
  told: (word, pictures) => [
    standing,
    {
      ...standing,
      generations: pictures.map((picture) =>
        word === '' ? picture : { ...Object(picture), state: word, gen_metadata: [] },
      ),
    },
  ],
  words: { ok: 'produced', censored: 'failed', csam: 'failed' },
  refusals: [
    { status: 400, body: { message: 'no', rc: 'InvalidSize', errors: { width: 'no such size' } } },
    { status: 400, body: { message: 'no', errors: { width: 'no such size' } } },
  ],
  webhook: { body: { request: specimenJob, id: 'picture-1', img: link('a') }, deliver: unsigned },
};

/** It waits. */
const hordeWaiting: Specimens = {
  ...horde,
  list: false,
  told: () => [{ ...standing, done: false, finished: 0 }],
  words: {},
};

export const allSpecimens: readonly Specimens[] = [
  ...simulatorSpecimens,
  replicate,
  cog,
  fal,
  falFailed,
  bfl,
  comfy,
  comfyProxy,
  comfyui,
  runware,
  runwareFailed,
  horde,
  hordeWaiting,
  ...specimensAtOnce,
];

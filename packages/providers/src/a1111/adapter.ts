import { inlinePictures, nothingToAsk } from '../answered-at-once.js';
import { readBoundedJson } from '../bounded-json.js';
import type { Checkpoint } from '../checkpoint.js';
import type {
  ProviderAdapter,
  SubmitAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
} from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorText } from '../vendor-text.js';
import { readFailure } from './classifier.js';
import { infoSchema, resultSchema } from './schemas.js';
import { a1111Sheets, checkpoints } from './sheets.js';

function checkpointOf(model: string): Checkpoint {
  const checkpoint = Object.hasOwn(checkpoints, model) ? checkpoints[model] : undefined;
  if (checkpoint === undefined) throw new Error(`there is no checkpoint of ${model}`);
  return checkpoint;
}

/** @throws Error for a model that there is not */
function submitRequest(input: SubmitInput): VendorRequest {
  const { file, steps, cfg } = checkpointOf(input.model);
  return {
    method: 'POST',
    path: '/sdapi/v1/txt2img',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: input.prompt,
      negative_prompt: '',
      steps,
      width: input.width,
      height: input.height,
      seed: input.seed,
      sampler_name: 'Euler',
      cfg_scale: cfg,
      batch_size: input.count,
      n_iter: 1,
      override_settings: { sd_model_checkpoint: file },
      send_images: true,
      save_images: false,
      // For who looks at the server: it makes the same again of the same.
      force_task_id: input.reference,
    }),
    maxAnswerBytes: sheetIn(a1111Sheets, input.model).maxAnswerBytes.submit,
  };
}

/** The pictures, why there are none, a refusal, or nothing that proves anything. */
function readSubmitAnswer(model: string, answer: VendorAnswer): SubmitAnswer {
  if (!isSuccess(answer.status)) return readFailure(answer);
  const { submit: maxBytes } = sheetIn(a1111Sheets, model).maxAnswerBytes;
  const json = readBoundedJson(answer.body, maxBytes);
  if (!json.ok) return unreadable(json.reason);
  const result = resultSchema.safeParse(json.value);
  if (!result.success) return unreadable('no images in the answer');
  const { images, info } = result.data;
  const told = readBoundedJson(Buffer.from(info), maxBytes);
  const drawn = told.ok ? infoSchema.safeParse(told.value).data : undefined;
  if (drawn === undefined) return unreadable('nothing in the answer tells which images were drawn');
  const checkpoint = vendorText(drawn.sd_model_name, 100);
  // One that it does not have it leaves out without a word, and draws with the one that it has loaded.
  if (checkpoint !== '' && checkpoint !== checkpointOf(model).file.replace(/\.\w+$/, ''))
    return {
      kind: 'ended',
      jobId: null,
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
        vendorCode: 'another_checkpoint',
        vendorMessage: `it was drawn with ${checkpoint}`,
      },
    };
  const count = drawn.all_seeds.length;
  // Of several there may be a grid before them, and other things after them.
  const first = drawn.index_of_first_image ?? Math.max(0, images.length - count);
  const pictures = inlinePictures(
    images
      .slice(first, first + count)
      .map((image) => ({ data: typeof image === 'string' ? image : undefined, mediaType: '' })),
  );
  return { kind: 'ended', jobId: null, state: { kind: 'produced', ...pictures } };
}

/** AUTOMATIC1111's stable-diffusion-webui with its API on, wherever its owner runs it. */
export const a1111Adapter: ProviderAdapter = {
  vendor: 'a1111',
  models: a1111Sheets,
  needsNoCredential: true,
  /** `user:password`, as the server was started with. */
  authorize: (credential): Record<string, string> =>
    credential === '' ? {} : { authorization: `Basic ${Buffer.from(credential).toString('base64')}` },
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  ...nothingToAsk,
};

import { type Checkpoint, sdxlBase } from '../checkpoint.js';

/** By the name that clients ask for. */
export const checkpoints: Readonly<Record<string, Checkpoint>> = {
  'sdxl-base': sdxlBase,
  'flux-schnell': {
    title: 'FLUX.1 [schnell], fp8',
    file: 'flux1-schnell-fp8.safetensors',
    steps: 4,
    cfg: 1,
    usualSeconds: { p50: 8, p95: 120 },
  },
};

/** The images come from this node. */
export const savingNode = '9';

/** What is drawn. */
export interface GraphInput {
  readonly model: string;
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly seed: number;
  readonly reference: string;
}

/** The text-to-image graph of ComfyUI's own templates, in the form that its API takes. @throws Error for a model that there is not */
export function textToImageGraph(input: GraphInput): Readonly<Record<string, unknown>> {
  const checkpoint = Object.hasOwn(checkpoints, input.model) ? checkpoints[input.model] : undefined;
  if (checkpoint === undefined) throw new Error(`there is no checkpoint of ${input.model}`);
  const { file, steps, cfg } = checkpoint;
  const node = (class_type: string, inputs: object): object => ({ class_type, inputs });
  return {
    '3': node('KSampler', {
      seed: input.seed,
      steps,
      cfg,
      sampler_name: 'euler',
      scheduler: cfg === 1 ? 'simple' : 'normal',
      denoise: 1,
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    }),
    '4': node('CheckpointLoaderSimple', { ckpt_name: file }),
    '5': node('EmptyLatentImage', { width: input.width, height: input.height, batch_size: input.count }),
    '6': node('CLIPTextEncode', { text: input.prompt, clip: ['4', 1] }),
    '7': node('CLIPTextEncode', { text: '', clip: ['4', 1] }),
    '8': node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
    [savingNode]: node('SaveImage', { filename_prefix: `darkroom-${input.reference}`, images: ['8', 0] }),
  };
}

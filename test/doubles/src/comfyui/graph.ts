import { z } from 'zod';
import type { Order } from '../harness/vendor-book.js';

const node = (class_type: string, inputs: z.ZodType) =>
  z.object({ class_type: z.literal(class_type), inputs });

const graphSchema = z.record(z.string(), node('', z.unknown()).extend({ class_type: z.string() }));

const sampler = z.object({
  seed: z.number().int(),
  steps: z.number().int().min(1),
  positive: z.tuple([z.string(), z.number()]),
});
const latent = z.object({
  width: z.number().int().min(16).multipleOf(8),
  height: z.number().int().min(16).multipleOf(8),
  batch_size: z.number().int().min(1),
});
const text = z.object({ text: z.string() });
const loader = z.object({ ckpt_name: z.string() });

/** What a graph orders, or what is wrong with it, as ComfyUI says so. */
export type ReadGraph =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly type: string; readonly nodeErrors: object };

const known = ['sd_xl_base_1.0.safetensors', 'flux1-schnell-fp8.safetensors'];

/** Reads as much of a text-to-image graph as it takes to draw. */
export function readGraph(graph: unknown): ReadGraph {
  const parsed = graphSchema.safeParse(graph);
  if (!parsed.success) return { ok: false, type: 'no_prompt', nodeErrors: {} };
  const nodes = Object.entries(parsed.data);
  const find = <T>(kind: string, inputs: z.ZodType<T>): { id: string; inputs: T } | string => {
    const [id = '', found] = nodes.find(([, { class_type }]) => class_type === kind) ?? [];
    const read = inputs.safeParse(found?.inputs);
    return read.success ? { id, inputs: read.data } : id;
  };
  const wrong = (id: string, kind: string, type: string): ReadGraph => ({
    ok: false,
    type: 'prompt_outputs_failed_validation',
    nodeErrors: {
      [id]: { errors: [{ type, message: 'Value not valid' }], dependent_outputs: ['9'], class_type: kind },
    },
  });
  if (!nodes.some(([, { class_type }]) => class_type === 'SaveImage'))
    return { ok: false, type: 'prompt_no_outputs', nodeErrors: {} };
  const checkpoint = find('CheckpointLoaderSimple', loader);
  if (typeof checkpoint === 'string' || !known.includes(checkpoint.inputs.ckpt_name))
    return wrong('4', 'CheckpointLoaderSimple', 'value_not_in_list');
  const size = find('EmptyLatentImage', latent);
  if (typeof size === 'string') return wrong(size, 'EmptyLatentImage', 'value_smaller_than_min');
  const sampling = find('KSampler', sampler);
  if (typeof sampling === 'string') return wrong(sampling, 'KSampler', 'invalid_input_type');
  const prompt = text.safeParse(parsed.data[sampling.inputs.positive[0]]?.inputs);
  if (!prompt.success) return wrong(sampling.inputs.positive[0], 'CLIPTextEncode', 'required_input_missing');
  const { width, height, batch_size } = size.inputs;
  return {
    ok: true,
    order: {
      prompt: prompt.data.text,
      width,
      height,
      count: batch_size,
      seed: sampling.inputs.seed,
      format: 'png',
    },
  };
}

import type { AskedJob, SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { runwareSheets } from './sheets.js';

/** The vendor's own word for a format. */
const formatWords = { png: 'PNG', jpeg: 'JPG', webp: 'WEBP' } as const;

/** The task's id: the reference, as a UUID of the version that the vendor wants. References are all of one version, so that no two become one. */
export const taskIdOf = (reference: string): string => reference.replace(/^(?<head>.{14})./, '$<head>4');

/** Acknowledged as soon as it is taken, so that the unknown window stays short. */
export function submitRequest(input: SubmitInput): VendorRequest {
  const { model, prompt, width, height, count, seed, format, reference, webhookUrl } = input;
  return taskRequest(model, 'submit', {
    taskType: 'imageInference',
    taskUUID: taskIdOf(reference),
    deliveryMethod: 'async',
    includeCost: true,
    safety: { checkContent: true },
    model,
    positivePrompt: prompt,
    width,
    height,
    seed,
    numberResults: count,
    outputType: 'URL',
    outputFormat: formatWords[format],
    ...(webhookUrl === undefined ? {} : { webhookURL: webhookUrl }),
  });
}

/** How a task stands. */
export const responseRequest = (model: string, taskUUID: string): VendorRequest =>
  taskRequest(model, 'poll', { taskType: 'getResponse', taskUUID });

/** How several stand. */
export function responsesRequest(jobs: readonly AskedJob[]): VendorRequest {
  const sizes = jobs.map(({ model }) => sheetIn(runwareSheets, model).maxAnswerBytes.poll);
  return tasksRequest(
    sizes.reduce((sum, size) => sum + size, 0),
    jobs.map(({ jobId }) => ({ taskType: 'getResponse', taskUUID: jobId })),
  );
}

/** What the archive has of it. */
export const detailsRequest = (model: string, taskUUID: string): VendorRequest =>
  taskRequest(model, 'lookup', { taskType: 'getTaskDetails', taskUUID });

/** One task a request where its status counts: the answer to several has one. */
const taskRequest = (model: string, purpose: 'submit' | 'poll' | 'lookup', task: object): VendorRequest =>
  tasksRequest(sheetIn(runwareSheets, model).maxAnswerBytes[purpose], [task]);

function tasksRequest(maxAnswerBytes: number, tasks: readonly object[]): VendorRequest {
  return {
    method: 'POST',
    path: '/v1',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(tasks),
    maxAnswerBytes,
  };
}

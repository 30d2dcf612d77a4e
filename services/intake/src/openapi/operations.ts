import { openSessionSchema } from '../http/session.controller.js';
import { createGenerationSchema } from '../schemas/create-generation.js';
import { feedQuerySchema } from '../schemas/feed-query.js';
import { listQuerySchema } from '../schemas/list-query.js';
import { z } from 'zod';
import type { Header, Operation } from './operation.js';
import {
  acceptedEnvelope,
  artifactEnvelope,
  countsEnvelope,
  feedLineSchema,
  feedMessageSchema,
  generationEnvelope,
  generationPage,
  historyEnvelope,
  historyMessageSchema,
  liveSchema,
  modelsEnvelope,
  notificationSchema,
  readySchema,
} from './response-schemas.js';

const json = (schema: z.ZodType) => ({ 'application/json': schema });
const retryAfter: Header = { name: 'Retry-After', description: 'Seconds until it is worth another look.' };
const entityTag: Header = { name: 'ETag', description: 'For If-None-Match.' };
const lastEventId: Header = { name: 'Last-Event-ID', description: 'Resumes after the message with this id.' };
const ifNoneMatch: Header = {
  name: 'If-None-Match',
  description: 'Tag of what the client has: 304 when it is still that.',
};

/** Bare, or quoted with escapes. */
const idempotencyKeyPattern = String.raw`^(?:[!#-~][!-~]{0,254}|"(?:[!#-\[\]-~]|\\["\\]){1,255}")$`;

const contentAnswers = [
  {
    status: 200,
    description: 'The bytes, as they were verified.',
    content: { 'image/png': null, 'image/jpeg': null, 'image/webp': null },
    headers: [{ name: 'ETag', description: 'The bytes’ sha256.' }],
  },
  { status: 206, description: 'The range that was asked for.', content: { 'image/png': null } },
  {
    status: 302,
    description: 'Where images are kept in S3: a link to the bytes there, which soon ends.',
    headers: [{ name: 'Location', description: 'The link.' }],
  },
  { status: 304, description: 'The client has them.' },
] as const;
const contentHeaders = [{ name: 'Range', description: 'One range of bytes.' }, ifNoneMatch];
const signedQuery = z.object({
  expires: z.string().optional().meta({ description: 'Of a signed link.' }),
  signature: z.string().optional().meta({ description: 'Of a signed link.' }),
  download: z
    .string()
    .optional()
    .meta({ description: 'Whatever it is: to be saved by a browser, and not shown.' }),
});

/** Every call that clients, vendors and probes may make; a test holds it against the routes that live. */
export const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/generations',
    id: 'createGeneration',
    tag: 'generations',
    summary: 'Ask for images. Answered at once; the same Idempotency-Key never makes a second one.',
    access: 'key',
    headers: [
      {
        name: 'Idempotency-Key',
        description: '1 to 255 visible ASCII characters of your own, bare or quoted.',
        required: true,
        pattern: idempotencyKeyPattern,
      },
      { name: 'Prefer', description: '`wait=N`: hold the answer for the end, at most 60 s.' },
      { name: 'traceparent', description: 'W3C trace context.' },
    ],
    body: { schema: createGenerationSchema, required: true },
    answers: [
      {
        status: 202,
        description: 'Stored; it will end in images, an honest failure or a cancellation.',
        content: json(acceptedEnvelope),
        headers: [
          { name: 'Location', description: 'Where to look.' },
          retryAfter,
          { name: 'Idempotency-Replayed', description: 'Where this key was used before.', words: ['true'] },
          { name: 'Preference-Applied', description: 'How long the answer was held at most.' },
        ],
      },
      {
        status: 200,
        description: 'Ended within the time of `Prefer: wait`.',
        content: json(generationEnvelope),
      },
    ],
    problems: [
      'idempotency_key_missing',
      'idempotency_key_invalid',
      'budget_used_up',
      'unknown_model',
      'idempotency_mismatch',
      'rate_limited',
    ],
  },
  {
    method: 'get',
    path: '/v1/generations',
    id: 'listGenerations',
    tag: 'generations',
    summary: 'List generations, newest first.',
    access: 'key',
    query: listQuerySchema,
    answers: [
      {
        status: 200,
        description: 'One page.',
        content: json(generationPage),
        headers: [{ name: 'Link', description: '`rel="next"` where there is more.' }],
      },
    ],
    problems: ['invalid_query', 'invalid_cursor'],
  },
  {
    method: 'get',
    path: '/v1/generations/counts',
    id: 'countGenerations',
    tag: 'generations',
    summary: 'How many generations stand at each status.',
    access: 'key',
    answers: [{ status: 200, description: 'All of the tenant’s.', content: json(countsEnvelope) }],
    problems: [],
  },
  {
    method: 'get',
    path: '/v1/generations/{id}',
    id: 'getGeneration',
    tag: 'generations',
    summary: 'Look at one generation. One that failed is a 200 as well.',
    access: 'key',
    headers: [ifNoneMatch],
    answers: [
      {
        status: 200,
        description: 'As it is now.',
        content: json(generationEnvelope),
        headers: [entityTag, retryAfter],
      },
      { status: 304, description: 'Unchanged.' },
    ],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/generations/{id}/cancel',
    id: 'cancelGeneration',
    tag: 'generations',
    summary: 'Ask to cancel. The end comes when the vendor’s side is settled.',
    access: 'key',
    answers: [{ status: 202, description: 'Asked for.', content: json(generationEnvelope) }],
    problems: ['not_found', 'already_final', 'too_late'],
  },
  {
    method: 'delete',
    path: '/v1/generations/{id}/content',
    id: 'eraseContent',
    tag: 'generations',
    summary: 'Erase prompt and images of a generation that has ended, for ever.',
    access: 'key',
    answers: [{ status: 204, description: 'Erased.' }],
    problems: ['not_found', 'still_open'],
  },
  {
    method: 'get',
    path: '/v1/generations/{id}/events',
    id: 'getGenerationEvents',
    tag: 'events',
    summary: 'What happened to one generation; followed to its end as an event stream.',
    access: 'key',
    headers: [lastEventId],
    answers: [
      {
        status: 200,
        description: 'Its history. In an event stream the id of a message is the version.',
        content: { 'application/json': historyEnvelope, 'text/event-stream': historyMessageSchema },
      },
    ],
    problems: ['not_found', 'rate_limited'],
  },
  {
    method: 'get',
    path: '/v1/events',
    id: 'followEvents',
    tag: 'events',
    summary: 'Follow all events of the tenant.',
    access: 'key',
    query: feedQuerySchema,
    headers: [lastEventId],
    answers: [
      {
        status: 200,
        description: 'Events in order, for as long as the client stays.',
        content: { 'text/event-stream': feedMessageSchema, 'application/x-ndjson': feedLineSchema },
      },
    ],
    problems: ['invalid_query', 'invalid_cursor', 'rate_limited'],
  },
  {
    method: 'get',
    path: '/v1/artifacts/{id}',
    id: 'getArtifact',
    tag: 'artifacts',
    summary: 'What is known of one image.',
    access: 'key',
    answers: [{ status: 200, description: 'Its facts and fresh links.', content: json(artifactEnvelope) }],
    problems: ['not_found', 'erased'],
  },
  {
    method: 'get',
    path: '/v1/artifacts/{id}/content',
    id: 'getArtifactContent',
    tag: 'artifacts',
    summary: 'The image itself.',
    access: 'key-or-link',
    query: signedQuery,
    headers: contentHeaders,
    answers: contentAnswers,
    problems: ['forbidden', 'not_found', 'erased', 'range_not_satisfiable'],
  },
  {
    method: 'get',
    path: '/v1/artifacts/{id}/thumbnail',
    id: 'getArtifactThumbnail',
    tag: 'artifacts',
    summary: 'A small picture of it.',
    access: 'key-or-link',
    query: signedQuery,
    headers: contentHeaders,
    answers: contentAnswers,
    problems: ['forbidden', 'not_found', 'erased', 'range_not_satisfiable'],
  },
  {
    method: 'get',
    path: '/v1/models',
    id: 'listModels',
    tag: 'models',
    summary: 'What can be asked for: limits, usual durations, prices.',
    access: 'key',
    answers: [{ status: 200, description: 'All models and routes.', content: json(modelsEnvelope) }],
    problems: [],
  },
  {
    method: 'post',
    path: '/v1/session',
    id: 'openSession',
    tag: 'session',
    summary: 'Exchange an API key for a cookie that scripts cannot read. For pages of this host.',
    access: 'open',
    headers: [{ name: 'Authorization', description: '`Bearer` and the key; or send it in the body.' }],
    body: { schema: openSessionSchema, required: false },
    answers: [
      {
        status: 204,
        description: 'Open.',
        headers: [{ name: 'Set-Cookie', description: 'HttpOnly, SameSite=Strict.' }],
      },
    ],
    problems: ['unauthenticated', 'forbidden', 'unavailable'],
  },
  {
    method: 'post',
    path: '/v1/provider-webhooks/{provider}/{token}',
    id: 'receiveProviderWebhook',
    tag: 'vendors',
    summary: 'For vendors: what becomes of a job. The token comes with the job.',
    access: 'open',
    body: { schema: notificationSchema, required: true },
    answers: [{ status: 204, description: 'Taken.' }],
    problems: ['unauthenticated', 'not_found', 'unavailable'],
  },
  {
    method: 'get',
    path: '/health/live',
    id: 'live',
    tag: 'health',
    summary: 'Whether the process runs.',
    access: 'open',
    answers: [{ status: 200, description: 'It does.', content: json(liveSchema) }],
    problems: [],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    tag: 'health',
    summary: 'What the process counts, for Prometheus.',
    access: 'open',
    answers: [{ status: 200, description: 'Its text format.', content: { 'text/plain': null } }],
    problems: [],
  },
  {
    method: 'get',
    path: '/health/ready',
    id: 'ready',
    tag: 'health',
    summary: 'Whether a request could be served now.',
    access: 'open',
    answers: [{ status: 200, description: 'It could.', content: json(readySchema) }],
    problems: ['unavailable'],
  },
];

import { base64, type Specimens } from './specimen.js';

const openai: Specimens = {
  vendor: 'openai',
  source: base64,
  picture: (source) => ({ b64_json: source }),
  list: true,
  told: (_, data) => [{ data, output_format: 'png', usage: { input_tokens: 7, output_tokens: 1_000 } }],
  words: {},
  refusals: [
    {
      status: 400,
      body: { error: { message: 'no such size', type: 'invalid_request_error', code: 'size' } },
    },
  ],
};

const gemini: Specimens = {
  vendor: 'gemini',
  source: base64,
  picture: (source) => ({ inlineData: { mimeType: 'image/png', data: source } }),
  list: true,
  told: (word, pictures) => [
    {
      candidates: [
        {
          content: { parts: word.toUpperCase() === 'STOP' ? pictures : [] },
          finishReason: word,
          finishMessage: 'it failed',
        },
      ],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 1_290 },
    },
  ],
  words: { STOP: 'produced', IMAGE_SAFETY: 'failed', MAX_TOKENS: 'failed' },
  refusals: [
    {
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'no such size',
          status: 'INVALID_ARGUMENT',
          details: [{ retryDelay: '34s' }],
        },
      },
    },
  ],
};

const stability: Specimens = {
  vendor: 'stability',
  source: base64,
  picture: (source) => source,
  list: false,
  told: (word, [image]) => [{ image, finish_reason: word, seed: 7 }],
  words: { SUCCESS: 'produced', CONTENT_FILTERED: 'failed' },
  refusals: [
    { status: 400, body: { id: 'x', name: 'bad_request', errors: ['no such size', 'nor such a format'] } },
  ],
};

const a1111: Specimens = {
  vendor: 'a1111',
  source: base64,
  picture: (source) => source,
  list: true,
  told: (_, images) => [{ images, info: JSON.stringify({ all_seeds: images.map(() => 7) }) }],
  words: {},
  refusals: [
    { status: 422, body: { detail: [{ loc: ['body', 'width'], msg: 'no such size', type: 'value_error' }] } },
    { status: 404, body: { detail: 'Sampler not found' } },
  ],
};

/** Of those whose answer to a submit is the end. */
export const specimensAtOnce: readonly Specimens[] = [openai, gemini, stability, a1111];

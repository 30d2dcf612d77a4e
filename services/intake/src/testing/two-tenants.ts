import { newUuid } from '@darkroom/platform';
import { generationEnvelope, generationPage } from '../openapi/response-schemas.js';
import { finish, startAttempt } from './gateway-events.js';
import type { Answer, Call } from './http-call.js';
import { startTestIntake, type TestIntake } from './test-intake.js';
import { until } from './until.js';

/** What stands in everything that the owner asks for. */
export const ownersPrompt = 'only the owner may read this';

type Caller = (call: Call) => Promise<Answer>;

/** Two tenants that both have something: an owner, whose things are looked for, and another, who must not find them. */
export interface TwoTenants {
  readonly intake: TestIntake;
  readonly asOwner: Caller;
  readonly asOther: Caller;
  /** The other again, as a page of ours in a browser. */
  readonly asOtherPage: Caller;
  readonly owned: {
    readonly open: string;
    readonly finished: string;
    readonly artifact: string;
    readonly etag: string;
    /** Cursor of a list that goes on. */
    readonly next: string;
    readonly contentUrl: string;
  };
  /** What only the owner may see. */
  readonly marks: readonly string[];
  create(by: Caller, prompt: string): Promise<string>;
  createFinished(by: Caller, prompt: string): Promise<string>;
  /** Waits for the read models to have seen a generation as it is. */
  listed(by: Caller, id: string): Promise<void>;
}

export async function startTwoTenants(): Promise<TwoTenants> {
  const intake = await startTestIntake({ heartbeatMs: 200 });
  const asOwner: Caller = (call) => intake.call(call);
  const authorization = `Bearer ${intake.foreignKey}`;
  const asOther: Caller = (call) => intake.bare({ ...call, headers: { authorization, ...call.headers } });
  const session = await intake.bare({ method: 'POST', path: '/v1/session', headers: { authorization } });
  const cookie = session.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

  const create = async (by: Caller, prompt: string): Promise<string> => {
    const answer = await by({
      method: 'POST',
      path: '/v1/generations',
      headers: { 'idempotency-key': newUuid() },
      body: { prompt, metadata: { note: prompt } },
    });
    return answer.json<{ data: { id: string } }>().data.id;
  };
  const createFinished = async (by: Caller, prompt: string): Promise<string> => {
    const id = await create(by, prompt);
    await startAttempt(intake.store, id);
    await finish(intake, id);
    return id;
  };
  const listed = async (by: Caller, id: string): Promise<void> => {
    await until('the list', async () => {
      const { data } = (await by({ path: '/v1/generations?limit=100' })).json(generationPage);
      const now = (await by({ path: `/v1/generations/${id}` })).json(generationEnvelope).data;
      return data.find((one) => one.id === id)?.version === now.version ? true : undefined;
    });
  };

  const finished = await createFinished(asOwner, ownersPrompt);
  const open = await create(asOwner, ownersPrompt);
  for (const id of [finished, open]) await listed(asOwner, id);
  await listed(asOther, await createFinished(asOther, 'my own'));
  const found = await asOwner({ path: `/v1/generations/${finished}` });
  const [image] = found.json(generationEnvelope).data.artifacts;
  const { next } = (await asOwner({ path: '/v1/generations?limit=1' })).json(generationPage);
  if (image === undefined || next === null || cookie === '') throw new Error('the owner has too little');
  return {
    intake,
    asOwner,
    asOther,
    asOtherPage: (call) => intake.bare({ ...call, headers: { cookie, origin: intake.url, ...call.headers } }),
    owned: {
      open,
      finished,
      artifact: image.id,
      etag: String(found.headers.etag),
      next,
      contentUrl: image.content_url,
    },
    marks: [ownersPrompt, open, finished, image.id],
    create,
    createFinished,
    listed,
  };
}

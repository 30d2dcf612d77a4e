import { createHash } from 'node:crypto';
import { type RunningS3, startS3 } from '@darkroom/infra';
import { createLogger, makeBucket, openObjectStore } from '@darkroom/platform';
import { artifactEnvelope } from '../openapi/response-schemas.js';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

describe('images that are kept in S3', () => {
  let s3: RunningS3;
  let intake: TestIntake;
  let image: { id: string; sha256: string; bytes: number; content_url: string; thumbnail_url: string };

  beforeAll(async () => {
    s3 = await startS3();
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const bucket = { endpoint, bucket: 'images', region: 'us-east-1', accessKeyId, secretAccessKey };
    await makeBucket(bucket);
    const logger = createLogger({ service: 'test', level: 'silent' });
    intake = await startTestIntake({}, { objects: await openObjectStore({ kind: 's3', ...bucket }, logger) });
    const id = await intake.create();
    await startAttempt(intake.store, id);
    await finish(intake, id);
    const found = await intake.call({ path: `/v1/generations/${id}` });
    const { artifacts } = found.json<{ data: { artifacts: { id: string }[] } }>().data;
    const answer = await intake.call({ path: `/v1/artifacts/${artifacts[0]?.id}` });
    image = answer.json(artifactEnvelope).data as typeof image;
  });
  afterAll(async () => {
    await intake.stop();
    await s3.stop();
  });

  it('are fetched there, by a link of ours that leads to one of the server’s, and needs no key', async () => {
    const answer = await intake.bare({ path: image.content_url });
    expect([answer.status, answer.headers['cache-control']]).toEqual([302, 'no-store']);
    const link = new URL(String(answer.headers['location']));
    expect(link.origin).toBe(new URL(s3.endpoint).origin);
    const picture = await fetch(link);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(picture.headers.get('content-disposition')).toBe(`inline; filename="${image.id}.png"`);
    expect(picture.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const sha256 = createHash('sha256').update(Buffer.from(await picture.arrayBuffer()));
    expect(sha256.digest('hex')).toBe(image.sha256);
    const part = await fetch(link, { headers: { range: 'bytes=0-3' } });
    expect([part.status, Buffer.from(await part.arrayBuffer()).toString('hex')]).toEqual([206, '89504e47']);
  });

  it('are saved where that is asked for', async () => {
    const answer = await intake.bare({ path: `${image.content_url}&download` });
    const picture = await fetch(String(answer.headers['location']));
    expect(picture.headers.get('content-disposition')).toBe(`attachment; filename="${image.id}.png"`);
  });

  it('have their thumbnails there too', async () => {
    const answer = await intake.call({ path: `/v1/artifacts/${image.id}/thumbnail` });
    expect(answer.status).toBe(302);
    expect((await fetch(String(answer.headers['location']))).status).toBe(200);
  });

  it('are not sent again to who has them, and looked at without being fetched', async () => {
    const tag = `"${image.sha256}"`;
    const known = await intake.bare({ path: image.content_url, headers: { 'if-none-match': tag } });
    expect([known.status, known.headers['etag']]).toEqual([304, tag]);
    const head = await intake.bare({ method: 'HEAD', path: image.content_url });
    expect([head.status, head.headers['content-length']]).toEqual([200, String(image.bytes)]);
  });

  it('are not for a stranger: no link is made', async () => {
    const strange = { authorization: `Bearer ${intake.foreignKey}` };
    const answer = await intake.call({ path: `/v1/artifacts/${image.id}/content`, headers: strange });
    expect([answer.status, answer.headers['location']]).toEqual([404, undefined]);
  });

  it('may be shown by the gallery, which may show nothing else from another host', async () => {
    const page = await intake.bare({ path: '/' });
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain(`img-src 'self' data: blob: ${new URL(s3.endpoint).origin};`);
    expect(policy).toContain("connect-src 'self';");
  });
});

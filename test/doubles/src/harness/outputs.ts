import { setTimeout as delay } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { pixelBomb } from '@darkroom/simulator';
import type { Controls } from './controls.js';

type Spoilt = NonNullable<Controls['output']['spoilt']>;

/** Sends a picture, as it is or as it should not be. */
export async function sendOutput(
  response: ServerResponse,
  bytes: Buffer,
  type: string,
  spoilt: Spoilt | undefined,
): Promise<void> {
  const send = (status: number, contentType: string, body: Buffer | string): void => {
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  switch (spoilt) {
    case undefined:
      return send(200, type, bytes);
    case '403':
    case '404':
    case '410':
      return send(Number(spoilt), 'application/xml', '<Error><Code>Gone</Code></Error>');
    case 'wrong-type':
      return send(200, 'application/octet-stream', bytes);
    case 'html':
      return send(200, type, '<!doctype html><title>Sign in</title>');
    case 'bomb':
      return send(200, 'image/png', await pixelBomb());
    case 'redirect-elsewhere':
      return redirect(response, 'https://elsewhere.example/picture.png');
    case 'redirect-loopback':
      return redirect(response, 'http://127.0.0.1:1/latest/meta-data/');
    case 'truncated':
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
      return;
    case 'slow':
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
      for (let at = 0; at < bytes.length && !response.destroyed; at += 1) {
        response.write(bytes.subarray(at, at + 1));
        await delay(1_000);
      }
      response.end();
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location });
  response.end();
}

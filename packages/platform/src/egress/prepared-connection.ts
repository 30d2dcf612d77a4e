import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Destination, NotSent, PreparedConnection, ResolveName } from './egress.js';
import { openSocket } from './checked-connector.js';
import { errorText, notSentReason } from './failures.js';
import { callOnce } from './one-call.js';
import type { Target } from './target.js';

class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
  readonly code = 'CONNECTION_GONE';
}

/** Connects, TLS included, and hands the very socket to one call: undici cannot quietly open another one. */
export async function prepareConnection(
  target: Target,
  destination: Destination,
  resolve: ResolveName,
): Promise<PreparedConnection | NotSent> {
  let socket: Socket;
  try {
    socket = await openSocket(target, destination.connectTimeoutMs ?? 5_000, resolve);
  } catch (error) {
    return { kind: 'not-sent', reason: notSentReason(error), error: errorText(error) };
  }
  // A server that speaks first, or hangs up, while the intent is being written down: known before a byte is sent.
  const onData = (): void => void socket.destroy();
  const onError = (): void => undefined;
  socket.on('data', onData).on('end', onData).on('error', onError);

  let handedOver = false;
  const client = new Client(target.url.origin, {
    pipelining: 1,
    connect: (_, callback) => {
      // Never in the same tick: undici marks itself as connecting only after this call.
      process.nextTick(() => {
        if (handedOver || socket.destroyed) {
          callback(new ConnectionGone('the prepared connection is gone'), null);
          return;
        }
        handedOver = true;
        socket.pause();
        socket.off('data', onData).off('end', onData).off('error', onError);
        callback(null, socket);
      });
    },
  });
  return {
    kind: 'ready',
    send: async (request) => callOnce(client, target.url, request),
    close: async () => {
      socket.destroy();
      await client.destroy();
    },
  };
}

import { lookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './address-rules.js';
import type { ResolveName } from './egress.js';
import { DestinationRefused, type Target } from './target.js';

/** Names that resolve to any address that is not public are refused before a connection is tried. */
const publicLookup =
  (resolve: ResolveName): LookupFunction =>
  (hostname, options, callback) => {
    // Asked once: what is checked is what is connected to, whatever the name's server says a moment later.
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error) callback(error, '');
      else if (!first || addresses.some(({ address }) => !isPublicAddress(address)))
        callback(new DestinationRefused('the name resolves to an address that is not public'), '');
      else if (options.all) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

/** As the system does it. */
export const systemResolve: ResolveName = (hostname, callback) =>
  lookup(hostname, { all: true }, (error, addresses) => callback(error, addresses ?? []));

/** Makes the connections of one target, and lets none through whose far end may not be called. */
export function checkedConnector(
  target: Target,
  connectTimeoutMs: number,
  resolve: ResolveName,
): buildConnector.connector {
  // Node gives up on a slow address after 250 ms and tries the next one.
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    keepAlive: true,
    ...(target.allowed ? {} : { lookup: publicLookup(resolve) }),
  });
  return (options, callback) => {
    if (!target.allowed && isIP(target.host) !== 0 && !isPublicAddress(target.host)) {
      callback(new DestinationRefused('the address is not public'), null);
      return;
    }
    connect(options, (error, socket) => {
      if (error || !socket) callback(error ?? new Error('no socket'), null);
      else if (target.allowed || isPublicAddress(socket.remoteAddress ?? '')) callback(null, socket);
      else {
        // Literals never reach the lookup, and names may be resolved elsewhere: the socket is the last word.
        socket.destroy();
        callback(new DestinationRefused('the connected address is not public'), null);
      }
    });
  };
}

/** One connection, made now. */
export async function openSocket(
  target: Target,
  connectTimeoutMs: number,
  resolve: ResolveName,
): Promise<Socket> {
  const connect = checkedConnector(target, connectTimeoutMs, resolve);
  return new Promise((settle, reject) => {
    const { url, host } = target;
    connect(
      {
        hostname: host,
        host: url.host,
        protocol: url.protocol,
        port: String(target.port),
        ...(url.protocol === 'https:' && isIP(host) === 0 ? { servername: host } : {}),
      },
      (error, socket) => {
        if (error || !socket) reject(error ?? new Error('no socket'));
        else settle(socket);
      },
    );
  });
}

import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { ResolveName } from '../egress/egress.js';

/** A name server of one's own: says whatever a test wants it to say, to each question anew. */
export interface DnsServer {
  /** Asks this server, and nobody else. */
  readonly resolve: ResolveName;
  /** Names that were asked for, in order; each twice, once a family. */
  readonly questions: readonly string[];
  stop(): Promise<void>;
}

const familyOfType = { 1: 4, 28: 6 } as const;

function nameIn(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** The 16 bytes of an IPv6 address, by the URL parser's normal form. */
function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [head, tail] = [groups(left), groups(right)];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  const { type, end } = nameIn(question);
  const family = familyOfType[type === 28 ? 28 : 1];
  const fitting = addresses.filter((address) => (isIPv6(address) ? 6 : 4) === family);
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(fitting.length, 6);
  head.writeUInt32BE(0, 8);
  const records = fitting.map((address) => {
    const data = bytesOf(address);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    // Lives no second: whoever asks again hears the next answer.
    record.writeUInt32BE(0, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, question.subarray(12, end), ...records]);
}

/** @param answer the addresses of a name; `time` counts how often it was asked for in that family */
export async function startDnsServer(
  answer: (name: string, time: number) => readonly string[],
): Promise<DnsServer> {
  const questions: string[] = [];
  const times = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { name, type } = nameIn(message);
    questions.push(name);
    const time = times.get(`${type} ${name}`) ?? 0;
    times.set(`${type} ${name}`, time + 1);
    socket.send(answerTo(message, answer(name, time)), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const none = (): string[] => [];
  const ask = async (...[hostname, callback]: Parameters<ResolveName>): Promise<void> => {
    const [six, four] = await Promise.all([
      resolver.resolve6(hostname).catch(none),
      resolver.resolve4(hostname).catch(none),
    ]);
    const found = [...six, ...four].map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    callback(null, found);
  };
  return {
    questions,
    resolve: (hostname, callback) => void ask(hostname, callback),
    stop: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

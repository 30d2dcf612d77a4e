import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes that no HTTP client would, and reads what comes until the server closes. */
export async function rawExchange(base: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port) });
  // It may be cut in the middle of a write, once the answer is out.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  const said = await text(socket);
  const [head = '', ...rest] = said.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0),
    headers: Object.fromEntries(
      lines.map((line) => {
        const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(line) ?? [];
        return [name.toLowerCase(), value];
      }),
    ),
    body: rest.join('\r\n\r\n'),
  };
}

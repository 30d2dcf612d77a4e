import { readFileSync } from 'node:fs';

/** Bytes that have arrived at a local port and that whoever listens there has not read (proc_net_tcp(5)); what is stopped reads nothing. */
export function unreadBytes(port: number): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  let bytes = 0;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const [, local, , , queues] = line.trim().split(/\s+/);
      if (local?.endsWith(`:${wanted}`)) bytes += Number.parseInt(queues?.split(':')[1] ?? '0', 16);
    }
  return bytes;
}

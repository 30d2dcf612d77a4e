import { severableLink } from '@darkroom/platform/testing';

/** Between intake and its Postgres: hears every statement that is sent. */
export interface StatementTap {
  readonly url: string;
  /** What was sent since the last time that it was asked. */
  take(): readonly string[];
  stop(): Promise<void>;
}

/** A statement's text is sent once a connection; later runs of it are told by its name alone. */
class Frontend {
  private rest = Buffer.alloc(0);
  private hasGreeted = false;
  private readonly prepared = new Map<string, string>();

  /** The statements that these bytes run. */
  *heard(data: Buffer): Generator<string> {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      // The greeting has no type before its length.
      const at = this.hasGreeted ? 1 : 0;
      if (this.rest.length < at + 4) return;
      const end = at + this.rest.readInt32BE(at);
      if (this.rest.length < end) return;
      const [type, body] = [this.rest.toString('latin1', 0, at), this.rest.subarray(at + 4, end)];
      this.rest = this.rest.subarray(end);
      this.hasGreeted = true;
      const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
      if (type === 'P') this.prepared.set(first, second);
      // The portal's name comes first, and is empty.
      if (type === 'B') yield this.prepared.get(second) ?? second;
      if (type === 'Q') yield first;
    }
  }
}

/** Puts itself before a Postgres; stopped by whoever asked for it, after intake. */
export async function tapStatements(databaseUrl: string): Promise<StatementTap> {
  const target = new URL(databaseUrl);
  let sent: string[] = [];
  const link = await severableLink({ host: target.hostname, port: Number(target.port) }, () => {
    const frontend = new Frontend();
    return (data) => void sent.push(...frontend.heard(data));
  });
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${link.port}` }).href,
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
    stop: async () => link.stop(),
  };
}

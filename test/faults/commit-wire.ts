import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** How the server says that a transaction was committed. */
const committed = 'COMMIT\0';

/** Ends of what passed by, so that a text is seen also where the network cut it in two. */
class Sighting {
  private tail = Buffer.alloc(0);
  constructor(private readonly text: string) {}

  in(data: Buffer): boolean {
    const seen = Buffer.concat([this.tail, data]);
    this.tail = seen.subarray(Math.max(0, seen.length - this.text.length));
    return seen.includes(this.text);
  }
}

/**
 * Between a service and its Postgres: keeps back what the server says to the first commit of a transaction that writes an
 * event of one type, or the write itself. Everything else passes.
 */
export class CommitWire {
  private readonly sockets = new Set<Socket>();
  private readonly keeps: Promise<void>;
  private noticeKept: () => void = () => undefined;
  private isOpen = true;
  private hasKept = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly eventType: string,
    private readonly keepsBack: 'answer' | 'write',
  ) {
    this.keeps = new Promise((resolve) => (this.noticeKept = resolve));
  }

  static async to(
    databaseUrl: string,
    eventType: string,
    keepsBack: 'answer' | 'write' = 'answer',
  ): Promise<CommitWire> {
    const server = createServer();
    const wire = new CommitWire(server, new URL(databaseUrl), eventType, keepsBack);
    server.on('connection', (near) => wire.join(near));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return wire;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return Object.assign(new URL(this.target), { port: String(address.port) }).href;
  }

  /** Resolves when it has kept back what it was made for. */
  async kept(): Promise<void> {
    await this.keeps;
  }

  /** Ends every connection; until it is mended, new ones are ended too. */
  cut(): void {
    this.isOpen = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isOpen = true;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (!this.isOpen) near.destroy();
    this.carry(near, far);
  }

  private carry(near: Socket, far: Socket): void {
    const event = new Sighting(`"type":"${this.eventType}"`);
    const commit = new Sighting(committed);
    let isWriting = false;
    let isKept = false;
    const keep = (): void => {
      this.hasKept = true;
      isKept = true;
      this.noticeKept();
    };
    near.on('data', (data: Buffer) => {
      isWriting ||= event.in(data);
      if (isWriting && this.keepsBack === 'write' && !this.hasKept) keep();
      if (!isKept) far.write(data);
    });
    far.on('data', (data: Buffer) => {
      const isCommit = commit.in(data);
      if (isWriting && isCommit && this.keepsBack === 'answer' && !this.hasKept) keep();
      if (!isKept) near.write(data);
    });
  }
}

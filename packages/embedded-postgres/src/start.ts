/** How to start: everything has a default but where the data lives. */
export interface EmbeddedPostgresOptions {
  /** DATA_DIR: the data folder, the kept port and the passwords live below it. */
  readonly dataDir: string;
  /** 0 or absent: a free port, kept over restarts. */
  readonly port?: number;
  /** Progress and Postgres' own log, line by line. */
  readonly log?: (line: string) => void;
  /** Server settings on top of ours, as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder with initdb and postgres; absent: those of the npm package. */
  readonly binaries?: string;
}

/** A running Postgres that ends with this process, however this process ends. */
export interface EmbeddedPostgres {
  /** For services: reads and writes what the owner made, makes nothing itself. */
  readonly url: string;
  /** For migrations: owns the database. */
  readonly ownerUrl: string;
  /** For tests alone: may create databases. */
  readonly superuserUrl: string;
  /** Process id of the present server; changes when a crashed one was restarted. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts Postgres below `dataDir`, or replaces one that a dead process left there. */
export async function startEmbeddedPostgres(_options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  throw new Error('not yet');
}

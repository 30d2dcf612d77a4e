import { mkdirSync, realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { findBinaries, majorVersion } from './binaries.js';
import { checkData, existingData, makeData, placeForNewData } from './data-folder.js';
import { startDeathGuard } from './death-guard.js';
import { EmbeddedPostgresError } from './errors.js';
import { freePort, tryPort } from './free-port.js';
import { type KeptState, readState, writeState } from './kept-state.js';
import { claimData, disclaimData, replaceLeftover } from './leftover-server.js';
import { database, prepare, roles } from './prepare.js';
import { chooseUser } from './run-as.js';
import { type Server, startServer } from './server.js';

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
  /** For tests: DATA_DIR is removed when the server has stopped, also after a crash of this process. */
  readonly temporary?: boolean;
  /** How long to wait for a Postgres whose owner died, before stopping it. Default 10,000. */
  readonly leftoverWaitMs?: number;
}

/** A running Postgres that ends with this process, however this process ends. Does not keep the process alive. */
export interface EmbeddedPostgres {
  /** For background services and operators, in the role darkroom_worker: see every tenant, make nothing themselves. */
  readonly url: string;
  /** For the clients' API, in the role darkroom_api: sees one tenant at a time. */
  readonly apiUrl: string;
  /** For migrations: owns the database. */
  readonly ownerUrl: string;
  /** For tests alone: may create databases. */
  readonly superuserUrl: string;
  /** Process id of the present server; changes when a crashed one was restarted. */
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts Postgres below `dataDir`, or replaces one that a dead process left there.
 * @throws EmbeddedPostgresError with one clear line.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  mkdirSync(options.dataDir, { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const found = existingData(dataDir);
  const runAs = chooseUser(found);
  const binaries = findBinaries(runAs, options.binaries);
  const major = majorVersion(binaries);
  const folder = found ?? placeForNewData(dataDir, runAs, log);
  claimData(folder);
  const guard = startDeathGuard(folder, options.temporary === true ? dataDir : undefined);
  try {
    let state = readState(dataDir);
    if (found === undefined) {
      log('Preparing the embedded Postgres (first start only)');
      makeData(folder, binaries, major, state.superuserPassword, runAs);
    }
    checkData(folder, major, runAs);
    await replaceLeftover(folder, options.leftoverWaitMs ?? 10_000, log);

    const launch = async (port: number): Promise<Server> =>
      startServer({ binaries, folder, port, runAs, settings: options.settings ?? {}, log }, (pid) =>
        guard.watch(pid),
      );
    const first = await startOnPort(options.port ?? 0, state.port, launch);
    if (first.port !== state.port) writeState(dataDir, (state = { ...state, port: first.port }));
    const urls = urlsOf(state);
    if (!state.prepared) {
      await prepare(urls.superuser, state);
      writeState(dataDir, (state = { ...state, prepared: true }));
    }
    const supervised = supervise(
      first.server,
      () => launch(state.port),
      (pid) => guard.watch(pid),
      log,
    );
    first.server.unref();
    guard.unref();
    let stopped: Promise<void> | undefined;
    return {
      url: urls.service,
      apiUrl: urls.api,
      ownerUrl: urls.owner,
      superuserUrl: urls.superuser('postgres'),
      get pid() {
        return supervised.pid();
      },
      stop() {
        stopped ??= (async () => {
          guard.ref();
          const ended = supervised.stop();
          guard.release();
          await ended;
          disclaimData(folder);
        })();
        return stopped;
      },
    };
  } catch (error) {
    guard.release();
    disclaimData(folder);
    throw error;
  }
}

function urlsOf(state: KeptState): {
  service: string;
  api: string;
  owner: string;
  superuser: (database: string) => string;
} {
  const url = (user: string, password: string, name: string): string =>
    `postgres://${user}:${password}@127.0.0.1:${state.port}/${name}`;
  return {
    service: url(roles.service, state.servicePassword, database),
    api: url(roles.api, state.apiPassword, database),
    owner: url(roles.owner, state.ownerPassword, database),
    superuser: (name) => url('postgres', state.superuserPassword, name),
  };
}

/** The port asked for, or the kept one, or a free one; a free one may be taken before Postgres has it. */
async function startOnPort(
  asked: number,
  kept: number,
  launch: (port: number) => Promise<Server>,
): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const wanted = asked === 0 ? kept : asked;
    const port =
      (wanted === 0 ? undefined : await tryPort(wanted)) ?? (asked === 0 ? await freePort() : undefined);
    if (port === undefined) {
      throw new EmbeddedPostgresError('port_taken', `port ${asked} for the embedded Postgres is taken`, {
        port: String(asked),
      });
    }
    try {
      return { server: await launch(port), port };
    } catch (error) {
      // Backends of a killed server still hold its shared memory for a moment: start_failed, and gone at the next try.
      const again =
        error instanceof EmbeddedPostgresError &&
        (error.code === 'port_taken' || error.code === 'start_failed');
      if (!again || attempt === 5) throw error;
      await pause(200 * attempt);
    }
  }
}

/** Starts the server again whenever it ends without being asked to. */
function supervise(
  first: Server,
  launch: () => Promise<Server>,
  watch: (pid: number | undefined) => void,
  log: (line: string) => void,
): { pid(): number; stop(): Promise<void> } {
  let current = first;
  let stopping = false;

  const watching = (async () => {
    for (;;) {
      await current.exited;
      if (stopping) return;
      watch(undefined);
      log('The embedded Postgres ended unexpectedly; starting it again');
      for (let delay = 200; ; delay = Math.min(delay * 2, 5_000)) {
        try {
          current = await launch();
          if (stopping)
            process.kill(current.pid, 'SIGINT'); // The guard has let go already.
          else current.unref();
          break;
        } catch (error) {
          log(error instanceof Error ? error.message : String(error));
          await pause(delay, undefined, { ref: false });
          if (stopping) return;
        }
      }
    }
  })();

  return {
    pid: () => current.pid,
    async stop() {
      stopping = true;
      current.ref();
      // The guard stops it within 10 s; somebody may have killed the guard.
      const last = setTimeout(() => process.kill(current.pid, 'SIGKILL'), 15_000);
      await watching;
      clearTimeout(last);
    },
  };
}

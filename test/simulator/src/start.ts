/** Where a simulator listens and keeps its state. */
export interface SimulatorOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  dataDir: string;
  /** Standard Webhooks secret (`whsec_…`); random and kept in dataDir when absent. */
  webhookSecret?: string;
}

export interface RunningSimulator {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts the simulated vendor. */
export function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  return Promise.reject(new Error(`not started on ${options.host}`));
}

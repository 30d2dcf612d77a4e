/** Something that was started and must be stopped: a service, a server, a worker. */
export interface RunningService {
  readonly name: string;
  /** Where it listens, if it does. */
  readonly url?: string;
  /** Takes no new work, finishes or hands back what it has, closes what it opened. Called again it waits for the same end. */
  stop(): Promise<void>;
}

/** Stops the last started first; one that fails does not keep the others running. */
export async function stopInReverse(services: readonly RunningService[]): Promise<void> {
  const failures: unknown[] = [];
  for (const service of services.toReversed()) {
    try {
      await service.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'some services did not stop cleanly');
}

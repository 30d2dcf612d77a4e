/** What a service's work table is called in the database. */
export interface JobNames {
  readonly jobs: string;
  readonly takeSlot: string;
  readonly slotsFloor: string;
  readonly slots: string;
  readonly claimTimed: string;
  readonly claimReady: string;
  readonly waitedFor: string;
  readonly wakeWaiting: string;
}

/** The driver quotes each part of a dotted name. */
export function namesIn(schema: string): JobNames {
  return {
    jobs: `${schema}.jobs`,
    takeSlot: `${schema}.take_slot`,
    slotsFloor: `${schema}.slots_floor`,
    slots: `${schema}.slots`,
    claimTimed: `${schema}.claim_timed`,
    claimReady: `${schema}.claim_ready`,
    waitedFor: `${schema}.waited_for`,
    wakeWaiting: `${schema}.wake_waiting`,
  };
}

/** Every span that Darkroom makes, by its name. What it is about is in its attributes, so that the names stay few. */
export const spanNames = {
  /** A request that was served. The route, never the path: ids and tokens stand in it. */
  served: (method: string, route: string) => `${method} ${route}`,
  /** Intake's append of what a client asked: the context in which all of a generation's events are written. */
  append: 'append',
  /** A request that is held until the generation ends. */
  waitForEnd: 'wait for end',
  /** One look at the log that found something; a trace of its own. */
  poll: (group: string) => `poll ${group}`,
  /** From the beginning of a send to the broker's acknowledgement. */
  publish: (type: string) => `publish ${type}`,
  /** A message at its handler. */
  process: (type: string) => `process ${type}`,
  /** From the time at which an attempt could have begun to its beginning. */
  queueWait: 'queue wait',
  /** From the intent to submit to the vendor's word on how it ended. */
  attempt: 'attempt',
  submit: 'submit',
  settle: 'settle',
  /** A look at a vendor's job that changed something; the others leave none. */
  pollVendor: 'poll vendor',
  cancelAtVendor: 'cancel at vendor',
  refreshLinks: 'refresh links',
  hearWebhook: 'hear webhook',
  /** From the vendor's word that there are images to the end of the run. */
  storing: 'storing',
  downloadOutput: 'download output',
  verifyOutput: 'verify output',
  putOutput: 'put output',
} as const;

/** Every attribute of those spans. Where there is a convention it is OpenTelemetry's. */
export const spanAttributes = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.type',
  messagingGroup: 'messaging.consumer.group.name',
  messagingDestination: 'messaging.destination.name',
  messagingBatch: 'messaging.batch.message_count',
  messageId: 'messaging.message.id',
  /** UUID of the generation, as in the log. */
  generation: 'darkroom.generation.id',
  streamVersion: 'darkroom.stream.version',
  attempt: 'darkroom.attempt',
  outputIndex: 'darkroom.output.index',
  /** Types of the events that the work appended. */
  appended: 'darkroom.appended',
  outcome: 'darkroom.outcome',
} as const;

/** Events that come often and say little: neither what appends them nor who hears of them makes a span. */
export const untracedEvents: ReadonlySet<string> = new Set(['ProgressReported']);

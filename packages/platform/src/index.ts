export {
  type ApiKeyPrefix,
  apiKeyPrefix,
  generateApiKey,
  hashApiKey,
  isIssuedApiKey,
} from './auth/api-key.js';
export {
  type AttemptName,
  openAttemptToken,
  sealAttemptToken,
  webhookSecretOf,
  webhookSecretsOfToken,
} from './auth/attempt-token.js';
export { signContentLink, verifyContentLink } from './auth/content-link.js';
export { createSigner, type Signer, type SigningPurpose } from './auth/signer.js';
export { ConfigError } from './config/config-error.js';
export { type Environment, loadConfig } from './config/load-config.js';
export { readSettings, type SettingName, settings, type SettingValues } from './config/settings.js';
export { settingsReference } from './config/settings-reference.js';
export {
  type Allowance,
  type Answer,
  type Destination,
  type Download,
  DownloadError,
  type DownloadFailure,
  type DownloadRequest,
  type Egress,
  type EgressOptions,
  type EgressOutcome,
  type EgressPurpose,
  type EgressRequest,
  type Lost,
  type LostReason,
  type NotSent,
  type NotSentReason,
  type PreparedConnection,
} from './egress/egress.js';
export { allowanceOf } from './egress/allowance-of.js';
export { createEgress } from './egress/create-egress.js';
export { errorToProblem, isDatabaseUnavailable } from './http/error-to-problem.js';
export { createHttpApp, type HttpApp, type HttpAppOptions } from './http/http-app.js';
export type { KnownRoute } from './http/known-routes.js';
export { unsafeTextCodes } from './http/json-body.js';
export {
  type FieldError,
  type ProblemCode,
  problemCodes,
  type ProblemDocument,
  problemDocument,
  ProblemError,
  type ProblemFacts,
} from './http/problem.js';
export { ProblemFilter } from './http/problem-filter.js';
export { rawBodyOf } from './http/request-rules.js';
export { endServerSpan } from './http/server-span.js';
export { requestTraceId, traceparentOf } from './http/request-trace.js';
export { fieldErrors, ValidationPipe } from './http/validation-pipe.js';
export { fromPublicId, type IdKind, newGenerationId, newUuid, toPublicId } from './ids/public-id.js';
export { pooledRandomBytes } from './ids/random-pool.js';
export { createLogger, type Logger, type LoggerOptions } from './logging/logger.js';
export { NestLogger } from './logging/nest-logger.js';
export { objectFolders } from './object-store/object-folders.js';
export { localDiskObjectStore } from './object-store/local-disk.js';
export {
  makeBucket,
  objectStoreSettingNames,
  type ObjectStoreSettings,
  objectStoreSettings,
  openObjectStore,
} from './object-store/open-object-store.js';
export {
  type ByteRange,
  type LinkedAs,
  type ObjectFacts,
  type ObjectStore,
  ObjectStoreError,
  type ObjectStoreErrorCode,
  type PutObject,
} from './object-store/object-store.js';
export { allReady, databaseProbe } from './process/readiness.js';
export { type RunningService, stopInReverse } from './process/running-service.js';
export { errorIndexPage, errorPage } from './http/error-pages.js';
export { runMain } from './process/run-main.js';
export { type ProcessService, serve } from './process/serve.js';
export { within } from './process/within.js';
export { stopOnSignals, type StopOnSignalsOptions } from './process/stop-on-signals.js';
export { count, type Lag, measure, watchGauge, watchLag } from './telemetry/metrics.js';
export { startMetrics } from './telemetry/start-metrics.js';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry/start-telemetry.js';
export { about, type Subject, turnsOutToBeAbout } from './telemetry/about.js';
export { spanAttributes, spanNames, untracedEvents } from './telemetry/names.js';
export { inSpan, type Lasted, linkActiveSpan, recordSpan, type SpanFacts } from './telemetry/spans.js';
export { currentTraceparent, traceIdOf, traceUrl } from './telemetry/traceparent.js';

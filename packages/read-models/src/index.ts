export { countGenerations, type GenerationCounts } from './counts/count-generations.js';
export type { GenerationDetail } from './detail/detail.js';
export { DetailProjection } from './detail/detail-projection.js';
export { type ArtifactPorts, findArtifact, type FoundArtifact } from './detail/find-artifact.js';
export { foldDetail } from './detail/fold-detail.js';
export { type DetailPorts, getGeneration } from './detail/get-generation.js';
export { paidOrphans } from './detail/paid-orphans.js';
export { spentSince } from './detail/spent-since.js';
export type { CursorSigner } from './detail/list-cursor.js';
export {
  type ListAnswer,
  listGenerations,
  type ListPorts,
  type ListQuery,
} from './detail/list-generations.js';
export { type DetailProjectionPorts, detailSubscription, projectDetail } from './detail/project-detail.js';
export {
  type Attention,
  countInNeed,
  type GenerationSearch,
  generationsInNeed,
  isJobOfAnother,
  searchGenerations,
} from './detail/search-generations.js';
export { type IndexedArtifact, storedArtifacts } from './detail/stored-artifacts.js';
export type { FeedEvent } from './feed/feed-event.js';
export { feedSubscription, projectFeed } from './feed/project-feed.js';
export {
  type FeedAnswer,
  feedHead,
  type FeedPlace,
  type FeedPorts,
  type FeedQuery,
  readFeed,
  readFeeds,
} from './feed/read-feed.js';
export { readModelMigrations } from './migrations.js';
export { rebuild, type RebuildPorts } from './rebuild/rebuild.js';
export {
  askForRebuild,
  listRebuilds,
  noteFailedRebuild,
  noteRebuild,
  openRebuild,
  type Rebuild,
  type RebuildState,
} from './rebuild/rebuild-requests.js';
export type {
  ArtifactResource,
  ErrorResource,
  GenerationResource,
  HistoryEvent,
  LinkSigner,
} from './resource/generation-resource.js';
export { type GenerationStatus, statusOf } from './resource/status-of.js';
export { type StatusReason, statusReason } from './resource/status-reason.js';
export { feedEventToHistory, toHistory } from './resource/to-history.js';
export { type ResourceContext, toArtifactResource, toResource } from './resource/to-resource.js';
export { type ChargeWord, chargeWord, errorCodeWord, formatWord } from './resource/words.js';

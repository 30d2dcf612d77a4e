export type { GenerationDetail } from './detail/detail.js';
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
export type {
  ArtifactResource,
  ErrorResource,
  GenerationResource,
  HistoryEvent,
  LinkSigner,
} from './resource/generation-resource.js';

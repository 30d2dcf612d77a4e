/** `live`: what readers see. `next`: what is built beside it. */
export type ModelTables = 'live' | 'next';

/** Name of a model's table, in its schema. */
export const tableOf = (model: 'detail_v1' | 'artifact_v1' | 'feed_v1', tables: ModelTables): string =>
  `read_models.${model}${tables === 'next' ? '_next' : ''}`;

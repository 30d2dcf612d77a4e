/**
 * Everything that is kept of a generation's bytes lies below these two folders, whoever writes it: so that erasing finds all of
 * it, also what a crash left unmentioned in any event. By the generation's UUID.
 */
export const objectFolders = {
  /** Vendors' answers, large webhooks and inline images, before they are verified: the gateway's, and intake's. */
  staging: (generation: string): string => `staging/${generation}`,
  /** Verified images and their previews: the artifact service's. */
  artifacts: (generation: string): string => `artifacts/${generation}`,
} as const;

import type { Evidence, VendorNews } from '@darkroom/domain';

/** What an answer to a repeat is told as; null: nothing was sent, which says nothing. */
export function newsOfRepeat(news: VendorNews): VendorNews | null {
  switch (news.kind) {
    case 'not_sent':
    case 'absent':
      return null;
    case 'refused':
      // It says nothing of the first send, which may have been taken.
      return { kind: 'unknown', cause: 'UNKNOWN_CAUSE_REPEAT_REFUSED', ...unstaged(news) };
    default:
      return { ...news, ...unstaged(news) };
  }
}

/** The staged answer is that of the first send. */
function unstaged({ evidence }: { readonly evidence?: Evidence }): { evidence?: Evidence } {
  return evidence === undefined ? {} : { evidence: { ...evidence, stagingKey: '' } };
}

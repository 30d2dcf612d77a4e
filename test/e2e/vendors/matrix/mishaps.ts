import type { Subject } from './subjects.js';

/** What may befall a request, by the table of the page that it is told in. */
export const tables = [
  {
    name: 'What becomes of a submit',
    about:
      'Where a vendor has no words for it, a page of something that stands before it says so, which proves nothing.',
    mishaps: [
      'nothing goes wrong',
      '500 on submit',
      '503 on submit',
      'reply lost, no webhook',
      'reply lost, webhook',
      'moderated',
      'out of credit',
      'bad key',
    ],
  },
  {
    name: 'While a job runs',
    about: 'A vendor that can be asked calls nobody here, but for the cancel.',
    mishaps: ['unknown status word', '404, then 200', 'cancel'],
  },
  {
    name: 'Webhooks',
    about:
      'Forged: one with another signature, where there are any, and one to an address that is none, right before the true one. Twice: the same bytes.',
    mishaps: ['forged', 'before the reply', 'twice'],
  },
  {
    name: '429 with Retry-After',
    about:
      'The first submit is refused so, the next is taken. Waits are without the spread that each has besides. Where a vendor says elsewhere how long to wait, that holds wherever the header says nothing that makes sense. Servers of one’s own have no 429: a page of something before them brings it.',
    mishaps: ['in seconds', 'as a date', 'as nonsense', 'in the past', 'of 10⁹ s', 'absent'],
  },
] as const;

type Table = (typeof tables)[number];
export type Mishap = Table['mishaps'][number];
export type Refused429 = Extract<Table, { name: '429 with Retry-After' }>['mishaps'][number];
export type Other = Exclude<Mishap, Refused429>;

/** Those that leave a request waiting: they are provoked one after the other and come to their ends together. */
export const refused429: readonly Refused429[] = tables[3].mishaps;

export const allMishaps: readonly Mishap[] = tables.flatMap(({ mishaps }): readonly Mishap[] => mishaps);

/** What a reason is taken from: nothing that costs work to drive is left out by it. */
type Known = Pick<Subject, 'adapter' | 'sheet'> & { readonly double: Pick<Subject['double'], 'words'> };

/** Why this cannot befall a request at this vendor, by its sheet, its adapter, or what it has no words for; undefined: it can. */
export function whyNot(mishap: Mishap, { adapter, sheet, double: { words } }: Known): string | undefined {
  const withoutWebhooks = sheet.takesWebhook ? undefined : 'it sends no webhooks';
  const atOnce = sheet.poll === 'none' && !sheet.takesWebhook ? 'it answers with the picture' : undefined;
  switch (mishap) {
    case 'reply lost, webhook':
    case 'forged':
    case 'before the reply':
    case 'twice':
      return atOnce ?? withoutWebhooks;
    case 'unknown status word':
      return atOnce ?? (words.hasStatusWords ? undefined : 'it has no status words');
    case '404, then 200':
      return (
        atOnce ?? (sheet.poll === 'none' ? 'it is asked for nothing: its webhook tells the end' : undefined)
      );
    case 'moderated':
      return words.rejected === null ? 'it draws whatever it is asked for' : undefined;
    case 'out of credit':
      return words.outOfCredit === null && sheet.price.microsPerImage === 0 ? 'it costs nothing' : undefined;
    case 'bad key':
      return words.badKey === null && adapter.needsNoCredential === true ? 'it needs no key' : undefined;
    default:
      return undefined;
  }
}

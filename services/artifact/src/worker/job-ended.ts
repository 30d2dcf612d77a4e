/** Why a job in work is told to end, or finds that it has: whoever catches it does not touch the row of a lost lease. */
export class JobEnded extends Error {
  override readonly name = 'JobEnded';
  constructor(readonly why: 'stopping' | 'lease-lost') {
    super(why);
  }
}

import type postgres from 'postgres';
import { isCut } from './postgres/failure.js';

/** How long the driver may take to say that a connection is gone of which a statement has said so. */
const longestFarewellMs = 5_000;

const connectionClosed = (): Error =>
  Object.assign(new Error('the transaction is over: its connection was closed'), {
    code: 'CONNECTION_CLOSED',
  });

/**
 * Makes transactions end with their connection. The driver goes on to send what is left of a transaction, its rollback too, on the
 * connection's next life. The rest of it then stands alone, its rollback undoes and its commit commits half of somebody else's
 * transaction, and what is sent before the connection is back costs the pool that place for good (porsager/postgres 3.4.9, shown by
 * the tests).
 */
export function endTransactionsWithTheirConnection(sql: postgres.Sql): postgres.Sql {
  const begin = sql.begin.bind(sql);
  type Work = (tx: postgres.TransactionSql) => unknown;

  const guarded = async (optionsOrWork: string | Work, workAfterOptions?: Work): Promise<unknown> => {
    const options = typeof optionsOrWork === 'string' ? optionsOrWork : '';
    const work = typeof optionsOrWork === 'string' ? workAfterOptions : optionsOrWork;
    if (work === undefined) throw new TypeError('a transaction needs a function');
    let isOver = false;
    let giveUp: (error: unknown) => void = () => undefined;
    const silence = new Promise<never>((_, reject) => (giveUp = reject));
    const transaction: Promise<unknown> = begin(options, async (tx) => {
      try {
        const result: unknown = await work(openOnly(tx, () => isOver));
        const value: unknown = Array.isArray(result) ? await Promise.all(result) : result;
        if (isOver) throw connectionClosed();
        return value;
      } catch (error) {
        if (!isOver && !isCut(error)) throw error;
        // The driver rejects by itself as soon as the connection is closed. Told of an end, it would send its rollback.
        setTimeout(() => giveUp(error), longestFarewellMs).unref();
        return new Promise<never>(() => undefined);
      }
    });
    try {
      return await Promise.race([transaction, silence]);
    } finally {
      isOver = true;
    }
  };
  return Object.assign(sql, { begin: guarded });
}

/** The transaction as long as there is one; afterwards a statement is an error, and is not sent. */
function openOnly(tx: postgres.TransactionSql, isOver: () => boolean): postgres.TransactionSql {
  const mustBeOpen = (): void => {
    if (isOver()) throw connectionClosed();
  };
  return new Proxy(tx, {
    apply(target, self, args) {
      mustBeOpen();
      return Reflect.apply(target, self, args) as unknown;
    },
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function' || (name !== 'unsafe' && name !== 'file' && name !== 'savepoint'))
        return value;
      return (...args: unknown[]): unknown => {
        mustBeOpen();
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** Waits for work no longer than its bound. What it becomes of later is nobody's business. @throws what `late` makes, or the work's own */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, bound]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

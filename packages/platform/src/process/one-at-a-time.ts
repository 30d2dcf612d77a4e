/** While one question is being answered, whoever asks is given that answer: what hangs is not asked again. */
export function oneAtATime<T>(ask: () => PromiseLike<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= Promise.resolve(ask()).finally(() => {
      asked = undefined;
    }));
}

/** What became of a piece of work. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/**
 * Starts work on items some way ahead and gives the outcomes in the items' order. Work that is done at once is not
 * waited for.
 *
 * @param ahead on how many items after the one that is waited for
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  start: (item: Item) => Result | Promise<Result>,
  ahead: number,
): AsyncGenerator<readonly [Item, Outcome<Result>], void, undefined> {
  const queue: (readonly [Item, Outcome<Result> | Promise<Outcome<Result>>])[] = [];
  for (const item of items) {
    queue.push([item, attempt(start, item)]);
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (first[1] instanceof Promise && queue.length <= ahead) break;
      yield [first[0], await first[1]];
      void queue.shift();
    }
  }
  for (const [item, outcome] of queue) yield [item, await outcome];
}

function attempt<Item, Result>(
  start: (item: Item) => Result | Promise<Result>,
  item: Item,
): Outcome<Result> | Promise<Outcome<Result>> {
  try {
    const result = start(item);
    return result instanceof Promise ? settle(result) : { result };
  } catch (error) {
    return { error };
  }
}

// An error waits for its turn, and must not count as unhandled until then.
async function settle<Result>(promise: Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await promise };
  } catch (error) {
    return { error };
  }
}

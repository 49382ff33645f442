import { type ExpressionNode, parseExtendedRegex } from './extended-regex-syntax.ts';

/** Larger machines are refused: `((a{255}){255}){255}`. */
const MAX_STATES = 20_000;

/**
 * Whether an extended regular expression of POSIX, with the additions of the C library (`\w`, `\<`, `{,3}` …), matches
 * anywhere in a text, in the C locale. Takes time proportional to the product of both lengths at most.
 *
 * @returns undefined for an expression that the C library refuses, for one with back references (`\1`), and for one
 *   that is too large: longer than 4096 characters, nested deeper than 100 groups, or of more than 20,000 states
 */
export function matchesExtendedRegex(pattern: string, text: string): boolean | undefined {
  const expression = parseExtendedRegex(pattern);
  if (expression === undefined) return undefined;
  const machine = new Machine();
  const start = machine.compile(expression, machine.add({ kind: 'end' }));
  return start === undefined ? undefined : machine.matches(start, text);
}

/** A step of the machine; `next` is the number of the one that follows. */
type State =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean; readonly next: number }
  | {
      readonly kind: 'position';
      readonly holds: (text: string, at: number) => boolean;
      readonly next: number;
    }
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'end' };

/** A nondeterministic automaton, run with all its states at once. */
class Machine {
  readonly #states: State[] = [];

  add(state: State): number {
    return this.#states.push(state) - 1;
  }

  /** Adds what matches `node` and goes on at `next`. Undefined when the machine becomes too large. */
  compile(node: ExpressionNode, next: number): number | undefined {
    if (this.#states.length > MAX_STATES) return undefined;
    if (node.kind === 'sequence') {
      let start: number | undefined = next;
      for (const part of node.parts.toReversed()) if (start !== undefined) start = this.compile(part, start);
      return start;
    }
    if (node.kind === 'choice') {
      const starts = node.parts.map((part) => this.compile(part, next));
      const known = starts.filter((start) => start !== undefined);
      return known.length < starts.length ? undefined : this.add({ kind: 'fork', next: known });
    }
    if (node.kind === 'repetition') return this.#compileRepetition(node, next);
    return this.add({ ...node, next });
  }

  #compileRepetition(
    { part, least, most }: Extract<ExpressionNode, { kind: 'repetition' }>,
    next: number,
  ): number | undefined {
    let start: number | undefined = next;
    if (most === undefined) {
      const loop: Extract<State, { kind: 'fork' }> = { kind: 'fork', next: [next] };
      start = this.add(loop);
      const body = this.compile(part, start);
      if (body === undefined) return undefined;
      loop.next = [body, next];
    } else
      for (let count = least; count < most && start !== undefined; count++) {
        const body = this.compile(part, start);
        start = body === undefined ? undefined : this.add({ kind: 'fork', next: [body, next] });
      }
    for (let count = 0; count < least && start !== undefined; count++) start = this.compile(part, start);
    return start;
  }

  matches(start: number, text: string): boolean {
    let current = new Set<number>();
    for (let at = 0; at <= text.length; at++) {
      const isFound = this.#enter(start, current, text, at);
      if (isFound) return true;
      const following = new Set<number>();
      for (const number of current) {
        const state = this.#states[number];
        if (state?.kind !== 'character' || at === text.length || !state.accepts(text[at] ?? '')) continue;
        if (this.#enter(state.next, following, text, at + 1)) return true;
      }
      current = following;
    }
    return false;
  }

  /** Adds a state and all that follow without a character. */
  #enter(first: number, states: Set<number>, text: string, at: number): boolean {
    const stack = [first];
    for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
      if (states.has(number)) continue;
      states.add(number);
      const state = this.#states[number];
      if (state?.kind === 'end') return true;
      if (state?.kind === 'fork') stack.push(...state.next);
      if (state?.kind === 'position' && state.holds(text, at)) stack.push(state.next);
    }
    return false;
  }
}

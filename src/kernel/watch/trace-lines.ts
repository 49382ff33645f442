/** Lines of the kernel's event trace (kernel/trace/trace_output.c). */

/** A request for a module in the trace. */
export interface TracedRequest {
  readonly name: string;
  readonly wait: boolean;
  readonly comm: string;
  readonly pid: number;
  readonly callSite: string;
  /** Time in seconds, by the trace's clock. */
  readonly seconds: number;
}

/** What the trace holds. */
export interface TraceContent {
  readonly requests: readonly TracedRequest[];
  /** Events that the trace had no room for. */
  readonly lost: number;
}

/** Process, processor, flags of the context, time, event. The name of a process may hold blanks, and be anything. */
const HEAD = /^ *(?<comm>.{1,16}?)-(?<pid>\d+) +\[\d{3,}\] \S{4,8} +(?<seconds>\d+\.\d{6}): module_request: /;
const TAIL = / wait=(?<wait>\d) call_site=(?<site>\S+(?: \[\S+\])?)$/;
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/;
/** A request's name is at most 55 bytes long, so a line that is longer than this is none. */
const LONGEST = 1024;

/**
 * Puts the lines of a trace together from pieces and reads them. A name is what a program asked the kernel for, and may have line ends
 * in it: what follows then belongs to the same request until its end comes, whatever it looks like.
 */
export class TraceLines {
  #rest = '';
  #open = '';

  push(text: string): TraceContent {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST);
    const requests: TracedRequest[] = [];
    let lost = 0;
    for (const line of lines) {
      const request = this.#take(line);
      if (request !== undefined) requests.push(request);
      else lost += Number(LOST.exec(line)?.[1] ?? 0);
    }
    return { requests, lost };
  }

  #take(line: string): TracedRequest | undefined {
    if (this.#open === '' && !HEAD.test(line)) return undefined;
    const whole = this.#open === '' ? line : `${this.#open}\n${line}`;
    const request = parseTraceLine(whole);
    this.#open = request === undefined && whole.length <= LONGEST ? whole : '';
    return request;
  }
}

/** A line about a request; undefined for any other. */
export function parseTraceLine(line: string): TracedRequest | undefined {
  const head = HEAD.exec(line);
  const tail = TAIL.exec(line);
  if (head?.groups === undefined || tail?.groups === undefined || tail.index < head[0].length)
    return undefined;
  return {
    name: line.slice(head[0].length, tail.index),
    wait: tail.groups['wait'] === '1',
    comm: head.groups['comm'] ?? '',
    pid: Number(head.groups['pid']),
    callSite: tail.groups['site'] ?? '',
    seconds: Number(head.groups['seconds']),
  };
}

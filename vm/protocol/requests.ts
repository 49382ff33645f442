/** What the host asks of the guest's agent. A request's bytes travel in the frame's payload. */

/** Method names with their parameters and values. */
export interface Requests {
  /** Sets the clock; the first request to every guest. `time` in milliseconds since 1970. */
  resume: { parameters: { time: number }; value: null };
  /** Answers at once, as a sign of life. */
  ping: { parameters: object; value: null };
  /** Runs a program. The payload is its standard input, the answer's payload its output. */
  run: { parameters: RunParameters; value: RunValue };
  /** Ends a program or a function in progress, `target` being the request's number. */
  cancel: { parameters: { target: number }; value: null };
  /** Runs a function. The payload is the serialised arguments, the answer's payload the serialised value. */
  evaluate: { parameters: { source: string }; value: null };
  /** Writes the payload to a file, making its folders. `mode` as in chmod. */
  writeFile: { parameters: { path: string; mode: number }; value: null };
  /** Reads a file into the answer's payload. */
  readFile: { parameters: { path: string }; value: null };
  /** Starts a shell on the terminal line and answers when it ends. */
  shell: {
    parameters: { columns: number; rows: number; command: readonly string[] };
    value: { exitCode: number };
  };
}

export interface RunParameters {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Send output as it comes, too. */
  readonly stream: boolean;
}

export interface RunValue {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** The payload is standard output, of this many bytes, and then standard error. */
  readonly stdoutLength: number;
}

/** Head of a request frame. */
export interface RequestHead {
  readonly id: number;
  readonly method: keyof Requests;
  readonly parameters: object;
}

/** An error that crossed the line: an exception's own properties without its prototype. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Head of an answer frame: exactly one for each request. */
export interface AnswerHead {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: RemoteError;
}

/** Head of a frame that the agent sends by itself. */
export interface EventHead {
  readonly event: 'hello' | 'output';
  /** Of `output`: the request's number and the stream. */
  readonly id?: number;
  readonly stream?: 'stdout' | 'stderr';
  /** Of `hello`: device used, Node's version, kernel release. */
  readonly device?: string;
  readonly node?: string;
  readonly release?: string;
}

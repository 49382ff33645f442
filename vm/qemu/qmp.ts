import type { Duplex } from 'node:stream';

/** What QEMU answers to a failed command. */
export class QmpError extends Error {
  readonly command: string;

  constructor(command: string, description: string) {
    super(`QEMU refused ${command}: ${description}`);
    this.command = command;
  }
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The QEMU machine protocol over one connected socket: one JSON object per line. */
export class QmpConnection {
  private readonly socket: Duplex;
  private readonly waiting = new Map<number, Waiting>();
  private rest = '';
  private nextId = 1;
  private closed: Error | undefined;

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.receive(text);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.close(new Error('QEMU closed its control connection'));
    });
  }

  /** Leaves capability negotiation; the first command of every connection. */
  async negotiate(): Promise<void> {
    await this.execute('qmp_capabilities');
  }

  /**
   * Runs one command.
   *
   * @throws QmpError with QEMU's words when refused; Error when QEMU is gone
   */
  async execute(command: string, parameters?: object): Promise<unknown> {
    if (this.closed) throw this.closed;
    const id = this.nextId++;
    const message = JSON.stringify({ execute: command, id, ...(parameters && { arguments: parameters }) });
    return await new Promise((resolve, reject) => {
      this.waiting.set(id, { command, resolve, reject });
      this.socket.write(`${message}\n`);
    });
  }

  private receive(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.dispatch(line);
  }

  private dispatch(line: string): void {
    const message = JSON.parse(line) as { id?: number; return?: unknown; error?: { desc?: string } };
    const waiting = message.id === undefined ? undefined : this.waiting.get(message.id);
    if (waiting === undefined || message.id === undefined) return; // the greeting, or an event
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new QmpError(waiting.command, message.error.desc ?? 'no reason given'));
    else waiting.resolve(message.return);
  }

  private close(error: Error): void {
    this.closed = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import type { ArchiveEntry, ArchiveTree } from './archive-tree.ts';
import { type CpioHeader, cpioHeader, cpioPadding, cpioTrailer } from './cpio.ts';

const CHUNK = 1 << 20;

/** Archives are padded to blocks of this size, as cpio itself does. */
const BLOCK = 512;

/** Appends a complete archive to an open file, which stays open. */
export async function writeArchive(output: FileHandle, tree: ArchiveTree): Promise<void> {
  const sink = new BufferedSink(output);
  let inode = 1;
  for (const [path, entry] of tree.entries()) await writeEntry(sink, path, entry, inode++);
  await sink.write(cpioTrailer());
  await sink.write(Buffer.alloc((BLOCK - (sink.length % BLOCK)) % BLOCK));
  await sink.flush();
}

async function writeEntry(
  sink: BufferedSink,
  path: string,
  entry: ArchiveEntry,
  inode: number,
): Promise<void> {
  const start = async (header: Omit<CpioHeader, 'path' | 'inode'>): Promise<void> =>
    sink.write(cpioHeader({ path, inode, ...header }));
  switch (entry.kind) {
    case 'directory':
      return start({ mode: 0o040000 | entry.mode, size: 0 });
    case 'device':
      return start({ mode: 0o020000 | entry.mode, size: 0, device: entry.device });
    case 'link': {
      const target = Buffer.from(entry.target);
      await start({ mode: 0o120777, size: target.length });
      return sink.writePadded(target);
    }
    case 'data':
      await start({ mode: 0o100000 | entry.mode, size: entry.data.length });
      return sink.writePadded(entry.data);
    case 'file':
      return copyFile(entry.source, sink, (size) => start({ mode: 0o100000 | entry.mode, size }));
  }
}

/** The size stands before the contents, so a file that grows or shrinks meanwhile would ruin all that follows it. */
async function copyFile(
  source: string,
  sink: BufferedSink,
  start: (size: number) => Promise<void>,
): Promise<void> {
  const input = await open(source);
  try {
    const { size } = await input.stat();
    await start(size);
    const chunk = Buffer.alloc(Math.min(CHUNK, size));
    let done = 0;
    while (done < size) {
      const { bytesRead } = await input.read(chunk, 0, Math.min(chunk.length, size - done));
      if (bytesRead === 0) throw new Error(`${source} became shorter while it was read`);
      await sink.write(chunk.subarray(0, bytesRead));
      done += bytesRead;
    }
    await sink.write(Buffer.alloc(cpioPadding(size)));
  } finally {
    await input.close();
  }
}

/** Gathers small writes: an archive has thousands of headers. */
class BufferedSink {
  length = 0;
  readonly #output: FileHandle;
  readonly #buffer = Buffer.alloc(CHUNK);
  #filled = 0;

  constructor(output: FileHandle) {
    this.#output = output;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.length += bytes.length;
    if (this.#filled + bytes.length > CHUNK) await this.flush();
    if (bytes.length >= CHUNK) return writeFully(this.#output, bytes);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  async writePadded(bytes: Uint8Array): Promise<void> {
    await this.write(bytes);
    await this.write(Buffer.alloc(cpioPadding(bytes.length)));
  }

  async flush(): Promise<void> {
    await writeFully(this.#output, this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

async function writeFully(output: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await output.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

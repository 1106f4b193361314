import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Who holds a name. */
export interface LockHolder {
  readonly pid: number;
  readonly startedAt: string;
  /** Tells a reused pid from the holder: the process's start time in clock ticks, where the system shows it. */
  readonly processStart: string;
}

/** Another live process runs this name. Caller: show the message; nothing was touched. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
  readonly holder: LockHolder;

  constructor(name: string, holder: LockHolder) {
    super(
      `${name} is already running as process ${holder.pid} since ${holder.startedAt}: use it, stop it with \`nodeless down --name ${name}\`, or start another with --name`,
    );
    this.holder = holder;
  }
}

/** Takes the lock file for this process; a lock left by a dead process is taken over. Throws AlreadyRunningError. */
export async function acquireLock(path: string, name: string, now: Date): Promise<{ release(): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const holder: LockHolder = {
    pid: process.pid,
    startedAt: now.toISOString(),
    processStart: await processStart(process.pid),
  };
  // Two tries: the second after removing a dead holder's file. If it exists again, somebody else was faster.
  for (const attempt of [1, 2]) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(JSON.stringify(holder));
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const other = await lockHolder(path);
    if (other !== undefined || attempt === 2)
      throw new AlreadyRunningError(name, other ?? { pid: 0, startedAt: "an unknown time", processStart: "" });
    await rm(path, { force: true });
  }
  throw new Error("unreachable: the loop returns or throws");
}

/** The live process that holds the lock, or undefined when there is none or it is dead. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  let holder: LockHolder;
  try {
    holder = JSON.parse(await readFile(path, "utf8")) as LockHolder;
  } catch {
    // Missing, or cut off while being written: nobody holds it.
    return undefined;
  }
  if (!Number.isInteger(holder.pid) || holder.pid <= 0 || !isAlive(holder.pid)) return undefined;
  return (await processStart(holder.pid)) === holder.processStart ? holder : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); empty on systems without it. */
async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

import { fdatasync, write } from "node:fs";

/**
 * Writes all bytes at the end of a file that was opened for appending, and waits until the disk has them. By callbacks, since a busy server
 * does this thousands of times a second and a promise per system call costs as much as the call.
 */
export function appendDurably(descriptor: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const sync = (): void =>
      fdatasync(descriptor, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    const writeFrom = (offset: number): void =>
      write(descriptor, bytes, offset, bytes.byteLength - offset, null, (error, written) => {
        if (error !== null) reject(error);
        else if (offset + written < bytes.byteLength) writeFrom(offset + written);
        else sync();
      });
    writeFrom(0);
  });
}

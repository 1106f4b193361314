/** A watch event is one object; anything above this is not one. Kubernetes itself refuses objects above about 3 MiB. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Decodes a stream of JSON documents, one per line. `decoded` knows the values of some chunks that are whole lines: a server in this process
 * hands the same objects to every watch of a resource. Throws SyntaxError for a line that is not JSON, RangeError for one too long.
 */
export async function* jsonLines(
  body: AsyncIterable<Uint8Array>,
  decoded?: (chunk: Uint8Array) => unknown,
): AsyncGenerator<unknown, void, undefined> {
  let parts: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    const value = decoded?.(chunk);
    if (value !== undefined) {
      yield value;
      continue;
    }
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = textOf(parts);
      parts = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.trim() !== "") yield JSON.parse(line);
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > LINE_BYTES_MAX) throw new RangeError(`a line of the stream exceeds ${LINE_BYTES_MAX} bytes`);
    }
  }
  // A cut-off last line is an interrupted stream, not an event: the watch resumes before it.
}

const utf8 = new TextDecoder();

function textOf(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  return utf8.decode(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts));
}

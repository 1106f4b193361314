/**
 * Paths of JSON object keys that stand twice in the same object, e.g. `spec.replicas` or `spec.containers[0].image`, which
 * JSON.parse silently merges. `text` must be valid JSON; 100 paths are enough for any message.
 */
export function duplicateKeys(text: string): readonly string[] {
  const found: string[] = [];
  let at = 0;
  const skipSpace = (): void => {
    while (text.charCodeAt(at) <= 0x20) at += 1;
  };
  const readString = (): string => {
    const start = at;
    at += 1;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at += 1;
    return text.slice(start, at);
  };
  const scanMembers = (path: string): void => {
    const seen = new Set<string>();
    for (skipSpace(); text[at] === '"'; skipSpace()) {
      const key = JSON.parse(readString()) as string;
      const memberPath = path === "" ? key : `${path}.${key}`;
      if (seen.has(key) && found.length < 100) found.push(memberPath);
      seen.add(key);
      skipSpace();
      at += 1; // the colon
      scanValue(memberPath);
      skipSpace();
      if (text[at] === ",") at += 1;
    }
    at += 1;
  };
  const scanItems = (path: string): void => {
    skipSpace();
    for (let index = 0; text[at] !== "]"; index += 1) {
      scanValue(`${path}[${index}]`);
      skipSpace();
      if (text[at] === ",") at += 1;
      skipSpace();
    }
    at += 1;
  };
  const scanValue = (path: string): void => {
    skipSpace();
    const first = text[at];
    if (first === '"') readString();
    else if (first === "{") {
      at += 1;
      scanMembers(path);
    } else if (first === "[") {
      at += 1;
      scanItems(path);
    } else while (at < text.length && !",]} \n\r\t".includes(text[at] ?? "")) at += 1;
  };
  scanValue("");
  return [...new Set(found)];
}

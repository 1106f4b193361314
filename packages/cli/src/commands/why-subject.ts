import { UsageError } from "../exit-codes.ts";

/** What is asked about. */
export interface Subject {
  readonly kind: "pod" | "node" | "nodeclaim";
  readonly name: string;
}

const KINDS: ReadonlyMap<string, Subject["kind"]> = new Map([
  ["pod", "pod"],
  ["pods", "pod"],
  ["po", "pod"],
  ["node", "node"],
  ["nodes", "node"],
  ["no", "node"],
  ["nodeclaim", "nodeclaim"],
  ["nodeclaims", "nodeclaim"],
]);

/** `pod/web-0`, as kubectl writes it. Throws UsageError. */
export function parseSubject(text: string): Subject {
  const slash = text.indexOf("/");
  const name = text.slice(slash + 1);
  if (slash < 0)
    throw new UsageError(`${JSON.stringify(text)}: say what it is: pod/${text}, node/${text} or nodeclaim/${text}`);
  const kind = KINDS.get(text.slice(0, slash).toLowerCase());
  if (kind === undefined)
    throw new UsageError(
      `${JSON.stringify(text.slice(0, slash))} cannot be explained: ask about pod/NAME, node/NAME or nodeclaim/NAME`,
    );
  if (name === "" || name.includes("/"))
    throw new UsageError(`${JSON.stringify(text)}: write pod/NAME, and the namespace with -n`);
  return { kind, name };
}

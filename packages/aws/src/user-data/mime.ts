/** One part of a MIME multipart text. */
export interface MimePart {
  /** e.g. `text/x-shellscript; charset="us-ascii"` */
  readonly contentType: string;
  readonly body: string;
}

/** Karpenter's boundary; nodeadm and cloud-init take any. */
const BOUNDARY = "//";

/** A MIME multipart text as cloud-init and nodeadm read it. */
export function formatMime(parts: readonly MimePart[]): string {
  const lines = ["MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`, ""];
  for (const { contentType, body } of parts)
    lines.push(`--${BOUNDARY}`, `Content-Type: ${contentType}`, "", body.trimEnd(), "");
  lines.push(`--${BOUNDARY}--`, "");
  return lines.join("\n");
}

/** The parts of a MIME multipart text; undefined when the text is not multipart. */
export function parseMime(text: string): readonly MimePart[] | undefined {
  const normalized = text.replaceAll("\r\n", "\n");
  const boundary = /^(?:[\w-]+:.*\n)*?Content-Type:\s*multipart\/[^;\n]*;\s*boundary="?([^"\n]+?)"?\s*$/im.exec(
    normalized.slice(0, normalized.indexOf("\n\n") + 1),
  )?.[1];
  if (boundary === undefined) return undefined;
  return normalized
    .split(`\n--${boundary}`)
    .slice(1)
    .filter((part) => !part.startsWith("--"))
    .map((part) => {
      const headerEnd = part.indexOf("\n\n");
      const contentType = /^Content-Type:\s*(.+)$/im.exec(part.slice(0, headerEnd))?.[1] ?? "text/plain";
      return { contentType, body: part.slice(headerEnd + 2).trimEnd() };
    });
}

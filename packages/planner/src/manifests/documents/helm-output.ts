/**
 * The manifests of what helm prints: `helm install --dry-run` puts a report before them and the chart's notes behind. Both become empty
 * lines, so that line numbers stay. Text without such parts is returned as it is.
 * Source: helm's status printer (3.x): `NAME:` … `MANIFEST:` … `NOTES:`.
 */
export function withoutHelmReport(text: string): string {
  let result = text;
  const manifest = /^MANIFEST:[^\S\n]*$/m.exec(text);
  if (/^NAME: /.test(text) && manifest !== null) {
    const end = manifest.index + manifest[0].length;
    result = blank(text.slice(0, end)) + text.slice(end);
  }
  const notes = /^NOTES:[^\S\n]*$/m.exec(result);
  return notes === null ? result : result.slice(0, notes.index) + blank(result.slice(notes.index));
}

const blank = (text: string): string => text.replace(/[^\n]+/g, "");

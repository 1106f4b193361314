/** Line numbers (from 1) of offsets that are asked for in ascending order; the text is looked at once. */
export function ascendingLines(text: string, firstLine = 1): (offset: number) => number {
  let line = firstLine;
  let next = text.indexOf("\n");
  return (offset) => {
    for (; next >= 0 && next < offset; next = text.indexOf("\n", next + 1)) line += 1;
    return line;
  };
}

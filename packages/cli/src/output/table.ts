/** Rows in columns as kubectl prints them: upper-case headers, three spaces between, `<none>` for nothing. */
export function formatTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [
    headers.map((header) => header.toUpperCase()),
    ...rows.map((row) => row.map((cell) => (cell === "" ? "<none>" : cell))),
  ];
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return `${cells.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("   ")).join("\n")}\n`;
}

/** More findings of one rule than anyone reads; the rest is counted. */
export const FINDINGS_PER_RULE_MAX = 200;
/** Scripts and texts are read by people; a larger one is data. */
export const TEXT_FILE_BYTES_MAX: number = 4 * 1024 * 1024;
/** All scripts and texts together. */
export const TEXT_INPUT_BYTES_MAX: number = 64 * 1024 * 1024;
/** Commands within commands: `$(…)` in `$(…)`. Nobody nests deeper than four. */
export const SUBSTITUTION_DEPTH_MAX = 16;
/** Commands of one file; a longer one is generated. */
export const COMMANDS_MAX = 20_000;
/** Lines that a quoted word of a text may go on for. */
export const QUOTED_LINES_MAX = 120;
/** Searches of one text for an end that is not there: an open quote, brace or here-document. */
export const FAILED_SEARCHES_MAX = 500;
/** Lines that one command of a text may go on for: a here-document with a whole policy or chart values. */
export const COMMAND_LINES_MAX = 400;
/** Times a broken document is left out and the rest is tried again. */
export const REREADS_MAX = 4;

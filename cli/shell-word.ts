/** An argument for a shell: as it is where it is a plain word, else in single quotes. */
export function shellWord(argument: string): string {
  const text = onOneLine(argument);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Text from outside for a terminal, without control and direction characters. Line breaks stay. */
export function onTerminal(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** Text from outside within a line: with a line break of its own, it would pass for what the command says. */
export function onOneLine(text: string): string {
  return onTerminal(text).replaceAll("\n", " ");
}

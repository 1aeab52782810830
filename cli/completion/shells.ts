import type { OptionWords, Place, ValueKind } from "./words.ts";

/** The names that the command line is called by, alone or after `npx`. */
const programs = ["okta-proxy-watch", "opw"] as const;

/** A word of a shell, in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const placeName = ({ words }: Place) => words.join(" ");
const wordsOf = ({ next, options }: Place) => [
  ...next.map(({ name }) => name),
  ...options.flatMap(({ flags }) => flags),
];

/** A place's options that take a value, by the value. */
function withValues(places: readonly Place[]): readonly (readonly [place: Place, option: OptionWords])[] {
  return places.flatMap((place) =>
    place.options.flatMap((option) => (option.value.kind === "none" ? [] : [[place, option] as const])),
  );
}

/**
 * The cases of bash and zsh that find a place of two words by the words before the cursor: of the names of commands, the longest run that
 * there is.
 */
const longerPlaces = (places: readonly Place[]) =>
  places
    .filter(({ words }) => words.length > 1)
    .map((place) => `      ${quoted(placeName(place))}) place=${quoted(placeName(place))} ;;\n`)
    .join("");

/** The cases of bash and zsh that complete the value of an option. */
const valueCases = (places: readonly Place[], reply: (value: ValueKind) => string) =>
  withValues(places)
    .map(
      ([place, { flags, value }]) =>
        `    ${flags.map((flag) => quoted(`${placeName(place)} ${flag}`)).join(" | ")}) ${reply(value)}; return ;;`,
    )
    .join("\n");

/** Writes the completion of bash, 3.2 too, which macOS has. */
export function completeInBash(places: readonly Place[]): string {
  const reply = (value: ValueKind) =>
    value.kind === "choice"
      ? `COMPREPLY=($(compgen -W ${quoted(value.choices.join(" "))} -- "$current"))`
      : value.kind === "file"
        ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))'
        : "COMPREPLY=()";
  return `# Completion of okta-proxy-watch for bash. To have it in every shell, source this file in ~/.bashrc.
_okta_proxy_watch() {
  local IFS=$' \\t\\n' current previous place first=1
  current=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [ "\${COMP_WORDS[0]##*/}" = npx ]; then
    first=2
    case \${COMP_WORDS[1]} in
      ${programs.join(" | ")}) [ "$COMP_CWORD" -gt 1 ] || return ;;
      *) [ "$COMP_CWORD" -ne 1 ] || COMPREPLY=($(compgen -W ${quoted(programs.join(" "))} -- "$current")); return ;;
    esac
  fi
  place=
  [ "$COMP_CWORD" -le "$first" ] || place=\${COMP_WORDS[first]}
  if [ "$COMP_CWORD" -gt $((first + 1)) ]; then
    case "$place \${COMP_WORDS[first + 1]}" in
${longerPlaces(places)}    esac
  fi
  case "$place $previous" in
${valueCases(places, reply)}
  esac
  case $place in
${places
  .map((place) => {
    const { argument } = place;
    const words = `COMPREPLY=($(compgen -W ${quoted(
      [...wordsOf(place), ...(argument.kind === "choice" ? argument.choices : [])].join(" "),
    )} -- "$current"))`;
    const files = `\n      case $current in -*) ;; *) ${reply({ kind: "file" })} ;; esac`;
    return `    ${quoted(placeName(place))})\n      ${words}${argument.kind === "file" ? files : ""}\n      ;;`;
  })
  .join("\n")}
  esac
}
complete -F _okta_proxy_watch ${programs.join(" ")}
complete -p npx >/dev/null 2>&1 || complete -o default -F _okta_proxy_watch npx
`;
}

/** Writes the completion of zsh, for a shell where compinit has run. */
export function completeInZsh(places: readonly Place[]): string {
  const item = (name: string, description: string) =>
    quoted(`${name.replaceAll(":", "\\:")}:${description.replaceAll(":", "\\:")}`);
  const reply = (value: ValueKind) =>
    value.kind === "choice"
      ? `compadd -- ${value.choices.map(quoted).join(" ")}`
      : value.kind === "file"
        ? "_files"
        : "_message value";
  return `#compdef ${programs.join(" ")} npx
# Completion of okta-proxy-watch for zsh. To have it in every shell, source this file in ~/.zshrc, behind compinit.
_okta_proxy_watch() {
  local place=
  local -a items flags
  if [[ \${words[1]:t} == npx ]]; then
    case $words[2] in
      ${programs.join("|")}) (( CURRENT > 2 )) || { compadd -- ${programs.join(" ")}; return } ;;
      *) (( CURRENT == 2 )) && compadd -- ${programs.join(" ")}; _files; return ;;
    esac
    shift words
    (( CURRENT -= 1 ))
  fi
  (( CURRENT > 2 )) && place=$words[2]
  if (( CURRENT > 3 )); then
    case "$place $words[3]" in
${longerPlaces(places)}    esac
  fi
  case "$place $words[CURRENT-1]" in
${valueCases(places, reply)}
  esac
  case $place in
${places
  .map((place) => {
    const items = place.next.map(({ name, description }) => item(name, description));
    const options = place.options.flatMap(({ flags, description }) => flags.map((flag) => item(flag, description)));
    const { argument } = place;
    return [
      `    ${quoted(placeName(place))})`,
      `      items=(${items.join(" ")})`,
      `      flags=(${options.join(" ")})`,
      ...(argument.kind === "file" || argument.kind === "choice" ? [`      ${reply(argument)}`] : []),
      "      ;;",
    ].join("\n");
  })
  .join("\n")}
  esac
  (( $#items )) && _describe -t commands command items
  (( $#flags )) && _describe -o -t options option flags
  return 0
}
compdef _okta_proxy_watch ${programs.join(" ")} npx
`;
}

/** Writes the completion of fish. */
export function completeInFish(places: readonly Place[]): string {
  const text = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const known = places.flatMap((place) => (place.words.length === 0 ? [] : [text(placeName(place))]));
  const lines = places.flatMap((place) => {
    const at = `-n ${text(`__okta_proxy_watch_at ${text(placeName(place))}`)}`;
    const { argument } = place;
    return [
      ...place.next.map(({ name, description }) => `${at} -f -a ${text(name)} -d ${text(description)}`),
      ...place.options.map(({ flags, description, value }) => {
        const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        const values = {
          none: "",
          text: " -x",
          file: " -r -F",
          choice: value.kind === "choice" ? ` -x -a ${text(value.choices.join(" "))}` : "",
        };
        return `${at} ${names.join(" ")}${values[value.kind]} -d ${text(description)}`;
      }),
      argument.kind === "file" ? `${at} -F` : `${at} -f`,
      ...(argument.kind === "choice" ? [`${at} -a ${text(argument.choices.join(" "))}`] : []),
    ];
  });
  return `# Completion of okta-proxy-watch for fish. To have it in every shell: ~/.config/fish/conf.d/okta-proxy-watch.fish
function __okta_proxy_watch_place
  set -l typed (commandline -opc)
  if test (path basename -- $typed[1]) = npx
    contains -- "$typed[2]" ${programs.join(" ")}; or return 1
    set -e typed[1]
  end
  set -l commands
  for word in $typed[2..]
    set -l longer (string join ' ' -- $commands $word)
    contains -- $longer ${known.join(" ")}; or break
    set -a commands $word
  end
  string join ' ' -- $commands
  return 0
end
function __okta_proxy_watch_at
  set -l place (__okta_proxy_watch_place); or return 1
  test "$place" = "$argv[1]"
end
for program in ${programs.join(" ")} npx
${lines.map((line) => `  complete -c $program ${line}`).join("\n")}
end
complete -c npx -n 'test (count (commandline -opc)) -eq 1' -f -a ${text(programs.join(" "))}
`;
}

/** The commands that ask a deployment, with the words of their subcommand. */
const commands =
  /npx okta-proxy-watch (?:(?:exceptions|incidents|deadletters|profiles) (?!template)[a-z]+(?![a-z])|(?:digest|report|send-test-alert)(?![\w-]))(?! --(?:local|stack))/g;

/**
 * Adds the options that name a target to every command in a text: the core writes commands for the default stack, and a person pastes them where
 * they were printed.
 *
 * @param target ` --local`, or ` --stack x`; empty for the default stack
 */
export function onTarget(text: string, target: string): string {
  return target === "" ? text : text.replace(commands, (command) => `${command}${target}`);
}

/*
 * The last step of `npm ci` (the script `prepare`): bundles the commands, so that they start sooner. They start from their sources where it
 * fails, so that no installation fails for it. It is plain JavaScript: an installation without development dependencies may have a Node.js
 * that runs no TypeScript.
 */
try {
  const { main } = await import("./bundle-commands.ts");
  await main();
} catch (error) {
  // Node.js 20 does not know the ending .ts; a later one does not find esbuild.
  const isOmitted = ["ERR_MODULE_NOT_FOUND", "ERR_UNKNOWN_FILE_EXTENSION"].includes(error.code);
  const [reason] = String(error.message).split("\n");
  process.stderr.write(
    `note: commands are not bundled: ${isOmitted ? "development dependencies are left out" : reason}\n`,
  );
}

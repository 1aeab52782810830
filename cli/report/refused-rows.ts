import { type PersonInDoubt, type PersonsInDoubt, type Report, shownRefusals } from "../../pages/report/report.ts";
import { shellWord } from "../shell-word.ts";
import type { Refusal } from "./proposals.ts";

/**
 * The persons for whom a report says why it proposes no exception, each once: the one with the most alerts first.
 *
 * @param target the options of a command that name the deployment: ` --stack x`
 */
export function refusedRows(
  refusals: readonly Refusal[],
  target: string,
): Pick<Report["exceptions"], "refused" | "moreRefused"> {
  const byPerson = Map.groupBy(refusals, ({ doubt }) => doubt.person?.toLowerCase() ?? null);
  const rows = [...byPerson.values()]
    .flatMap((all) => {
      const alerts = all.reduce((sum, each) => sum + each.alerts, 0);
      return all.slice(0, 1).map(({ doubt }) => ({ doubt, alerts, command: commandOf(doubt.incident, target) }));
    })
    .sort((a, b) => b.alerts - a.alerts);
  return { refused: rows.slice(0, shownRefusals), moreRefused: Math.max(rows.length - shownRefusals, 0) };
}

/** The persons in doubt that a report names. */
export function shownInDoubt(inDoubt: readonly PersonInDoubt[]): PersonsInDoubt {
  return { inDoubt: inDoubt.slice(0, shownRefusals), moreInDoubt: Math.max(inDoubt.length - shownRefusals, 0) };
}

function commandOf(incident: string | null, target: string): string {
  return incident === null ? "" : `npx okta-proxy-watch incidents show ${shellWord(incident)}${target}`;
}

import type { CalendarDay } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";

/** Okta keeps 90 days; an export may hold years. */
const maximumDays = 1_000;
/** The most days that a report draws. */
const maximumDrawn = 366;

const day = 86_400_000;

/** The day of a time in milliseconds since 1970: `2026-11-16` (UTC). */
export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Counts by day and hour. */
export function createCalendar() {
  const days = createBoundedMap<string, { readonly hours: number[]; alerts: number }>(maximumDays, () => ({
    hours: new Array<number>(24).fill(0),
    alerts: 0,
  }));
  return {
    countSignIn(time: number) {
      const counts = days.of(dayOf(time));
      const hour = new Date(time).getUTCHours();
      if (counts !== null) counts.hours[hour] = (counts.hours[hour] ?? 0) + 1;
    },
    countAlert(time: number) {
      const counts = days.of(dayOf(time));
      if (counts !== null) counts.alerts += 1;
    },
    /** Every day from the first to the last; the latest, where they are many. */
    days(from: string | null, to: string | null): readonly CalendarDay[] {
      if (from === null || to === null) return [];
      const known = new Map(days.entries());
      const count = Math.min((Date.parse(to) - Date.parse(from)) / day + 1, maximumDrawn);
      return Array.from({ length: count }, (_, index) => {
        const name = dayOf(Date.parse(to) - (count - 1 - index) * day);
        const { hours, alerts } = known.get(name) ?? { hours: new Array<number>(24).fill(0), alerts: 0 };
        return { day: name, signIns: hours.reduce((sum, each) => sum + each, 0), hours, alerts };
      });
    },
  };
}

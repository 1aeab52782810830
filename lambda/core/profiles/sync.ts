import * as z from "zod/mini";
import {
  isGone,
  keysOfUser,
  type LocationAttributes,
  locationsOfUser,
  type OktaUser,
  type UsersApi,
} from "./okta-user.ts";
import { type Profile, type StoredLocation, sameLocations } from "./profile.ts";
import type { ProfileLocation } from "./profile-location.ts";
import type { ProfileItems } from "./profile-store.ts";

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), "expected a time"));

/** The saved form of {@link SyncState}. */
const syncState = z.object({
  /** The org of the state: it is not valid for another. */
  orgUrl: z.string(),
  /** The next page; null when the last sync finished. */
  next: z.nullable(z.string()),
  /** Whether it reads all users, and so finds those who are gone. */
  full: z.boolean(),
  startedAt: time,
  /** When the last finished sync started; null for none. */
  lastStartedAt: z.nullable(time),
  lastFullStartedAt: z.nullable(time),
});

/** The state of a sync, from which it resumes. Times are ISO 8601, UTC. */
export type SyncState = Readonly<z.output<typeof syncState>>;

/** The report of a sync. */
export interface SyncReport {
  readonly full: boolean;
  pages: number;
  users: number;
  changed: number;
  removed: number;
  /** Users for whom an item has no room: their locations from Okta were not written. */
  tooLarge: number;
  /** Whether it finished; else the next one resumes it. */
  finished: boolean;
}

/** The ports of a sync. */
export interface SyncPorts {
  readonly api: UsersApi;
  readonly items: Pick<ProfileItems, "update" | "scan">;
  readonly loadState: () => Promise<unknown>;
  readonly saveState: (state: SyncState) => Promise<void>;
  readonly attributes: readonly LocationAttributes[];
  /** Whether it reads all users, even before that is due. @default false */
  readonly full?: boolean;
  /** Adds coordinates where it can. @default adds none */
  readonly locate?: (location: ProfileLocation) => ProfileLocation;
  readonly now: () => Date;
  /** Called with the Okta user id of each user for whom an item has no room. */
  readonly onTooLarge?: (userId: string) => void;
  readonly onProgress?: (report: Readonly<SyncReport>) => void;
}

/** The interval between reads of all users, in milliseconds: a week. */
const fullEvery = 7 * 86_400_000;
/** A sync that started longer ago than this starts again, in milliseconds: a day. */
const linksServe = 86_400_000;
/** Okta's search may lag: a sync asks for changes since this long before the last sync started, in milliseconds. */
const overlap = 10 * 60_000;

/**
 * Updates the profile table with Okta's users, page by page. It saves its state after every page, so that a stopped
 * sync resumes there; a page that is read twice changes nothing the second time. Once a week it reads all users, marks
 * them as seen, and removes the locations from Okta of users who are gone; unless Okta returns no user at all, as it
 * does for an app that may see none. Locations from other sources are kept. For a user for whom an item has no room it
 * writes nothing, and removes the outdated locations from Okta as for users who are gone.
 *
 * @param signal ends it after the current page: the report says that it did not finish
 */
export async function syncProfiles(ports: SyncPorts, signal: AbortSignal): Promise<SyncReport> {
  const state = resume(await ports.loadState(), ports);
  const report: SyncReport = {
    full: state.full,
    pages: 0,
    users: 0,
    changed: 0,
    removed: 0,
    tooLarge: 0,
    finished: false,
  };
  let { next } = state;
  while (next !== null) {
    if (signal.aborted) return report;
    let page: Awaited<ReturnType<UsersApi["fetchPage"]>>;
    try {
      page = await ports.api.fetchPage(next, signal);
    } catch (error) {
      // The wait for Okta's rate limit took all the time: the next sync resumes here.
      if (signal.aborted) return report;
      throw error;
    }
    const { changed, tooLarge } = await writeUsers(page.users, state.startedAt, ports, state.full);
    report.changed += changed;
    report.tooLarge += tooLarge;
    report.pages += 1;
    report.users += page.users.length;
    next = page.next;
    if (next !== null) await ports.saveState({ ...state, next });
    ports.onProgress?.(report);
  }
  if (state.full && report.users > 0) report.removed = await removeUnseen(state.startedAt, ports);
  await ports.saveState({
    ...state,
    next: null,
    lastStartedAt: state.startedAt,
    lastFullStartedAt: state.full ? state.startedAt : state.lastFullStartedAt,
  });
  report.finished = true;
  return report;
}

/** Resumes the last sync, or starts one. A state that cannot be read counts as none. */
function resume(stored: unknown, { api, now, full: isForced = false }: SyncPorts): SyncState {
  const { orgUrl } = api;
  const { data } = syncState.safeParse(stored);
  const state = data?.orgUrl === orgUrl ? data : null;
  const startedAt = now();
  const isDue = (since: string, every: number) => startedAt.getTime() - Date.parse(since) >= every;
  // Okta's links expire.
  const mayGoOn = state !== null && state.next !== null && !isDue(state.startedAt, linksServe);
  if (mayGoOn && (state.full || !isForced)) return state;
  const lastFull = state?.lastFullStartedAt ?? null;
  const last = state?.lastStartedAt ?? null;
  const full = isForced || lastFull === null || last === null || isDue(lastFull, fullEvery);
  return {
    orgUrl,
    next: api.firstPage(full ? null : new Date(Date.parse(last) - overlap)),
    full,
    startedAt: startedAt.toISOString(),
    lastStartedAt: last,
    lastFullStartedAt: lastFull,
  };
}

/**
 * Writes the locations of these users. A user whose locations are stored already costs no write, unless it has to be
 * marked.
 *
 * @param syncedAt when the sync started, or Okta was asked (ISO 8601, UTC)
 * @param marks whether each user with a location is marked as seen: those without the mark are gone
 * @returns how many items changed, and how many users were not written, as an item has no room for them
 */
export async function writeUsers(
  users: readonly OktaUser[],
  syncedAt: string,
  {
    items,
    attributes,
    locate,
    now,
    onTooLarge,
  }: Pick<SyncPorts, "items" | "attributes" | "locate" | "now" | "onTooLarge">,
  marks = false,
): Promise<{ readonly changed: number; readonly tooLarge: number }> {
  const locationsByKey = new Map<string, readonly ProfileLocation[]>();
  const idByKey = new Map<string, string>();
  // Of two users with one login, the one who is not gone has it.
  for (const user of [...users].sort((first, second) => Number(isGone(second)) - Number(isGone(first)))) {
    for (const key of keysOfUser(user)) {
      locationsByKey.set(key, isGone(user) ? [] : locationsOfUser(user, attributes));
      idByKey.set(key, user.id);
    }
  }
  const decisions = await items.update("okta", [...locationsByKey.keys()], (key, before) => {
    const known = before?.okta?.locations ?? [];
    const locations = (locationsByKey.get(key) ?? []).map((location) => ({
      ...withCoordinates(location, known, locate),
      until: null,
    }));
    const isSame = sameLocations(known, locations);
    const isMarked = (before?.okta?.syncedAt ?? "") >= syncedAt;
    if (isSame && (!marks || isMarked || locations.length === 0)) return null;
    return {
      locations,
      updatedAt: (isSame ? before?.okta?.updatedAt : null) ?? now().toISOString(),
      syncedAt: isMarked ? (before?.okta?.syncedAt ?? syncedAt) : syncedAt,
    };
  });
  const isChanged = (before: Profile | undefined, after: readonly StoredLocation[]) =>
    !sameLocations(before?.okta?.locations ?? [], after);
  const written = decisions.filter(({ tooLarge }) => !tooLarge);
  const changed = written.filter(({ before, after }) => after !== null && isChanged(before, after.locations)).length;
  const tooLarge = new Set(decisions.flatMap((each) => (each.tooLarge ? (idByKey.get(each.user) ?? []) : [])));
  for (const userId of tooLarge) onTooLarge?.(userId);
  return { changed, tooLarge: tooLarge.size };
}

/** Keeps the coordinates of an unchanged place; locates a new place where that is possible. */
function withCoordinates(
  location: ProfileLocation,
  known: readonly StoredLocation[],
  locate: SyncPorts["locate"],
): ProfileLocation {
  const same = known.find(
    (each) =>
      each.latitude !== null &&
      each.label === location.label &&
      each.city === location.city &&
      each.state === location.state &&
      each.countryCode === location.countryCode,
  );
  if (same !== undefined) return { ...location, latitude: same.latitude, longitude: same.longitude };
  return locate === undefined ? location : locate(location);
}

/**
 * Removes the locations from Okta of users without this sync's mark, after all users were read. It scans the table once
 * to find them, and decides about each again, as a refresh may have written in between.
 *
 * @returns how many items were changed
 */
async function removeUnseen(startedAt: string, { items }: SyncPorts): Promise<number> {
  const isUnseen = (profile: Profile | undefined) =>
    profile?.okta != null && (profile.okta.syncedAt === null || profile.okta.syncedAt < startedAt);
  const unseen: string[] = [];
  for await (const profile of items.scan()) if (isUnseen(profile)) unseen.push(profile.user);
  const decisions = await items.update("okta", unseen, (_, before) =>
    isUnseen(before) ? { locations: [], updatedAt: null, syncedAt: null } : null,
  );
  return decisions.filter(({ after, tooLarge }) => after !== null && !tooLarge).length;
}

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

/** How far a sync is, so that it goes on where it was stopped. Times are ISO 8601, UTC. */
export interface SyncState {
  /** The org it is of: of another one nothing is known. */
  readonly orgUrl: string;
  /** The page that is next; null when the last sync came to its end. */
  readonly next: string | null;
  /** Whether it reads all users, so that those who are gone are seen. */
  readonly full: boolean;
  readonly startedAt: string;
  /** When the last sync that came to its end was started; null when none did. */
  readonly lastStartedAt: string | null;
  readonly lastFullStartedAt: string | null;
}

/** What became of a sync. */
export interface SyncReport {
  readonly full: boolean;
  pages: number;
  users: number;
  changed: number;
  removed: number;
  /** Users for whom an item has no room: nothing that Okta tells of them was written. */
  tooLarge: number;
  /** Whether it came to its end; else the next one goes on. */
  finished: boolean;
}

/** What a sync needs. */
export interface SyncPorts {
  readonly api: UsersApi;
  readonly items: Pick<ProfileItems, "update" | "scan">;
  readonly loadState: () => Promise<SyncState | null>;
  readonly saveState: (state: SyncState) => Promise<void>;
  readonly attributes: readonly LocationAttributes[];
  /** Whether all users are read, though it is not yet time. @default false */
  readonly full?: boolean;
  /** Adds coordinates where it can. @default none are added */
  readonly locate?: (location: ProfileLocation) => ProfileLocation;
  readonly now: () => Date;
  /** Given the Okta user id of each user for whom an item has no room. */
  readonly onTooLarge?: (userId: string) => void;
  readonly onProgress?: (report: Readonly<SyncReport>) => void;
}

/** All users are read this often, in milliseconds: a week. */
const fullEvery = 7 * 86_400_000;
/** A sync that was stopped longer ago than this is started anew, in milliseconds: a day. */
const linksServe = 86_400_000;
/** Okta's search may lag: changes are asked for from this long before the last sync was started, in milliseconds. */
const overlap = 10 * 60_000;

/**
 * Brings the profile table up to date with Okta's users, page by page. After every page it is recorded how far it came, so
 * that a sync that is stopped goes on there; a page that is read twice changes nothing the second time. Once a week all
 * users are read and marked as seen, and the locations from Okta of users who are gone are removed; unless Okta tells of no user at all, as it
 * does to an app that may see none. Locations from elsewhere are kept. Of a user for whom an item has no room nothing is
 * written; what Okta told before is not true any more, and goes as that of users who are gone.
 *
 * @param signal ends it after the page under way: the report says that it did not finish
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
      // Waiting for Okta's rate limit took all the time: the next sync asks again.
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

/** Goes on where the last sync was stopped, or starts one. */
function resume(stored: SyncState | null, { api, now, full: isForced = false }: SyncPorts): SyncState {
  const { orgUrl } = api;
  const state = stored?.orgUrl === orgUrl ? stored : null;
  const startedAt = now();
  const isDue = (since: string, every: number) => startedAt.getTime() - Date.parse(since) >= every;
  // Okta's links serve for a while only.
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
 * Writes what Okta tells of these users. A user of whom it tells what is stored already costs no write, unless the user is
 * to be marked.
 *
 * @param syncedAt when Okta was asked, or began to be (ISO 8601, UTC)
 * @param marks whether each user with a location is marked as seen: those without the mark are gone
 * @returns how many items changed, and of how many users nothing was written, as an item has no room for them
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
  // Of two users of one login the one who is not gone has it.
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

/** Coordinates are kept as long as the place is the same; a new place is located where that is possible. */
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
 * After all users were read: those without this sync's mark are gone, and so are their locations from Okta. The table is
 * read once to find them, and each is decided about anew, as a refresh may have written in between.
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

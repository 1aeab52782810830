import * as z from "zod/mini";
import { countryCode } from "../geo/country.ts";
import { canonicalLogin } from "../okta/person.ts";
import type { ProfileLocation } from "./profile-location.ts";

/** The fields of a user of Okta's Users API that a profile needs. */
export const oktaUser = z.object({
  id: z.string(),
  status: z.optional(z.nullable(z.string())),
  profile: z.record(z.string(), z.unknown()),
});

/** A user of Okta's Users API. */
export type OktaUser = z.infer<typeof oktaUser>;

/** The profile attributes that hold a location. */
export const locationAttributes = z.strictObject({
  label: z.string(),
  city: z.optional(z.string()),
  state: z.optional(z.string()),
  countryCode: z.optional(z.string()),
  postalCode: z.optional(z.string()),
});

/**
 * The profile attributes that hold a location, and its name (`label`: "home"). Attributes that are not named are not
 * read.
 */
export type LocationAttributes = Readonly<z.infer<typeof locationAttributes>>;

const locationAttributesList = z.array(locationAttributes).check(z.minLength(1));

/**
 * Reads one set of attributes for each location that a user may have.
 *
 * @param text JSON, such as `[{"label": "home", "city": "city", "countryCode": "countryCode"}]`
 * @returns null for any other text
 */
export function readLocationAttributes(text: string): readonly LocationAttributes[] | null {
  try {
    return locationAttributesList.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Okta's own attributes for a user's address. */
export const defaultAttributes: readonly LocationAttributes[] = [
  { label: "Okta profile", city: "city", state: "state", countryCode: "countryCode", postalCode: "zipCode" },
];

/** The keys of a user's profile: the id, and the lower-case login. */
export function keysOfUser({ id, profile }: OktaUser): string[] {
  const login = typeof profile.login === "string" ? canonicalLogin(profile.login) : "";
  return login === "" ? [id] : [id, login];
}

/** Whether a user is gone. The table keeps no location from Okta of such a user. */
export function isGone({ status }: OktaUser): boolean {
  return status === "DEPROVISIONED";
}

/** The locations in a user's profile attributes, without those that have neither city nor country. */
export function locationsOfUser({ profile }: OktaUser, attributes: readonly LocationAttributes[]): ProfileLocation[] {
  const read = (name: string | undefined): string | null => {
    const value = name === undefined ? undefined : profile[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  };
  return attributes.flatMap(({ label, ...names }) => {
    const country = countryCode(read(names.countryCode));
    const city = read(names.city);
    if (country === null && city === null) return [];
    return [
      {
        label,
        countryCode: country,
        state: read(names.state),
        city,
        postalCode: read(names.postalCode),
        latitude: null,
        longitude: null,
      },
    ];
  });
}

/** A page of users, and the URL of the next. */
export interface UsersPage {
  readonly users: readonly OktaUser[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** Okta's Users API. */
export interface UsersApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page: of all users who are not gone, or of those changed since then, gone ones too. */
  readonly firstPage: (changedSince: Date | null) => string;
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<UsersPage>;
  /** Null when there is no such user. */
  readonly fetchUser: (id: string, signal: AbortSignal) => Promise<OktaUser | null>;
}

import * as z from "zod/mini";
import { alertSchema } from "../lambda/core/alerts/alert-schema.ts";

/** The JSON Schema of an alert. Releases may add fields without a new version: readers have to ignore unknown ones. */
export function alertJsonSchema(): unknown {
  const schema = z.toJSONSchema(alertSchema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { ...schema, title: "An alert of okta-proxy-watch" };
}

import { channel } from "node:diagnostics_channel";

/** The name of the channel that bears every observation of the pipeline. */
export const observationChannelName = "okta-proxy-watch:observation";

/**
 * Every observation, for a listener in the same process: the embedded run shows by it what became of each event. In a
 * deployment nothing listens, and nothing is done (https://nodejs.org/api/diagnostics_channel.html). All copies of this module
 * in a process share the channel by its name.
 */
export const observationChannel = channel(observationChannelName);

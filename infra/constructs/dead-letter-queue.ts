import { OwnQueue } from "./own-queue.ts";

/** The queue where an operator finds what could not be judged, and what was tried in vain. */
export class DeadLetterQueue extends OwnQueue {}

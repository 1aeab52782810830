/** Minutes in which further session starts of a user on one network are suppressed, unless a setting says otherwise. */
export const defaultSuppressMinutes = 60;
/** A day: a longer window would hide what a user does for longer. */
export const maximumSuppressMinutes = 1_440;

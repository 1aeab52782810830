/**
 * A generator of numbers from 0 to below 1: a linear congruential one with the constants of Numerical Recipes (3rd
 * edition, 7.1.6), good enough to scatter events over a day.
 */
export function random(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

// Agreement of two readers: pure functions of pairs of answers.

const Z = 1.959964; // of a 95 % interval
export const FEWEST_FOR_INTERVAL = 20;

/**
 * Of pairs [first, second]: {n, same, share: {value, low, high}, kappa, low, high}.
 *
 * share: with its interval after Wilson (1927). kappa: Cohen (1960), unweighted; null without pairs, and where both
 * readers always gave one and the same answer (chance alone would agree fully). low, high: from the usual large-sample
 * standard error, sqrt(po (1 - po) / n) / (1 - pe); null with fewer than FEWEST_FOR_INTERVAL pairs.
 */
export function agreement(pairs) {
  const n = pairs.length;
  const same = pairs.filter(([first, second]) => first === second).length;
  if (!n) return { n, same, share: null, kappa: null, low: null, high: null };
  const count = (place, answer) => pairs.filter((pair) => pair[place] === answer).length;
  const answers = [...new Set(pairs.flat())];
  const observed = same / n;
  const expected = answers.reduce((sum, answer) => sum + (count(0, answer) * count(1, answer)) / n ** 2, 0);
  const found = { n, same, share: wilson(same, n), kappa: null, low: null, high: null };
  if (answers.length === 1) return found;
  found.kappa = (observed - expected) / (1 - expected);
  if (n < FEWEST_FOR_INTERVAL) return found;
  const error = Math.sqrt((observed * (1 - observed)) / n) / (1 - expected);
  found.low = Math.max(found.kappa - Z * error, -1);
  found.high = Math.min(found.kappa + Z * error, 1);
  return found;
}

function wilson(count, n) {
  const value = count / n;
  const middle = (value + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((value * (1 - value)) / n + Z ** 2 / (4 * n ** 2));
  return { value, low: Math.max(middle - half, 0), high: Math.min(middle + half, 1) };
}

/** How often each pair of answers was given: table[first][second], over `answers`. */
export function crossed(pairs, answers) {
  return answers.map((first) =>
    answers.map((second) => pairs.filter((pair) => pair[0] === first && pair[1] === second).length),
  );
}

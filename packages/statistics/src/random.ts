/** A stream of pseudo-random numbers that depends on its seed alone. */
export interface Random {
  /** A whole number from 0 to 2³² − 1. */
  uint32(): number;
  /** A whole number from 0 to `bound` − 1; the bias is at most `bound` / 2³². */
  below(bound: number): number;
  /** A number in [0, 1) with 53 random bits. */
  uniform(): number;
  /** A draw from the standard normal distribution, by Marsaglia's polar method (1964). */
  normal(): number;
}

const TWO_TO_THE_32 = 4294967296;
const TWO_TO_THE_53 = 9007199254740992;

/** MurmurHash3's 32-bit finaliser (Appleby 2011): every input bit reaches every output bit. */
function mix32(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Turns a text (a holdout's hash, a version) into a seed: FNV-1a over its UTF-8 bytes, then MurmurHash3's finaliser.
 * It tells experiments apart; it is no defence against anyone.
 */
export function seedFromText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return mix32(hash);
}

/** xoshiro128** (Blackman and Vigna 2018, "Scrambled Linear Pseudorandom Number Generators"), from its four words of state. */
export function randomFromState(words: readonly [number, number, number, number]): Random {
  // Four variables and not an array: a bootstrap draws millions.
  let [s0, s1, s2, s3] = [words[0] | 0, words[1] | 0, words[2] | 0, words[3] | 0];
  if (s0 === 0 && s1 === 0 && s2 === 0 && s3 === 0) {
    throw new RangeError(
      "randomFromState: all four words are 0, a state that never leaves 0; give at least one other word.",
    );
  }
  let spareNormal: number | undefined;

  function uint32(): number {
    const scaled = Math.imul(s1, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  }
  function uniform(): number {
    return ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / TWO_TO_THE_53;
  }
  function normal(): number {
    if (spareNormal !== undefined) {
      const spare = spareNormal;
      spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const squaredRadius = x * x + y * y;
      if (squaredRadius > 0 && squaredRadius < 1) {
        const factor = Math.sqrt((-2 * Math.log(squaredRadius)) / squaredRadius);
        spareNormal = y * factor;
        return x * factor;
      }
    }
  }
  const below = (bound: number): number => Math.floor((uint32() * bound) / TWO_TO_THE_32);
  return { uint32, below, uniform, normal };
}

/**
 * A generator for `seed`, whose low 32 bits are spread over the state by a Weyl sequence through MurmurHash3's finaliser
 * (neighbouring seeds would otherwise start as neighbouring streams).
 *
 * @throws RangeError if `seed` is not a whole number from 0 to 2³² − 1.
 */
export function createRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed >= TWO_TO_THE_32) {
    throw new RangeError(
      `createRandom: seed is ${seed}, expected a whole number from 0 to 4294967295. For a text, use seedFromText.`,
    );
  }
  const word = (position: number): number => mix32((seed + Math.imul(position, 0x9e3779b9)) | 0);
  return randomFromState([word(1), word(2), word(3), word(4)]);
}

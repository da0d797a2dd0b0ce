// Probabilities for films from a model file: node answer.mjs model.onnx film.pgm ...   (npm install onnxruntime-web)
// Written from docs/model-file.md. Films are 8-bit binary PGM (P5): `convert film.png -colorspace Gray film.pgm`.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

// The metadata of an ONNX file: its fields 14 are entries {1: key, 2: value}; the other fields are stepped over.
function metadata(bytes) {
  const found = {};
  walk(bytes, 0, bytes.length, (number, start, stop) => {
    if (number !== 14) return;
    const entry = {};
    walk(bytes, start, stop, (inner, from, to) => { entry[inner] = new TextDecoder().decode(bytes.subarray(from, to)); });
    found[entry[1]] = entry[2];
  });
  return found;
}

function walk(bytes, place, stop, see) {
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      value += (bytes[place] & 127) * scale;
      if (bytes[place++] < 128) return value;
    }
  };
  while (place < stop) {
    const key = varint(), kind = key % 8;
    const length = kind === 0 ? (varint(), 0) : kind === 2 ? varint() : kind === 5 ? 4 : 8;
    see((key - kind) / 8, place, place + length);
    place += length;
  }
}

function checkDigest(bytes, digest) {
  const zeroed = Buffer.from(bytes);
  zeroed.write("0".repeat(64), zeroed.indexOf(digest), "ascii");
  if (createHash("sha256").update(zeroed).digest("hex") !== digest) throw new Error("the model file is damaged");
}

function readPgm(path) {
  const bytes = readFileSync(path);
  const [header, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 40).toString("latin1"));
  return { pixels: bytes.subarray(header.length), width: Number(width), height: Number(height) };
}

// One pass of Pillow's Lanczos on 8-bit samples: (height, width) -> (size, height), turned, so that two passes restore it.
function pass({ pixels, width, height }, size) {
  const scale = width / size, stretch = Math.max(scale, 1), support = 3 * stretch;
  const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  const out = new Uint8Array(size * height);
  for (let x = 0; x < size; x++) {
    const centre = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5)), last = Math.min(width, Math.trunc(centre + support + 0.5));
    const weights = [];
    for (let i = first; i < last; i++) {
      const at = (i - centre + 0.5) / stretch;
      weights.push(-3 <= at && at < 3 ? sinc(at) * sinc(at / 3) : 0);
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    const fixed = weights.map((w) => Math.trunc((w / sum) * 2 ** 22 + (w < 0 ? -0.5 : 0.5)));
    for (let y = 0; y < height; y++) {
      let total = 2 ** 21;
      for (let i = 0; i < fixed.length; i++) total += fixed[i] * pixels[y * width + first + i];
      out[x * height + y] = Math.min(255, Math.max(0, Math.floor(total / 2 ** 22)));
    }
  }
  return { pixels: out, width: height, height: size };
}

// Pillow goes the other way round for some films that are higher than wide; a few pixels then differ by one.
function resize(film, width, height) {
  const turned = film.width === width ? turn(film) : pass(film, width);
  return (turned.width === height ? turn(turned) : pass(turned, height)).pixels;
}

function turn({ pixels, width, height }) {
  return { pixels: Uint8Array.from(pixels, (_, n) => pixels[(n % height) * width + Math.floor(n / height)]), width: height, height: width };
}

function square(film, size, fit) {
  const half = (x) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)); // ties to even, as Python rounds
  const side = (px) => (fit === "letterbox" ? Math.max(1, half((px * size) / Math.max(film.width, film.height))) : size);
  const width = side(film.width), height = side(film.height);
  const inner = resize(film, width, height), out = new Uint8Array(size * size);
  const top = Math.floor((size - height) / 2), left = Math.floor((size - width) / 2);
  for (let y = 0; y < height; y++) out.set(inner.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  return out;
}

const [path, ...films] = process.argv.slice(2);
const bytes = readFileSync(path), entries = metadata(bytes);
checkDigest(bytes, entries["plainfilm.sha256"]);
const card = JSON.parse(entries.plainfilm), { size, channels, fit } = card.preprocessing;
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(bytes);
for (const name of films) {
  const plane = square(readPgm(name), size, fit), pixels = new Uint8Array(channels * size * size);
  for (let channel = 0; channel < channels; channel++) pixels.set(plane, channel * size * size);
  const { logits } = await session.run({ pixels: new ort.Tensor("uint8", pixels, [1, channels, size, size]) });
  const highest = Math.max(...logits.data), temperature = card.calibration?.temperature ?? 1;
  const powers = Array.from(logits.data, (logit) => Math.exp((logit - highest) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  console.log(JSON.stringify(Object.fromEntries(card.classes.map((entry, k) => [entry.name, powers[k] / sum]))));
}

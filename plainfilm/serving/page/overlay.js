// A class activation map over its film: the geometry and the colour of plainfilm/model/overlay.py, which a test compares.

export const OPACITY = 0.6; // of the map where it is strongest, in a report
export const COLOUR = [255, 120, 0]; // evidence for the class; what speaks against it is not coloured
const MAX_SIDE_PX = 512; // of the drawn map: its cells are far larger than a pixel of it

/** Whether anything in a map speaks for its class. */
export function hasEvidence(cells) {
  return cells.some((row) => row.some((cell) => cell > 0));
}

/**
 * The evidence at each pixel of a film of width x height, row by row: 0 none, 1 the strongest cell. Bilinear between
 * the middles of the cells. The map of a "letterbox" also covers the black beside the film.
 */
export function evidence(cells, width, height, fit) {
  const strongest = Math.max(1e-12, ...cells.flat());
  const covered = fit === "letterbox" ? [Math.max(width, height), Math.max(width, height)] : [width, height];
  const columns = places(width, covered[0], cells[0].length);
  const rows = places(height, covered[1], cells.length);
  const found = new Float32Array(width * height);
  const at = (row, column) => Math.max(cells[row][column], 0) / strongest;
  rows.forEach(([top, bottom, down], y) => {
    columns.forEach(([left, right, across], x) => {
      const above = at(top, left) * (1 - across) + at(top, right) * across;
      const below = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      found[y * width + x] = above * (1 - down) + below * down;
    });
  });
  return found;
}

/** For each of `shown` pixels amid `covered`: the two cells it lies between, and how far it is from the first. */
function places(shown, covered, count) {
  const skipped = Math.floor((covered - shown) / 2);
  return Array.from({ length: shown }, (_, pixel) => {
    const place = Math.min(Math.max(((pixel + skipped + 0.5) * count) / covered - 0.5, 0), count - 1);
    const first = Math.floor(place);
    return [first, Math.min(first + 1, count - 1), place - first];
  });
}

/** A canvas in COLOUR whose opacity is the evidence, in the proportions of a film of width x height. */
export function drawMap(cells, width, height, fit) {
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(Math.round(width * scale), 1);
  canvas.height = Math.max(Math.round(height * scale), 1);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  evidence(cells, canvas.width, canvas.height, fit).forEach((share, pixel) => {
    image.data.set([...COLOUR, Math.round(255 * share)], 4 * pixel);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

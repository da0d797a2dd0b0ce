// The film on a canvas: zoom, pan, window and level, invert, a class activation map over it.
//
// A film has 256 greys. Window and level choose which of them are spread from black to white, as a look-up table over
// the film's own pixels; the zoom is relative to the whole film being seen.

import { drawMap } from "./overlay.js";

const LARGEST_ZOOM = 32;
const OPACITY = 0.35; // of the map at first: the lungs are to be seen through it
const STEP = 1.25; // of the zoom, a key or a notch of the wheel
const PAN_PX = 40; // a key
const WINDOW_STEP = 8; // greys, a key
const FULL = { window: 256, level: 128 };

export class Viewer {
  constructor(place, canvas, onView) {
    Object.assign(this, { place, canvas, onView, mode: "pan", opacity: OPACITY, pointers: new Map() });
    this.context = canvas.getContext("2d");
    this.clear();
    new ResizeObserver(() => this.draw()).observe(place);
    this.listen();
  }

  clear() {
    Object.assign(this, { greys: null, film: null, map: null });
    this.reset();
    this.onView(null);
  }

  /** Show a film (an ImageBitmap), as it is. */
  show(bitmap) {
    const film = document.createElement("canvas");
    [film.width, film.height] = [bitmap.width, bitmap.height];
    const context = film.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, film.width, film.height);
    this.greys = new Uint8Array(film.width * film.height);
    for (let pixel = 0; pixel < this.greys.length; pixel += 1) this.greys[pixel] = data[4 * pixel];
    Object.assign(this, { film, map: null });
    this.reset();
  }

  /** Lay a class activation map over the film, or none (null). */
  showMap(cells, fit) {
    this.map = cells && this.film ? drawMap(cells, this.film.width, this.film.height, fit) : null;
    this.draw();
  }

  setOpacity(opacity) {
    this.opacity = opacity;
    this.draw();
  }

  setMode(mode) {
    this.mode = mode;
    this.draw();
  }

  /** The whole film, with its own greys. */
  reset() {
    Object.assign(this, { zoom: 1, x: 0, y: 0, isInverted: false, ...FULL });
    this.isStale = true;
    this.draw();
  }

  invert() {
    this.isInverted = !this.isInverted;
    this.isStale = true;
    this.draw();
  }

  /** Zoom by a factor about a point of the canvas (CSS pixels from its middle). */
  zoomBy(factor, x = 0, y = 0) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), LARGEST_ZOOM);
    const ratio = zoom / this.zoom;
    Object.assign(this, { zoom, x: x - (x - this.x) * ratio, y: y - (y - this.y) * ratio });
    this.draw();
  }

  panBy(x, y) {
    this.x += x;
    this.y += y;
    this.draw();
  }

  /** Widen the window and raise the level, by greys. */
  windowBy(wider, higher) {
    this.window = Math.min(Math.max(this.window + wider, 2), 512);
    this.level = Math.min(Math.max(this.level + higher, 0), 255);
    this.isStale = true;
    this.draw();
  }

  /** What a key does to the view; false where it does nothing. */
  press(key) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key in arrows) {
      const [x, y] = arrows[key];
      if (this.mode === "window") this.windowBy(x * WINDOW_STEP, -y * WINDOW_STEP);
      else this.panBy(-x * PAN_PX, -y * PAN_PX);
    } else if (key === "+" || key === "=") this.zoomBy(STEP);
    else if (key === "-") this.zoomBy(1 / STEP);
    else return false;
    return true;
  }

  /** Draw at the next frame. */
  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas, context, place } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [place.clientWidth, place.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    if (!this.film || !width || !height) return;
    if (this.isStale) this.apply();
    const scale = Math.min(width / this.film.width, height / this.film.height) * this.zoom;
    const size = [this.film.width * scale, this.film.height * scale];
    this.keepInside(width, height, size);
    canvas.style.touchAction = this.zoom === 1 && this.mode === "pan" ? "pan-y" : "none";
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingQuality = "high";
    const corner = [(width - size[0]) / 2 + this.x, (height - size[1]) / 2 + this.y];
    context.drawImage(this.film, ...corner, ...size);
    if (this.map) {
      context.globalAlpha = this.opacity;
      context.drawImage(this.map, ...corner, ...size);
      context.globalAlpha = 1;
    }
    this.onView({ zoom: scale * ratio, window: this.window, level: this.level, isInverted: this.isInverted });
  }

  keepInside(width, height, size) {
    const limit = (value, room) => Math.min(Math.max(value, -room), room);
    this.x = limit(this.x, Math.max(0, (size[0] - width) / 2));
    this.y = limit(this.y, Math.max(0, (size[1] - height) / 2));
  }

  /** Put the film's greys through window, level and inversion. */
  apply() {
    this.isStale = false;
    const table = new Uint32Array(256);
    for (let grey = 0; grey < 256; grey += 1) {
      const share = Math.min(Math.max((grey - this.level + this.window / 2) / this.window, 0), 1);
      const plain = this.window === FULL.window && this.level === FULL.level ? grey : Math.round(255 * share);
      const seen = this.isInverted ? 255 - plain : plain;
      table[grey] = 0xff000000 | (seen << 16) | (seen << 8) | seen;
    }
    const context = this.film.getContext("2d");
    const image = context.createImageData(this.film.width, this.film.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let pixel = 0; pixel < pixels.length; pixel += 1) pixels[pixel] = table[this.greys[pixel]];
    context.putImageData(image, 0, 0);
  }

  listen() {
    const { canvas, place } = this;
    const fromMiddle = (event) => {
      const box = place.getBoundingClientRect();
      return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    };
    const onWheel = (event) => {
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? STEP : 1 / STEP, ...fromMiddle(event));
    };
    place.addEventListener("wheel", onWheel, { passive: false });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, fromMiddle(event));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    canvas.addEventListener("pointermove", (event) => this.drag(event.pointerId, fromMiddle(event)));
  }

  drag(pointer, [x, y]) {
    const before = this.pointers.get(pointer);
    if (!before) return;
    const others = [...this.pointers].filter(([id]) => id !== pointer);
    if (others.length) {
      const [otherX, otherY] = others[0][1];
      const spread = (place) => Math.max(Math.hypot(place[0] - otherX, place[1] - otherY), 1);
      this.zoomBy(spread([x, y]) / spread(before), (x + otherX) / 2, (y + otherY) / 2);
    } else if (this.mode === "window") this.windowBy(x - before[0], before[1] - y);
    else this.panBy(x - before[0], y - before[1]);
    this.pointers.set(pointer, [x, y]);
  }
}

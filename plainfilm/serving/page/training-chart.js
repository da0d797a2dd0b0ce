// Charts of a training, drawn by hand as SVG: a raw line, a smoothed one, points of validation, over the steps.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 24, right: 20, bottom: 34, left: 46 };
const TICK_ROOM_PX = { x: 60, y: 44 };

/** Round values between two, about `count`, and the range of whole ticks around them. */
export function ticks(low, high, count) {
  const rough = (high - low || Math.abs(high) || 1) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
  const first = Math.floor(low / unit + 1e-9);
  const last = Math.ceil(high / unit - 1e-9);
  const values = Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * unit).toPrecision(12)));
  return { values, unit };
}

/** Exponential moving average over about `length` values, corrected at its beginning; passes over nulls. */
export function smoothed(values, length) {
  const keep = 1 - 1 / length;
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return sum / weight;
  });
}

/** The value that a share of the values lies below. */
export function quantile(values, share) {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other);
  return sorted.length ? sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] : null;
}

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const places = (unit) => Math.max(0, -Math.floor(Math.log10(unit) + 1e-9));

/**
 * Draw into an element.
 *
 * chart: {label (for those who do not see it), steps (of the x axis), perEpoch (steps; null: no epochs), stages ([{step,
 * text}]) and whether their texts stand at the bottom (isStageLow), epochsWord, stepsWord, low and high (of the values;
 * what lies beyond is cut off), write (a value and the ticks' unit, as text), raw and smooth ([[step, value], ...]),
 * points ([{step, value, text, isKept}])}
 */
export function draw(target, chart) {
  const { width, height } = target.getBoundingClientRect();
  if (width < 100 || height < 80) return;
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const scale = ticks(chart.low, chart.high, inner.height / TICK_ROOM_PX.y);
  const [low, high] = [Math.min(...scale.values), Math.max(...scale.values)];
  const x = (step) => MARGIN.left + (step / chart.steps) * inner.width;
  const y = (value) => MARGIN.top + (1 - (value - low) / (high - low)) * inner.height;
  const line = (points, name) => {
    const drawn = points.filter(([, value]) => value !== null);
    const path = drawn.map(([step, value], place) => `${place ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
    return path.length > 1 ? [shape("path", { class: name, d: path.join("") })] : [];
  };
  const marks = chart.points.map((point) =>
    shape(
      "circle",
      { class: point.isKept ? "validation kept" : "validation", cx: x(point.step), cy: y(point.value), r: 4 },
      shape("title", {}, point.text),
    ),
  );
  const clip = `${target.id}-clip`;
  const [left, top] = [MARGIN.left - 5, MARGIN.top - 5]; // a point on the border is seen whole
  const frame = shape("rect", { x: left, y: top, width: inner.width + 10, height: inner.height + 10 });
  target.replaceChildren(
    shape(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": chart.label },
      ...valueAxis(scale, chart, y, width),
      ...stepAxis(chart, x, inner, height),
      shape("clipPath", { id: clip }, frame),
      shape(
        "g",
        { "clip-path": `url(#${clip})` },
        ...line(chart.raw, "raw"),
        ...line(chart.smooth, "smooth"),
        ...line(chart.points.map(({ step, value }) => [step, value]), "joined"),
        ...(chart.points.length * 7 > inner.width ? [] : marks),
      ),
    ),
  );
}

function valueAxis(scale, chart, y, width) {
  return scale.values.flatMap((value) => [
    shape("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
    shape("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, chart.write(value, scale.unit)),
  ]);
}

/** Steps below, epochs above (a bar as long as the epoch), and where films grow. */
function stepAxis(chart, x, inner, height) {
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const room = Math.max(Math.floor(inner.width / TICK_ROOM_PX.x), 1);
  const upTo = (most) => ticks(0, most, room).values.filter((value) => Number.isInteger(value) && value <= most);
  const found = [
    shape("line", { class: "axis", x1: x(0), x2: x(chart.steps), y1: bottom, y2: bottom }),
    shape("text", { x: x(chart.steps), y: height - 2, "text-anchor": "end" }, chart.stepsWord),
    ...upTo(chart.steps).flatMap((step) => [
      shape("line", { class: "axis", x1: x(step), x2: x(step), y1: bottom, y2: bottom + 4 }),
      shape("text", { x: x(step), y: bottom + 17, "text-anchor": "middle" }, String(step)),
    ]),
  ];
  for (const { step, text } of chart.stages.slice(1)) {
    found.push(shape("line", { class: "stage", x1: x(step), x2: x(step), y1: top, y2: bottom }));
    found.push(shape("text", { x: x(step) + 5, y: chart.isStageLow ? bottom - 8 : top + 14 }, text));
  }
  if (chart.perEpoch && inner.height > 100) {
    const epochs = upTo(Math.round(chart.steps / chart.perEpoch) - 1);
    found.push(shape("text", { x: MARGIN.left - 8, y: top - 10, "text-anchor": "end" }, chart.epochsWord));
    for (const epoch of epochs) {
      const [begin, end] = [x(epoch * chart.perEpoch), x((epoch + 1) * chart.perEpoch)];
      found.push(shape("line", { class: "axis", x1: begin + 1, x2: end - 1, y1: top - 6, y2: top - 6 }));
      found.push(shape("text", { x: (begin + end) / 2, y: top - 10, "text-anchor": "middle" }, String(epoch)));
    }
  }
  return found;
}

/** A number of an axis: with as many decimals as its ticks need. */
export function plain(value, unit) {
  return value.toFixed(places(unit));
}

/** A share of an axis, as percent. */
export function percent(value, unit) {
  return `${(100 * value).toFixed(places(100 * unit))} %`;
}

/** A small number of an axis. */
export function small(value) {
  return value === 0 ? "0" : value.toExponential(0).replace("e-", "e−");
}
